// Mixing, row by row: the target's row, with the patch, the blend or the erased part in it.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <algorithm>
#include <type_traits>

#include "core/host_device.h"
#include "core/plan.h"

namespace saliencymix {

// floor(lambda * t + (1 - lambda) * s + 1/2), in float64 and in this order; lambda in [0, 1], t and s in 0 .. 255.
SALIENCYMIX_HOST_DEVICE inline std::uint8_t blendPixel(double lambda, std::uint8_t target, std::uint8_t source) {
  const double ofTarget = lambda * target;
  const double ofSource = (1.0 - lambda) * source;
  return static_cast<std::uint8_t>(std::floor(ofTarget + ofSource + 0.5));
}

// n images or label maps of one size, NHWC. T: uint8_t (pixels, labels) or int32_t (labels).
template <class T>
struct Planes {
  const T* data;
  int count;
  int height;
  int width;
  int channels;

  SALIENCYMIX_HOST_DEVICE std::size_t rowLength() const { return static_cast<std::size_t>(width) * static_cast<std::size_t>(channels); }
  SALIENCYMIX_HOST_DEVICE const T* row(int image, int y) const {
    return data + (static_cast<std::size_t>(image) * static_cast<std::size_t>(height) + static_cast<std::size_t>(y)) *
                      rowLength();
  }
};

// One value of a mixed image, by itself: what mixRow gives at column x and channel c of row y.
template <class T>
SALIENCYMIX_HOST_DEVICE T mixedValue(const Planes<T>& batch, const MixSample& sample, int y, int x, int c) {
  const std::size_t channels = static_cast<std::size_t>(batch.channels);
  const auto valueOf = [&](int image, int row, int col) {
    return batch.row(image, row)[static_cast<std::size_t>(col) * channels + static_cast<std::size_t>(c)];
  };
  if (sample.kind == MixKind::blend) {
    if constexpr (std::is_same_v<T, std::uint8_t>) {
      return blendPixel(sample.lambda, valueOf(sample.target, y, x), valueOf(sample.source, y, x));
    }
  }
  const Box& to = sample.boxes.to;
  const bool inside = hasBox(sample) && y >= to.top && y < to.bottom && x >= to.left && x < to.right;
  if (!inside) return valueOf(sample.target, y, x);
  if (sample.kind == MixKind::erase) return static_cast<T>(sample.fill);
  return valueOf(sample.source, y - to.top + sample.boxes.from.top, x - to.left + sample.boxes.from.left);
}

// Writes row y of a mixed image: width * channels values. Labels cannot be blended; `blend` needs T = uint8_t.
template <class T>
void mixRow(const Planes<T>& batch, const MixSample& sample, int y, T* row) {
  const std::size_t length = batch.rowLength();
  const T* target = batch.row(sample.target, y);
  std::memcpy(row, target, length * sizeof(T));
  const std::size_t channels = static_cast<std::size_t>(batch.channels);

  if (sample.kind == MixKind::blend) {
    if constexpr (std::is_same_v<T, std::uint8_t>) {
      const T* source = batch.row(sample.source, y);
      for (std::size_t i = 0; i < length; i++) row[i] = blendPixel(sample.lambda, target[i], source[i]);
    }
    return;
  }

  const Box& to = sample.boxes.to;
  if (sample.kind == MixKind::keep || to.empty() || y < to.top || y >= to.bottom) return;
  T* patch = row + static_cast<std::size_t>(to.left) * channels;
  const std::size_t patchLength = static_cast<std::size_t>(to.width()) * channels;
  if (sample.kind == MixKind::erase) {
    std::fill_n(patch, patchLength, static_cast<T>(sample.fill));
    return;
  }
  const Box& from = sample.boxes.from;
  const T* source = batch.row(sample.source, y - to.top + from.top) + static_cast<std::size_t>(from.left) * channels;
  std::memcpy(patch, source, patchLength * sizeof(T));
}

}  // namespace saliencymix
