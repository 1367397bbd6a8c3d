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

}  // namespace saliencymix::ort
