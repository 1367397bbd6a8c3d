// What a learned saliency model needs around it: the image resized and normalised on the way in, the map resized on the
// way out. X. Qin et al., "BASNet", CVPR 2019, works at 224 x 224; any other square size will do.
#pragma once

#include <vector>

#include "core/convert.h"
#include "core/image.h"
#include "core/resize.h"

namespace saliencymix {

// input: 3 x size x size, planes R, G, B (a gray image three times), (v - offset) * scale after a bilinear resize of the
// float values.
inline void toModelInput(const ImageView& image, int size, const OutputFormat& format, float* input) {
  const std::size_t pixels = image.pixels();
  const std::size_t area = static_cast<std::size_t>(size) * static_cast<std::size_t>(size);
  std::vector<float> plane(pixels);
  for (std::size_t c = 0; c < 3; c++) {
    const std::size_t channel = image.channels == 3 ? c : 0;
    for (std::size_t i = 0; i < pixels; i++) {
      plane[i] = normalise(image.data[i * static_cast<std::size_t>(image.channels) + channel], format.offset[c],
                           format.scale[c]);
    }
    resizeBilinear(plane.data(), image.height, image.width, input + c * area, size, size);
  }
}

}  // namespace saliencymix
