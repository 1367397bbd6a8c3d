// Views of images in memory that somebody else owns: they neither free nor copy it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/host_device.h"

namespace saliencymix {

// One image, uint8, row-major HWC with channels interleaved: R, G, B, or one gray channel.
struct ImageView {
  const std::uint8_t* data;
  int height;
  int width;
  int channels;  // 1 or 3

  SALIENCYMIX_HOST_DEVICE std::size_t pixels() const { return static_cast<std::size_t>(height) * static_cast<std::size_t>(width); }
  SALIENCYMIX_HOST_DEVICE std::size_t bytes() const { return pixels() * static_cast<std::size_t>(channels); }
};

// n images of one size, NHWC.
struct BatchView {
  const std::uint8_t* data;
  int count;
  int height;
  int width;
  int channels;

  ImageView image(int index) const {
    const ImageView first{data, height, width, channels};
    return {data + static_cast<std::size_t>(index) * first.bytes(), height, width, channels};
  }
};

// A pixel: row 0 is the top, column 0 the left.
struct Point {
  int row;
  int col;
};

inline bool operator==(Point a, Point b) { return a.row == b.row && a.col == b.col; }

// Index of a position mirrored at the borders without repeating them (reflect-101): -1 -> 1, n -> n - 2. An axis of
// length 1 has only index 0.
SALIENCYMIX_HOST_DEVICE inline int reflect101(int index, int length) {
  if (length == 1) return 0;
  while (index < 0 || index >= length) index = index < 0 ? -index : 2 * (length - 1) - index;
  return index;
}

}  // namespace saliencymix
