// GuidedMixup's own saliency map, a spectral residual. M. Kang, S. Kim, "GuidedMixup: an efficient mixup strategy guided by
// saliency maps", AAAI 2023, in the form of the authors' released code.
//
//   g = gray; at 128 x 128 if a side is longer;  F = DFT(g);  L = log sqrt(|F|^2 + 1e-10);  M = mean3x3(L), border repeated
//   s = |inverse DFT(exp(L - M) F / exp(L))| = |inverse DFT(exp(-M) F)|
//   b = gauss7x7(s, sigma 3), back at height x width if g was resized;  map = gauss7x7(b, sigma 3) / its sum
// The borders of the Gaussians are reflect-101. F / exp(L) is the phase, but of amplitudes far below 1e-5, which become 0.
//
// Gray and its resize are bytes, 0 .. 255, as in spectral_residual.h. Only beside the 1e-10 does that scale matter. The
// authors' code has floats of normalised pixels instead, another brightness of the whole image, which changes maps little.
// It takes an image for large by its height alone, and cannot blur sides of less than 4; here they are mirrored repeatedly.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/gray.h"
#include "core/guided/dft.h"
#include "core/guided/filter.h"
#include "core/guided/lanes.h"
#include "core/image.h"
#include "core/resize.h"

namespace saliencymix::guided {

// Makes maps one after the other, in memory that is kept. For one thread; the map depends on the image alone.
class MapMaker {
 public:
  // Images with a longer side are brought to kLargest x kLargest.
  static constexpr int kLargest = 128;
  static constexpr double kEpsilon = 1e-10;
  // Amplitudes below this count as 0: they are rounding errors, as the spectrum of whole numbers has none that are so small.
  static constexpr double kVanishing = 1e-6;
  // So do values of s below this share of the largest one: a black image with one white pixel has nothing else in s.
  static constexpr double kVanishingShare = 1e-12;

  // map: height x width, not negative, of sum 1. Uniform for an image of one colour.
  void compute(const ImageView& image, float* map) {
    gray_.resize(image.pixels());
    values_.resize(image.pixels());
    toGray(image, gray_.data());
    if (std::max(image.height, image.width) > kLargest) {
      small_.resize(static_cast<std::size_t>(kLargest) * kLargest);
      resizeExact(gray_.data(), image.height, image.width, small_.data(), kLargest, kLargest);
      residual(small_.data(), kLargest, kLargest);
      blur_.apply(residual_.data(), kLargest, kLargest, residual_.data());
      resizeBack(image.height, image.width);
    } else {
      residual(gray_.data(), image.height, image.width);
      blur_.apply(residual_.data(), image.height, image.width, values_.data());
    }
    finish(image.height, image.width, map);
  }

  // The same of another map, such as a network's gradient (GuidedMixup-AP), in place of b. What is negative counts as 0.
  void blur(const float* given, int height, int width, float* map) {
    values_.assign(given, given + static_cast<std::size_t>(height) * static_cast<std::size_t>(width));
    for (double& value : values_) value = std::max(value, 0.0);
    finish(height, width, map);
  }

 private:
  void finish(int height, int width, float* map) {
    blur_.apply(values_.data(), height, width, values_.data());
    divideBySum(map);
  }

  static Filter<3>::Weights gaussian7() {
    Filter<3>::Weights weights;
    for (std::size_t k = 0; k < weights.size(); k++) weights[k] = std::exp(-static_cast<double>(k * k) / (2.0 * 3 * 3));
    const double sum = weights[0] + 2.0 * (weights[1] + weights[2] + weights[3]);
    for (double& weight : weights) weight /= sum;
    return weights;
  }

  // s into residual_.
  void residual(const std::uint8_t* gray, int height, int width) {
    const std::size_t size = static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
    dft_.resize(height, width);
    auto& [real, imaginary] = dft_.plane();
    std::copy_n(gray, size, real.begin());
    std::fill(imaginary.begin(), imaginary.end(), 0.0);
    dft_.transform(Transform::forward);

    residual_.resize(size);
    for (std::size_t i = 0; i < size; i++) residual_[i] = logAmplitude(real[i], imaginary[i]);
    mean_.apply(residual_.data(), height, width, residual_.data());
    for (std::size_t i = 0; i < size; i++) {
      const double factor = std::exp(-residual_[i]);
      real[i] *= factor;
      imaginary[i] *= factor;
    }

    dft_.transform(Transform::inverse);
    for (std::size_t i = 0; i < size; i++) residual_[i] = std::sqrt(real[i] * real[i] + imaginary[i] * imaginary[i]);
    const double least = kVanishingShare * *std::max_element(residual_.begin(), residual_.end());
    for (double& value : residual_) value = value < least ? 0.0 : value;
  }

  // Of one number of the spectrum, which becomes 0 where it vanishes.
  static double logAmplitude(double& real, double& imaginary) {
    const double square = real * real + imaginary * imaginary;
    if (square >= kVanishing * kVanishing) return 0.5 * std::log(square + kEpsilon);
    real = 0.0;
    imaginary = 0.0;
    return 0.5 * std::log(kEpsilon);
  }

  // residual_, kLargest x kLargest, into values_, height x width.
  void resizeBack(int height, int width) {
    const std::vector<Tap> horizontal = bilinearTaps(kLargest, width);
    double* result = values_.data();
    for (const Tap& y : bilinearTaps(kLargest, height)) {
      const double* const top = residual_.data() + static_cast<std::size_t>(y.first) * kLargest;
      const double* const bottom = residual_.data() + static_cast<std::size_t>(y.second) * kLargest;
      for (const Tap& x : horizontal) {
        const double above = top[x.first] * (1.0 - x.weight) + top[x.second] * x.weight;
        const double below = bottom[x.first] * (1.0 - x.weight) + bottom[x.second] * x.weight;
        *result++ = above * (1.0 - y.weight) + below * y.weight;
      }
    }
  }

  // values_ into the map. A black image has none.
  void divideBySum(float* map) const {
    const double sum = sumInLanes(values_.size(), [this](std::size_t i) { return values_[i]; });
    const double uniform = 1.0 / static_cast<double>(values_.size());
    for (const double value : values_) *map++ = static_cast<float>(sum > 0.0 ? value / sum : uniform);
  }

  Filter<1> mean_{{1.0 / 3, 1.0 / 3}, Border::repeated};
  Filter<3> blur_{gaussian7(), Border::mirrored};
  Dft dft_;
  std::vector<std::uint8_t> gray_;
  std::vector<std::uint8_t> small_;
  std::vector<double> residual_;
  std::vector<double> values_;
};

}  // namespace saliencymix::guided
