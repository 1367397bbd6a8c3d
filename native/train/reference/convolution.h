// Convolution and its gradients as they are defined, summed in double: what the kernels are compared with. For each
// result there is also the sum of the absolute values of what was added up: the scale of rounding errors.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

#include "train/convolution.h"

namespace saliencymix::train::reference {

struct Sums {
  std::vector<double> value;
  std::vector<double> size;

  explicit Sums(std::size_t count) : value(count), size(count) {}
  void add(std::size_t at, double a, double b) {
    value[at] += a * b;
    size[at] += std::fabs(a * b);
  }
};

// Calls visit(input place, weight place, output place) for every product of a convolution; the input place is negative where
// it lies outside.
template <class Visit>
void forEachProduct(const ConvolutionShape& s, const Visit& visit) {
  const auto at = [](long long a, int size, int b) { return a * size + b; };
  for (int n = 0; n < s.batch; n++) {
    for (int y = 0; y < s.outputHeight(); y++) {
      for (int x = 0; x < s.outputWidth(); x++) {
        for (int ky = 0; ky < s.kernelHeight; ky++) {
          for (int kx = 0; kx < s.kernelWidth; kx++) {
            const int fromY = y * s.strideY + ky * s.dilationY - s.padTop;
            const int fromX = x * s.strideX + kx * s.dilationX - s.padLeft;
            const bool inside = fromY >= 0 && fromY < s.height && fromX >= 0 && fromX < s.width;
            for (int c = 0; c < s.groupChannels(); c++) {
              for (int o = 0; o < s.outputs; o++) {
                const int channel = o / s.groupOutputs() * s.groupChannels() + c;
                const long long pixel = at(at(n, s.height, fromY), s.width, fromX);
                visit(inside ? at(pixel, s.channels, channel) : -1LL,
                      at(at(at(ky, s.kernelWidth, kx), s.groupChannels(), c), s.outputs, o),
                      at(at(at(n, s.outputHeight(), y), s.outputWidth(), x), s.outputs, o));
              }
            }
          }
        }
      }
    }
  }
}

inline Sums convolution(const ConvolutionShape& s, const float* input, const float* weights, const float* bias) {
  Sums sums(static_cast<std::size_t>(s.batch) * static_cast<std::size_t>(s.outputHeight()) *
            static_cast<std::size_t>(s.outputWidth()) * static_cast<std::size_t>(s.outputs));
  const std::size_t outputs = static_cast<std::size_t>(s.outputs);
  for (std::size_t i = 0; bias != nullptr && i < sums.value.size(); i++) sums.add(i, bias[i % outputs], 1);
  forEachProduct(s, [&](long long from, long long weight, long long to) {
    sums.add(static_cast<std::size_t>(to), from < 0 ? 0.0f : input[from], weights[weight]);
  });
  return sums;
}

inline Sums convolutionByInput(const ConvolutionShape& s, const float* outputGradient, const float* weights) {
  Sums sums(static_cast<std::size_t>(s.batch) * static_cast<std::size_t>(s.height) * static_cast<std::size_t>(s.width) *
            static_cast<std::size_t>(s.channels));
  forEachProduct(s, [&](long long from, long long weight, long long to) {
    if (from >= 0) sums.add(static_cast<std::size_t>(from), outputGradient[to], weights[weight]);
  });
  return sums;
}

inline Sums convolutionByWeights(const ConvolutionShape& s, const float* input, const float* outputGradient) {
  Sums sums(static_cast<std::size_t>(s.kernelHeight) * static_cast<std::size_t>(s.kernelWidth) *
            static_cast<std::size_t>(s.groupChannels()) * static_cast<std::size_t>(s.outputs));
  forEachProduct(s, [&](long long from, long long weight, long long to) {
    sums.add(static_cast<std::size_t>(weight), from < 0 ? 0.0f : input[from], outputGradient[to]);
  });
  return sums;
}

inline Sums biasGradient(const ConvolutionShape& s, const float* outputGradient) {
  const std::size_t outputs = static_cast<std::size_t>(s.outputs);
  Sums sums(outputs);
  const std::size_t pixels = static_cast<std::size_t>(s.batch) * static_cast<std::size_t>(s.outputHeight()) *
                             static_cast<std::size_t>(s.outputWidth());
  for (std::size_t i = 0; i < pixels * outputs; i++) sums.add(i % outputs, outputGradient[i], 1);
  return sums;
}

}  // namespace saliencymix::train::reference
