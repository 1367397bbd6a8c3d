// Windows of images as the columns of a matrix (operators.h, unfold). A thread takes one window, or four beside one another, and
// goes through the elements of the kernel: what it reads comes from memory once and then from the caches, what it writes lies
// beside what the other threads of its warp write.
//
// Bytes that must move: 4 per element are read, and 4·h·w per window and channel are written.
#pragma once

#include <cstddef>
#include <cstdint>

#include "cuda/train/planes.h"

namespace saliencymix::cuda {

// `width`: windows of a thread, which must divide those of a line.
template <int width>
struct UnfoldWindows {
  static constexpr int kThreads = tuning::kWindowThreads;

  UnfoldWindows(const UnfoldShape& s, const float* from, float* to)
      : x(from), y(to), shape(s), ofLine(static_cast<std::uint32_t>(s.outWidth() / width)),
        ofImage(static_cast<std::uint32_t>(s.outHeight() * s.outWidth() / width)),
        ofChannel(ofImage.value * static_cast<std::uint32_t>(s.count)),
        parts(static_cast<std::uint32_t>(partsOf(static_cast<int>(ofChannel), kThreads))) {}

  const float* x;
  float* y;
  UnfoldShape shape;
  Divisor ofLine;  // vectors of windows
  Divisor ofImage;
  std::uint32_t ofChannel;
  Divisor parts;  // of a channel, one for each block

  std::size_t sharedBytes() const { return 0; }
  int blocks() const { return static_cast<int>(parts.value) * shape.channels; }

  template <class Block>
  SALIENCYMIX_HOST_DEVICE void operator()(const Block& block) const {
    const std::uint32_t number = static_cast<std::uint32_t>(block.index());
    const std::uint32_t channel = parts.of(number);
    const std::uint32_t begin = (number - channel * parts.value) * kThreads;
    block.each(kThreads, [&](int thread) {
      const std::uint32_t vector = begin + static_cast<std::uint32_t>(thread);
      if (vector < ofChannel) unfold(channel, vector);
    });
  }

 private:
  SALIENCYMIX_HOST_DEVICE void unfold(std::uint32_t channel, std::uint32_t vector) const {
    const std::uint32_t image = ofImage.of(vector);
    const std::uint32_t pixel = vector - image * ofImage.value;
    const std::uint32_t line = ofLine.of(pixel);
    const int top = static_cast<int>(line) * shape.stride - shape.padding;
    const int left = static_cast<int>((pixel - line * ofLine.value) * width) * shape.stride - shape.padding;
    const std::size_t plane = (static_cast<std::size_t>(shape.first) + image) * static_cast<std::size_t>(shape.channels) + channel;
    const float* const from = x + plane * static_cast<std::size_t>(shape.height) * static_cast<std::size_t>(shape.width);
    const std::size_t row = static_cast<std::size_t>(ofChannel) * width;
    float* to = y + static_cast<std::size_t>(channel) * static_cast<std::size_t>(shape.kernelHeight * shape.kernelWidth) * row +
                static_cast<std::size_t>(vector) * width;
    for (int i = 0; i < shape.kernelHeight; i++) {
      for (int j = 0; j < shape.kernelWidth; j++) {
        put<width>(to, valuesAt(from, top + i, left + j));
        to += row;
      }
    }
  }

  // Of the thread's windows, from a place on that may lie outside of the image.
  SALIENCYMIX_HOST_DEVICE Floats<width> valuesAt(const float* from, int line, int column) const {
    Floats<width> values;
    const bool there = line >= 0 && line < shape.height;
    SALIENCYMIX_UNROLL
    for (int i = 0; i < width; i++) {
      const int at = column + i * shape.stride;
      values.of[i] = there && at >= 0 && at < shape.width ? from[line * shape.width + at] : 0.0f;
    }
    return values;
  }
};

}  // namespace saliencymix::cuda
