// Samples that are mixed by masks, as a call has them; src/mix/masked.ts makes them.
#pragma once

#include <napi.h>

#include <algorithm>
#include <cstdint>
#include <span>

#include "binding/batch.h"
#include "core/masked.h"

namespace saliencymix::binding {

// Positions in a batch.
inline std::span<const std::int32_t> readPositions(const Napi::Object& from, const char* name, int samples, int count) {
  const std::span<const std::int32_t> positions(readArray<std::int32_t>(from, name, static_cast<std::size_t>(samples)),
                                                static_cast<std::size_t>(samples));
  if (!std::ranges::all_of(positions, [&](int i) { return i >= 0 && i < count; })) {
    throw badArgument(from.Env(), name, "positions in the batch");
  }
  return positions;
}

inline Cells readCells(const Napi::Object& from, const char* rows, const char* cols, const BatchView& batch) {
  const Cells cells{readInt(from, rows, 1), readInt(from, cols, 1)};
  if (!cells.divide(batch.height, batch.width)) throw badArgument(from.Env(), rows, "cells that divide the images");
  return cells;
}

// Of target and source of each sample: samples x 2 x cells; nullptr where nothing is moved.
inline const std::int32_t* readMoves(const Napi::Object& from, int samples, Cells cells) {
  if (!has(from, "moves")) return nullptr;
  const std::size_t length = product(samples, 2, cells.rows, cells.cols);
  const std::int32_t* const moves = readArray<std::int32_t>(from, "moves", length);
  if (!std::all_of(moves, moves + length, [&](int cell) { return cell >= -1 && cell < cells.count(); })) {
    throw badArgument(from.Env(), "moves", "numbers of cells, or -1");
  }
  return moves;
}

struct MaskedSamples {
  int count;
  Cells mask;
  Cells moved;
  std::span<const std::int32_t> targets;
  std::span<const std::int32_t> sources;
  const float* weights;       // mask.count() for each sample
  const std::int32_t* moves;  // see readMoves

  MaskedSample at(int i) const {
    const auto position = static_cast<std::size_t>(i);
    const auto movesOf = [&](int side) {
      return moves == nullptr ? nullptr : moves + product(2 * i + side, moved.rows, moved.cols, 1);
    };
    return {targets[position], sources[position], weights + product(i, mask.rows, mask.cols, 1), movesOf(0), movesOf(1)};
  }
};

inline MaskedSamples readMaskedSamples(const Napi::Object& from, const BatchView& batch) {
  const int count = readInt(from, "samples", 1);
  const Cells mask = readCells(from, "rows", "cols", batch);
  const Cells moved = has(from, "moves") ? readCells(from, "movedRows", "movedCols", batch) : Cells{1, 1};
  return {count,
          mask,
          moved,
          readPositions(from, "targets", count, batch.count),
          readPositions(from, "sources", count, batch.count),
          readArray<float>(from, "weights", product(count, mask.rows, mask.cols, 1)),
          readMoves(from, count, moved)};
}

}  // namespace saliencymix::binding
