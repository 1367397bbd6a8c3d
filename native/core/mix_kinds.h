// What each kind of mixing does with a sample. This is the only place that defines it. Each struct has
//   kBox         where the box that it writes comes from; `nowhere` where it writes the whole image
//   kMovesBytes  whether every value of the result is a copy of one of the batch's, or `fill`: nothing is computed
//   kShowsPart   whether the box shows a part of the source in place of the target's
//   lambda(height, width, to)  weight of the target's label; called only for kinds that have a box
//   boxesFit(boxes)            whether the kind can use these boxes, which lie inside their images
//   value(batch, sample, y, x, c)              the mixed value at a pixel of the box, or of the image
//   row(batch, sample, y, left, right, out)    the same for pixels left .. right - 1 of row y, side by side in `out`
// Pixels outside of the box are the target's.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

#include "core/box.h"
#include "core/fill.h"
#include "core/host_device.h"
#include "core/plan.h"
#include "core/nhwc_batch.h"

namespace saliencymix {

enum class BoxFrom {
  nowhere,  // there is none
  anchors,  // placed around the sample's anchors, its size from lambda
  draw,     // drawn by the caller, and used unchanged
};

// The target as it is.
struct Keep {
  static constexpr BoxFrom kBox = BoxFrom::nowhere;
  static constexpr bool kMovesBytes = true;
  static constexpr bool kShowsPart = false;

  SALIENCYMIX_HOST_DEVICE static double lambda(int, int, const Box&) { return 1.0; }
  static bool boxesFit(const BoxPair&) { return true; }

  template <class T>
  SALIENCYMIX_HOST_DEVICE static T value(const NhwcBatch<T>& batch, const MixSample& sample, int y, int x, int c) {
    return batch.value(sample.target, y, x, c);
  }
  template <class T>
  static void row(const NhwcBatch<T>& batch, const MixSample& sample, int y, int left, int right, T* out) {
    std::memcpy(out, batch.pixel(sample.target, y, left), batch.lengthOf(right - left) * sizeof(T));
  }
};

// Box `from` of the source over box `to` of the target, which is of the same size.
struct Paste {
  static constexpr BoxFrom kBox = BoxFrom::anchors;
  static constexpr bool kMovesBytes = true;
  static constexpr bool kShowsPart = true;

  SALIENCYMIX_HOST_DEVICE static double lambda(int height, int width, const Box& to) {
    return survivingShare(height, width, to);
  }
  static bool boxesFit(const BoxPair& boxes) {
    return boxes.from.height() == boxes.to.height() && boxes.from.width() == boxes.to.width();
  }

  // The source's pixel that is shown at row y, column x.
  template <class T>
  SALIENCYMIX_HOST_DEVICE static const T* shown(const NhwcBatch<T>& batch, const MixSample& sample, int y, int x) {
    const auto& [from, to] = sample.boxes;
    return batch.pixel(sample.source, y - to.top + from.top, x - to.left + from.left);
  }
  template <class T>
  SALIENCYMIX_HOST_DEVICE static T value(const NhwcBatch<T>& batch, const MixSample& sample, int y, int x, int c) {
    return shown(batch, sample, y, x)[c];
  }
  template <class T>
  static void row(const NhwcBatch<T>& batch, const MixSample& sample, int y, int left, int right, T* out) {
    std::memcpy(out, shown(batch, sample, y, left), batch.lengthOf(right - left) * sizeof(T));
  }
};

// lambda * target + (1 - lambda) * source, every pixel. Label maps cannot be blended: there the target's values are kept.
struct Blend {
  static constexpr BoxFrom kBox = BoxFrom::nowhere;
  static constexpr bool kMovesBytes = false;
  static constexpr bool kShowsPart = false;

  SALIENCYMIX_HOST_DEVICE static double lambda(int, int, const Box&) { return 1.0; }
  static bool boxesFit(const BoxPair&) { return true; }

  // floor(lambda * t + (1 - lambda) * s + 1/2), in float64 and in this order; lambda in [0, 1], t and s in 0 .. 255.
  SALIENCYMIX_HOST_DEVICE static std::uint8_t blendPixel(double lambda, std::uint8_t target, std::uint8_t source) {
    const double ofTarget = lambda * target;
    const double ofSource = (1.0 - lambda) * source;
    return static_cast<std::uint8_t>(std::floor(ofTarget + ofSource + 0.5));
  }
  // Of pixels in float, which are not rounded to bytes.
  SALIENCYMIX_HOST_DEVICE static float blendPixel(double lambda, float target, float source) {
    return static_cast<float>(lambda * static_cast<double>(target) + (1.0 - lambda) * static_cast<double>(source));
  }
  template <class T>
  SALIENCYMIX_HOST_DEVICE static T value(const NhwcBatch<T>& batch, const MixSample& sample, int y, int x, int c) {
    const T target = batch.value(sample.target, y, x, c);
    if constexpr (std::is_same_v<T, std::int32_t>) return target;
    else return blendPixel(sample.lambda, target, batch.value(sample.source, y, x, c));
  }
  template <class T>
  static void row(const NhwcBatch<T>& batch, const MixSample& sample, int y, int left, int right, T* out) {
    const T* const target = batch.pixel(sample.target, y, left);
    if constexpr (std::is_same_v<T, std::int32_t>) {
      std::memcpy(out, target, batch.lengthOf(right - left) * sizeof(T));
    } else {
      const T* const source = batch.pixel(sample.source, y, left);
      for (std::size_t i = 0; i < batch.lengthOf(right - left); i++) out[i] = blendPixel(sample.lambda, target[i], source[i]);
    }
  }
};

// `fill` (fill.h) over box `to` of the target.
struct Erase {
  static constexpr BoxFrom kBox = BoxFrom::anchors;
  static constexpr bool kMovesBytes = true;
  static constexpr bool kShowsPart = false;

