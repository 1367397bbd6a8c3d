// Spectral residual: what an image's log amplitude spectrum has beyond its own local average. X. Hou, L. Zhang,
// "Saliency detection: a spectral residual approach", CVPR 2007, in the form of OpenCV 4.6's
// StaticSaliencySpectralResidual, with the exact phase z / |z| where OpenCV takes an approximate arctangent.
//
//   g = gray at 64 x 64;  z = DFT(g);  L = log(|z| + 1);  R = exp(L - mean3x3(L))
//   s = |inverse DFT(R z / |z|)|;  map = (gauss5x5(s, sigma 8))^2 / its maximum, resized to height x width
// map values: in [0, 1]. Borders of the means are reflect-101.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "core/dft.h"
#include "core/gray.h"
#include "core/host_device.h"
#include "core/image.h"
#include "core/resize.h"

namespace saliencymix {

struct SpectralResidual {
  // Amplitudes below this count as 0: they are rounding errors, as the spectrum of whole numbers has none that are so small.
  static constexpr double kVanishing = 1e-6;

  using Square = std::array<double, kDftArea>;  // row-major

  // map: height x width.
  static void compute(const ImageView& image, float* map) {
    std::vector<std::uint8_t> gray(image.pixels());
    std::array<std::uint8_t, kDftArea> small;
    toGray(image, gray.data());
    resizeExact(gray.data(), image.height, image.width, small.data(), kDftSize, kDftSize);

    ComplexSquare z;
    std::copy(small.begin(), small.end(), z.begin());
    dft64(z, Transform::forward);
    keepResidual(z);
    dft64(z, Transform::inverse);

    Square magnitude;
    std::transform(z.begin(), z.end(), magnitude.begin(), [](const Complex& v) { return amplitude(v.real(), v.imag()); });
    const std::array<float, magnitude.size()> normalised = squareOverMax(filter(magnitude, gaussian5()));
    resizeBilinear(normalised.data(), kDftSize, kDftSize, map, image.height, image.width);
  }

  // z -> exp(L - mean(L)) z / |z|.
  static void keepResidual(ComplexSquare& z) {
    Square logAmplitude;
    for (std::size_t i = 0; i < z.size(); i++) logAmplitude[i] = logOf(amplitude(z[i].real(), z[i].imag()));
    const Square average = filter(logAmplitude, std::array<double, 3>{1.0 / 3, 1.0 / 3, 1.0 / 3});
    for (std::size_t i = 0; i < z.size(); i++) {
      auto& parts = reinterpret_cast<double(&)[2]>(z[i]);
      residual(parts[0], parts[1], logAmplitude[i], average[i]);
    }
  }

  SALIENCYMIX_HOST_DEVICE static double amplitude(double real, double imaginary) { return std::hypot(real, imaginary); }
  SALIENCYMIX_HOST_DEVICE static double logOf(double amplitude) { return std::log(amplitude + 1.0); }

  // One number of the spectrum: its phase is kept, its amplitude becomes what it has beyond the average.
  SALIENCYMIX_HOST_DEVICE static void residual(double& real, double& imaginary, double logAmplitude, double average) {
    const double before = amplitude(real, imaginary);
    const double after = std::exp(logAmplitude - average);
    const bool vanishes = before < kVanishing;
    real = after * (vanishes ? 1.0 : real / before);
    imaginary = after * (vanishes ? 0.0 : imaginary / before);
  }

  static std::array<double, 5> gaussian5() {
    std::array<double, 5> weights;
    double sum = 0.0;
    for (int k = 0; k < 5; k++) sum += weights[static_cast<std::size_t>(k)] = std::exp(-(k - 2) * (k - 2) / (2.0 * 8 * 8));
    for (double& weight : weights) weight /= sum;
    return weights;
  }

  // Separable, odd number of weights, reflect-101.
  template <std::size_t N>
  static Square filter(const Square& source, const std::array<double, N>& weights) {
    const auto at = [](int row, int col) { return static_cast<std::size_t>(row * kDftSize + col); };
    const int reach = static_cast<int>(N / 2);
    Square across;
    Square result;
    for (int row = 0; row < kDftSize; row++) {
      for (int col = 0; col < kDftSize; col++) {
        double sum = 0.0;
        for (int k = -reach; k <= reach; k++) {
          sum += weights[static_cast<std::size_t>(k + reach)] * source[at(row, reflect101(col + k, kDftSize))];
        }
        across[at(row, col)] = sum;
      }
    }
    for (int row = 0; row < kDftSize; row++) {
      for (int col = 0; col < kDftSize; col++) {
        double sum = 0.0;
        for (int k = -reach; k <= reach; k++) {
          sum += weights[static_cast<std::size_t>(k + reach)] * across[at(reflect101(row + k, kDftSize), col)];
        }
        result[at(row, col)] = sum;
      }
    }
    return result;
  }

  static std::array<float, kDftArea> squareOverMax(const Square& source) {
    const double maximum = *std::max_element(source.begin(), source.end());
    std::array<float, kDftArea> result;
    for (std::size_t i = 0; i < source.size(); i++) result[i] = squareOverMax(source[i], maximum);
    return result;
  }

  SALIENCYMIX_HOST_DEVICE static float squareOverMax(double value, double maximum) {
    const double share = maximum > 0.0 ? value / maximum : 0.0;
    return static_cast<float>(share * share);
  }
};

}  // namespace saliencymix
