// The inputs of a node that say how a tensor is normalised.
#pragma once

#include <cstddef>
#include <cstdint>

#include "ort/operator.h"
#include "train/batch_norm.h"

namespace saliencymix::ort {

// From inputs first (statistics: mean, variance and inverse deviation of each channel), first + 1 (scale) and first + 2 (bias).
inline train::Normalisation normalisationAt(const Call& call, std::size_t first, std::size_t channels) {
  const Call::Input statistics = call.input(first), scale = call.input(first + 1), bias = call.input(first + 2);
  const auto count = static_cast<std::int64_t>(channels);
  expectShape(statistics, {3, count}, "statistics");
  expectShape(scale, {count}, "scale");
  expectShape(bias, {count}, "bias");
  return {statistics.data, statistics.data + 2 * channels, scale.data, bias.data};
}

inline train::Mask maskOf(const Attributes& attributes) {
  switch (attributes.whole("mask")) {
    case 0: return train::Mask::none;
    case 1: return train::Mask::ofNormalised;
    case 2: return train::Mask::ofResult;
    default: throw Error("the attribute mask must be 0, 1 or 2");
  }
}

// dy, x, and from input `optional` on: other, y.
inline train::Arriving arrivingAt(const Call& call, train::Mask mask, std::size_t optional) {
  const Call::Input dy = call.input(0), x = call.input(1), other = call.input(optional), y = call.input(optional + 1);
  expectShape(dy, x.shape, "dy");
  if (other.data != nullptr) expectShape(other, x.shape, "other");
  if (mask == train::Mask::ofResult) expectShape(y, x.shape, "y");
  return {dy.data, other.data, mask, y.data};
}

// x, its normalisation, and perhaps a residual with its own.
inline train::NormaliseInputs normaliseInputsOf(const Call& call, bool relu, std::size_t channels) {
  const Call::Input x = call.input(0), residual = call.input(4);
  train::NormaliseInputs inputs{x.data, normalisationAt(call, 1, channels), nullptr, {}, relu};
  if (residual.data == nullptr) return inputs;
  expectShape(residual, x.shape, "residual");
  inputs.residual = residual.data;
  if (call.input(5).data != nullptr) inputs.residualNorm = normalisationAt(call, 5, channels);
  return inputs;
}

// The rows of a 3×C tensor.
inline train::BatchStatistics statisticsIn(float* memory, std::size_t channels) {
  return {memory, memory + channels, memory + 2 * channels};
}

// What running statistics are made of, and where they go.
struct RunningInputs {
  train::BatchStatistics batch;
  train::RunningStatistics running;
  std::size_t channels;
};
inline RunningInputs runningInputsOf(Call& call) {
  const Call::Input statistics = call.input(0), mean = call.input(1), variance = call.input(2);
  const std::int64_t channels = mean.side(0);
  expectShape(statistics, {3, channels}, "statistics");
  expectShape(mean, {channels}, "mean");
  expectShape(variance, {channels}, "variance");
  // Only read.
  return {statisticsIn(const_cast<float*>(statistics.data), static_cast<std::size_t>(channels)),
          {mean.data, variance.data, call.askedOutput(0, mean.shape), call.askedOutput(1, variance.shape)},
          static_cast<std::size_t>(channels)};
}

}  // namespace saliencymix::ort
