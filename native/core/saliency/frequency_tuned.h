// Frequency tuned saliency: distance of the slightly blurred colour from the image's mean colour in CIELab. R. Achanta,
// S. Hemami, F. Estrada, S. Susstrunk, "Frequency-tuned salient region detection", CVPR 2009, eq. 4.
//
//   map = | Lab blurred by [1 4 6 4 1]/16 x [1 4 6 4 1]/16 (reflect-101)  -  mean of the unblurred Lab |_2
// map values: Lab units, from 0 to about 200, not normalised. Everything in float64. A gray image is R = G = B.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#include "core/image.h"

namespace saliencymix {

struct FrequencyTuned {
  using Lab = std::array<double, 3>;

  // map: height x width.
  static void compute(const ImageView& image, float* map) {
    const std::vector<Lab> lab = toLab(image);
    Lab mean{0.0, 0.0, 0.0};
    for (const Lab& pixel : lab) {
      for (std::size_t k = 0; k < 3; k++) mean[k] += pixel[k];
    }
    for (double& component : mean) component /= static_cast<double>(lab.size());
    const std::vector<Lab> blurred = blur14641(lab, image.height, image.width);
    for (std::size_t i = 0; i < blurred.size(); i++) map[i] = static_cast<float>(distance(blurred[i], mean));
  }

  static double distance(const Lab& a, const Lab& b) {
    const double l = a[0] - b[0];
    const double m = a[1] - b[1];
    const double n = a[2] - b[2];
    return std::sqrt(l * l + m * m + n * n);
  }

  static std::vector<Lab> toLab(const ImageView& image) {
    const std::array<double, 256> linear = linearOfSrgb();
    std::vector<Lab> lab(image.pixels());
    for (std::size_t i = 0; i < lab.size(); i++) {
      const std::uint8_t* pixel = image.data + i * static_cast<std::size_t>(image.channels);
      const int green = image.channels == 3 ? 1 : 0;
      lab[i] = labOfLinear(linear[pixel[0]], linear[pixel[green]], linear[pixel[2 * green]]);
    }
    return lab;
  }

  // IEC 61966-2-1.
  static std::array<double, 256> linearOfSrgb() {
    std::array<double, 256> table;
    for (int v = 0; v < 256; v++) {
      const double s = v / 255.0;
      table[static_cast<std::size_t>(v)] = s <= 0.04045 ? s / 12.92 : std::pow((s + 0.055) / 1.055, 2.4);
    }
    return table;
  }

  // Linear RGB -> XYZ (sRGB primaries, D65, seven digits) -> CIELab with the CIE's exact constants.
  static Lab labOfLinear(double r, double g, double b) {
    const double x = curve((0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047);
    const double y = curve(0.2126729 * r + 0.7151522 * g + 0.0721750 * b);
    const double z = curve((0.0193339 * r + 0.1191920 * g + 0.9503041 * b) / 1.08883);
    return {116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)};
  }

  static double curve(double t) {
    constexpr double kEpsilon = 216.0 / 24389.0;
    constexpr double kKappa = 24389.0 / 27.0;
    return t > kEpsilon ? std::cbrt(t) : (kKappa * t + 16.0) / 116.0;
  }

  static std::vector<Lab> blur14641(const std::vector<Lab>& source, int height, int width) {
    constexpr std::array<double, 5> kWeights = {1.0 / 16, 4.0 / 16, 6.0 / 16, 4.0 / 16, 1.0 / 16};
    const auto at = [&](int row, int col) {
      return static_cast<std::size_t>(row) * static_cast<std::size_t>(width) + static_cast<std::size_t>(col);
    };
    std::vector<Lab> across(source.size(), Lab{0.0, 0.0, 0.0});
    std::vector<Lab> result(source.size(), Lab{0.0, 0.0, 0.0});
    for (int row = 0; row < height; row++) {
      for (int col = 0; col < width; col++) {
        for (int k = -2; k <= 2; k++) {
          accumulate(across[at(row, col)], kWeights[static_cast<std::size_t>(k + 2)],
                     source[at(row, reflect101(col + k, width))]);
        }
      }
    }
    for (int row = 0; row < height; row++) {
      for (int col = 0; col < width; col++) {
        for (int k = -2; k <= 2; k++) {
          accumulate(result[at(row, col)], kWeights[static_cast<std::size_t>(k + 2)],
                     across[at(reflect101(row + k, height), col)]);
        }
      }
    }
    return result;
  }

  static void accumulate(Lab& sum, double weight, const Lab& value) {
    for (std::size_t k = 0; k < 3; k++) sum[k] += weight * value[k];
  }
};

}  // namespace saliencymix