  // No pixels of another class come in, so the label stays the target's.
  SALIENCYMIX_HOST_DEVICE static double lambda(int, int, const Box&) { return 1.0; }
  static bool boxesFit(const BoxPair&) { return true; }

  template <class T>
  SALIENCYMIX_HOST_DEVICE static T value(const NhwcBatch<T>&, const MixSample& sample, int, int, int c) {
    return fillValue<T>(sample.fill, c);
  }
  template <class T>
  static void row(const NhwcBatch<T>& batch, const MixSample& sample, int, int left, int right, T* out) {
    for (int x = left; x < right; x++) {
      for (int c = 0; c < batch.channels; c++) *out++ = fillValue<T>(sample.fill, c);
    }
  }
};

// The same where the box was drawn: a square of a length that does not depend on lambda.
struct Cut : Erase {
  static constexpr BoxFrom kBox = BoxFrom::draw;
};

// Box `from` of the source, brought to the size of box `to` of the target and put over it. Nearest: row i of the h rows of
// `to` shows row floor(i * H / h) of the H rows of `from`, columns alike.
struct Resize {
  static constexpr BoxFrom kBox = BoxFrom::draw;
  static constexpr bool kMovesBytes = true;
  static constexpr bool kShowsPart = true;

  SALIENCYMIX_HOST_DEVICE static double lambda(int height, int width, const Box& to) {
    return survivingShare(height, width, to);
  }
  static bool boxesFit(const BoxPair& boxes) { return boxes.to.empty() || !boxes.from.empty(); }

  // floor(i * length / shown), for i < shown. The float64 quotient is off by at most one, and only for products of 2^53 or
  // more; that is corrected. A division of 64-bit integers would be a function call on a GPU, the only one in its kernel.
  SALIENCYMIX_HOST_DEVICE static int nearest(int i, int length, int shown) {
    const std::int64_t product = static_cast<std::int64_t>(i) * length;
    const auto quotient = static_cast<int>(static_cast<double>(product) / shown);
    const std::int64_t rest = product - static_cast<std::int64_t>(quotient) * shown;
    return quotient + (rest >= shown ? 1 : 0) - (rest < 0 ? 1 : 0);
  }
  template <class T>
  SALIENCYMIX_HOST_DEVICE static T value(const NhwcBatch<T>& batch, const MixSample& sample, int y, int x, int c) {
    const Box& from = sample.boxes.from;
    const Box& to = sample.boxes.to;
    return batch.value(sample.source, from.top + nearest(y - to.top, from.height(), to.height()),
                       from.left + nearest(x - to.left, from.width(), to.width()), c);
  }
  // Inlined everywhere, as the levels of vector code call it: of a copy in each the linker would keep one for all.
  template <class T>
  [[gnu::always_inline]] static void row(const NhwcBatch<T>& batch, const MixSample& sample, int y, int left, int right,
                                         T* out) {
    const Box& from = sample.boxes.from;
    const Box& to = sample.boxes.to;
    const T* const source = batch.row(sample.source, from.top + nearest(y - to.top, from.height(), to.height()));
    for (int x = left; x < right; x++) {
      const T* const pixel = source + batch.lengthOf(from.left + nearest(x - to.left, from.width(), to.width()));
      for (int c = 0; c < batch.channels; c++) *out++ = pixel[c];
    }
  }
};

// Calls use(Kind{}), where Kind is the struct of this kind.
template <class Use>
SALIENCYMIX_HOST_DEVICE auto visitKind(MixKind kind, const Use& use) {
#define MIX_KIND(Type, name) \
  if (kind == MixKind::name) return use(Type{});
#include "core/mix_kinds.def"
#undef MIX_KIND
  return use(Keep{});
}

SALIENCYMIX_HOST_DEVICE inline BoxFrom boxFrom(MixKind kind) {
  return visitKind(kind, [](auto one) { return decltype(one)::kBox; });
}
SALIENCYMIX_HOST_DEVICE inline bool hasBox(MixKind kind) { return boxFrom(kind) != BoxFrom::nowhere; }
SALIENCYMIX_HOST_DEVICE inline bool movesBytes(MixKind kind) {
  return visitKind(kind, [](auto one) { return decltype(one)::kMovesBytes; });
}

}  // namespace saliencymix
