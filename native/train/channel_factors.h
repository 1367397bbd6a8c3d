// The factors of a normalisation, laid out for the kernels: repeated over a wide row.
#pragma once

#include <cstddef>

#include "core/arena_layout.h"
#include "train/batch_norm.h"
#include "train/channel_sums.h"
#include "train/layer_kernels.h"

namespace saliencymix::train {

// An array of a wide row whose first floats are value(channel).
template <class Value>
const float* wideRowOfValues(std::size_t channels, ArenaLayout& arena, const Value& value) {
  const WideRow wide = wideRowOf(channels);
  float* values = arena.take<float>(wide.width);
  for (std::size_t c = 0; c < channels; c++) values[c] = value(c);
  spreadOverWideRow(values, channels, wide.repeat);
  return values;
}

inline Factors factorsOf(const Normalisation& norm, std::size_t channels, ArenaLayout& arena) {
  return {wideRowOfValues(channels, arena, [&](std::size_t c) { return norm.mean[c]; }),
          wideRowOfValues(channels, arena, [&](std::size_t c) { return norm.inverse[c] * norm.scale[c]; }),
          wideRowOfValues(channels, arena, [&](std::size_t c) { return norm.bias[c]; })};
}

// Of `count` arrays of a wide row.
inline std::size_t wideRowsBytes(std::size_t channels, std::size_t count) {
  ArenaLayout arena(nullptr);
  for (std::size_t i = 0; i < count; i++) arena.take<float>(wideRowOf(channels).width);
  return arena.used();
}
inline std::size_t factorsBytes(std::size_t channels) { return wideRowsBytes(channels, 3); }

}  // namespace saliencymix::train
