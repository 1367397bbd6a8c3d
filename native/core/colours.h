// Random changes of an image's colours: brightness, contrast and saturation, then a shift along the principal components of the
// colours of ImageNet ("lighting", Krizhevsky et al., ImageNet classification, NIPS 2012). As the ImageNet code of CutMix and of
// SaliencyMix, in float and without clamping. Each of the three moves the colours v of [0, 1] towards others,
//   v + share * (other - v):
// brightness towards black, contrast towards the mean of the image's grey as it is then, saturation towards each pixel's grey;
// grey is .299 red + .587 green + .114 blue. That code draws their order. As nothing is clamped the order changes nothing: saturation
// leaves the grey as it is, brightness scales it with all else, and contrast moves it towards its own mean. So all of it is one
// affine map of a pixel's colours, for which only the image's mean colour is needed.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/image.h"

namespace saliencymix {

// What was drawn for an image: doubles, side by side as the caller has them.
struct ColourDraw {
  double brightness;  // the shares
  double contrast;
  double saturation;
  double light[3];  // added to red, green and blue of [0, 1]
};
inline constexpr std::size_t kColourNumbers = 6;
static_assert(sizeof(ColourDraw) == kColourNumbers * sizeof(double));

// The changed value of channel c of a pixel, in the unit of bytes: ((factor[c][0] r + factor[c][1] g) + factor[c][2] b) + offset[c].
struct ColourMap {
  float factor[3][3];
  float offset[3];

  float value(const std::uint8_t* rgb, int c) const {
    const float* const f = factor[c];
    return f[0] * static_cast<float>(rgb[0]) + f[1] * static_cast<float>(rgb[1]) + f[2] * static_cast<float>(rgb[2]) + offset[c];
  }
};

struct MeanColour {
  double rgb[3];
};

// Of an RGB image of bytes.
inline MeanColour meanColour(const ImageView& image) {
  std::uint64_t sums[3] = {};
  for (std::size_t i = 0; i < image.bytes(); i += 3) {
    for (std::size_t c = 0; c < 3; c++) sums[c] += image.data[i + c];
  }
  MeanColour mean{};
  for (int c = 0; c < 3; c++) mean.rgb[c] = static_cast<double>(sums[c]) / static_cast<double>(image.pixels());
  return mean;
}

// Without a change the map's values are the bytes, exactly.
inline ColourMap colourMap(const ColourDraw& draw, const MeanColour& mean) {
  constexpr double kGrey[3] = {0.299, 0.587, 0.114};
  const double bright = 1.0 - draw.brightness;
  const double scale = bright * (1.0 - draw.contrast);
  double grey = 0.0;
  for (int k = 0; k < 3; k++) grey += kGrey[k] * mean.rgb[k];
  ColourMap map{};
  for (int c = 0; c < 3; c++) {
    for (int k = 0; k < 3; k++) {
      const double own = c == k ? 1.0 - draw.saturation : 0.0;
      map.factor[c][k] = static_cast<float>(scale * (own + draw.saturation * kGrey[k]));
    }
    map.offset[c] = static_cast<float>(bright * draw.contrast * grey + 255.0 * draw.light[c]);
  }
  return map;
}

// An image's changed colours, HWC.
inline void colourImage(const ImageView& image, const ColourMap& map, float* out) {
  for (std::size_t i = 0; i < image.bytes(); i += 3) {
    for (int c = 0; c < 3; c++) *out++ = map.value(image.data + i, c);
  }
}

}  // namespace saliencymix
