// Batch normalisation (Ioffe & Szegedy, ICML 2015) and its gradients as they are defined, summed in double: what the kernels
// are compared with.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

#include "train/batch_norm.h"

namespace saliencymix::train::reference {

// Mean and biased variance of each channel.
inline void batchMoments(const float* x, const ChannelRows& shape, std::vector<double>& mean, std::vector<double>& variance) {
  mean.assign(shape.channels, 0);
  variance.assign(shape.channels, 0);
  const double count = static_cast<double>(shape.rows);
  for (std::size_t i = 0; i < shape.size(); i++) mean[i % shape.channels] += double{x[i]} / count;
  for (std::size_t i = 0; i < shape.size(); i++) {
    const double centred = double{x[i]} - mean[i % shape.channels];
    variance[i % shape.channels] += centred * centred / count;
  }
}

// (x - mean) * inverse * scale + bias.
inline double normalised(float x, const Normalisation& norm, std::size_t channel) {
  return (double{x} - double{norm.mean[channel]}) * double{norm.inverse[channel]} * double{norm.scale[channel]} +
         double{norm.bias[channel]};
}

// 0 for what is negative; NaN stays NaN.
inline double rectified(double value) { return value < 0 ? 0 : value; }

inline double normaliseValue(const NormaliseInputs& inputs, std::size_t i, std::size_t channel) {
  double value = normalised(inputs.x[i], inputs.norm, channel);
  if (inputs.residual != nullptr) {
    value += inputs.residualNorm ? normalised(inputs.residual[i], *inputs.residualNorm, channel) : double{inputs.residual[i]};
  }
  return inputs.relu ? rectified(value) : value;
}

// The gradient that arrives at element i before the activation. Where the activation gave 0 none passes.
inline double arriving(const Arriving& gradient, std::size_t i, const float* x, const Normalisation* norm,
                       std::size_t channel) {
  const double sum = double{gradient.dy[i]} + (gradient.other != nullptr ? double{gradient.other[i]} : 0.0);
  if (gradient.mask == Mask::none) return sum;
  const double activated = gradient.mask == Mask::ofResult ? double{gradient.y[i]} : normalised(x[i], *norm, channel);
  return activated <= 0 ? 0 : sum;
}

struct GradientSums {
  std::vector<double> bias;   // Σ g
  std::vector<double> scale;  // Σ g * (x - mean) * inverse
};

inline GradientSums gradientSums(const Arriving& gradient, const ChannelRows& shape, const float* x,
                                 const Normalisation* norm) {
  GradientSums sums{std::vector<double>(shape.channels, 0), std::vector<double>(shape.channels, 0)};
  for (std::size_t i = 0; i < shape.size(); i++) {
    const std::size_t channel = i % shape.channels;
    const double g = arriving(gradient, i, x, norm, channel);
    sums.bias[channel] += g;
    if (norm != nullptr) {
      sums.scale[channel] += g * (double{x[i]} - double{norm->mean[channel]}) * double{norm->inverse[channel]};
    }
  }
  return sums;
}

// dx = scale * inverse * (g - Σg / M - x̂ * Σ(g x̂) / M), where x̂ = (x - mean) * inverse and M is the number of rows.
inline double normaliseGradientValue(const Arriving& gradient, const ChannelRows& shape, const float* x,
                                     const Normalisation& norm, const train::GradientSums& sums, std::size_t i) {
  const std::size_t channel = i % shape.channels;
  const double count = static_cast<double>(shape.rows);
  const double inverse = double{norm.inverse[channel]};
  const double hat = (double{x[i]} - double{norm.mean[channel]}) * inverse;
  const double g = arriving(gradient, i, x, &norm, channel);
  return double{norm.scale[channel]} * inverse *
         (g - double{sums.bias[channel]} / count - hat * double{sums.scale[channel]} / count);
}

}  // namespace saliencymix::train::reference
