// Batch normalisation in training mode (Ioffe & Szegedy, "Batch Normalization", ICML 2015), its gradients, and what stands
// beside it: residual, activation and sums per channel. All tensors are float32 with the channels last.
#pragma once

#include <cstddef>
#include <optional>

#include "train/channel_rows.h"

namespace saliencymix::train {

struct TrainRun;

// What a batch says of each channel.
struct BatchStatistics {
  float* mean;
  float* variance;  // biased: the mean of (x - mean)²
  float* inverse;   // 1 / √(variance + epsilon)
};

// Mean and squares are summed per block around the block's own mean, and the blocks combined in double (Chan, Golub & LeVeque,
// "Updating formulae and a pairwise algorithm for computing sample variances", 1979): no digits are lost where the mean is
// large. Throws std::invalid_argument for no rows.
std::size_t batchStatisticsWorkspaceBytes(const ChannelRows& shape);
void batchStatistics(const TrainRun& run, const float* x, const ChannelRows& shape, float epsilon,
                     const BatchStatistics& statistics);

// The running statistics after a batch of `rows` values per channel, as PyTorch keeps them:
// old * (1 - momentum) + new * momentum, where the variance counts rows / (rows - 1) times. There must be two rows or more.
struct RunningStatistics {
  const float* mean;
  const float* variance;
  float* nextMean;
  float* nextVariance;
};
void updateRunningStatistics(const BatchStatistics& batch, const ChannelRows& shape, double momentum,
                             const RunningStatistics& running);

// 1 / √(variance + epsilon) of each channel.
void inverseDeviations(const float* variance, std::size_t channels, float epsilon, float* inverse);

// The factors of a normalisation, one of each per channel.
struct Normalisation {
  const float* mean;
  const float* inverse;
  const float* scale;
  const float* bias;
};

// y = (x - mean) * inverse * scale + bias, and then: + residual, which may have a normalisation of its own; 0 where that is
// negative (NaN stays NaN).
struct NormaliseInputs {
  const float* x;
  Normalisation norm;
  const float* residual = nullptr;
  std::optional<Normalisation> residualNorm;
  bool relu = false;
};
// `y` may be x or the residual.
std::size_t normaliseWorkspaceBytes(const ChannelRows& shape);
void normalise(const TrainRun& run, const NormaliseInputs& inputs, const ChannelRows& shape, float* y);

// Which results the activation let pass: all; those whose normalised value is above 0, which is computed again; those above 0
// in the stored result. Where that is NaN the gradient passes, as in PyTorch.
enum class Mask { none, ofNormalised, ofResult };

// The gradient of a result: dy, or dy + other where the result was used twice, and where the activation gave 0, nothing.
struct Arriving {
  const float* dy;
  const float* other = nullptr;
  Mask mask = Mask::none;
  const float* y = nullptr;  // with Mask::ofResult
};

// The sums over all rows, of C values each: bias = Σ g, scale = Σ g * (x - mean) * inverse, where g is what passes.
// `passing`, if it is not null, receives g itself, and may be dy or other: it is the gradient of a residual, and spares the
// mask where g is needed again.
struct GradientSums {
  float* bias;
  float* scale;
  float* passing = nullptr;
};
std::size_t gradientSumsWorkspaceBytes(const ChannelRows& shape);  // of the next two
void normaliseGradientSums(const TrainRun& run, const Arriving& gradient, const float* x, const Normalisation& norm,
                           const ChannelRows& shape, const GradientSums& sums);

// Only Σ g: the gradient of a bias. `gradient.mask` must not be ofNormalised.
void biasGradient(const TrainRun& run, const Arriving& gradient, const ChannelRows& shape, float* bias,
                  float* passing = nullptr);

std::size_t normaliseGradientWorkspaceBytes(const ChannelRows& shape);
// dx = scale * inverse * (g - Σg / M - x̂ * Σ(g x̂) / M) with M rows and x̂ = (x - mean) * inverse, of the sums that
// normaliseGradientSums gave. `dx` may be dy, other, or x.
void normaliseGradient(const TrainRun& run, const Arriving& gradient, const float* x, const Normalisation& norm,
                       const ChannelRows& shape, const GradientSums& sums, float* dx);

}  // namespace saliencymix::train
