// Batches of pixels or labels, as mixing reads them.
#pragma once

#include <cstddef>

#include "core/host_device.h"

namespace saliencymix {

// n images or label maps of one size, NHWC. T: uint8_t (pixels, labels), float (pixels, maps) or int32_t (labels).
template <class T>
struct NhwcBatch {
  const T* data;
  int count;
  int height;
  int width;
  int channels;

  // The number of values in so many pixels.
  SALIENCYMIX_HOST_DEVICE std::size_t lengthOf(int pixels) const {
    return static_cast<std::size_t>(pixels) * static_cast<std::size_t>(channels);
  }
  SALIENCYMIX_HOST_DEVICE std::size_t rowLength() const { return lengthOf(width); }
  SALIENCYMIX_HOST_DEVICE const T* row(int image, int y) const {
    return data + (static_cast<std::size_t>(image) * static_cast<std::size_t>(height) + static_cast<std::size_t>(y)) *
                      rowLength();
  }
  SALIENCYMIX_HOST_DEVICE const T* pixel(int image, int y, int x) const { return row(image, y) + lengthOf(x); }
  SALIENCYMIX_HOST_DEVICE T value(int image, int y, int x, int c) const { return pixel(image, y, x)[c]; }
};

}  // namespace saliencymix
