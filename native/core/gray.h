// RGB to gray as OpenCV's fixed-point cvtColor: 15-bit weights of ITU-R BT.601, rounded.
#pragma once

#include <cstdint>
#include <cstring>

#include "core/host_device.h"
#include "core/image.h"

namespace saliencymix {

SALIENCYMIX_HOST_DEVICE inline std::uint8_t grayOf(int red, int green, int blue) {
  return static_cast<std::uint8_t>((9798 * red + 19235 * green + 3735 * blue + 16384) >> 15);
}

// gray: height x width. A one-channel image is taken as it is.
inline void toGray(const ImageView& image, std::uint8_t* gray) {
  const std::size_t size = image.pixels();
  if (image.channels == 1) {
    std::memcpy(gray, image.data, size);
    return;
  }
  for (std::size_t i = 0; i < size; i++) {
    const std::uint8_t* pixel = image.data + 3 * i;
    gray[i] = grayOf(pixel[0], pixel[1], pixel[2]);
  }
}

}  // namespace saliencymix
