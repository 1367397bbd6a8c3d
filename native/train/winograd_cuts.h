// How Winograd's convolutions and their gradients cut their tiles into tasks, and lay out the planes of what they transform.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "train/winograd_kernels.h"

namespace saliencymix::train {

template <class T>
T divideUp(T a, T b) {
  return (a + b - 1) / b;
}

inline std::size_t asSize(std::int64_t value) { return static_cast<std::size_t>(value); }

constexpr std::size_t kProducts = kTileProducts;

// Tiles of a task that only reads.
constexpr std::int64_t kReadTiles = 16;

// A transform reads or writes 36 planes at once. Where these are an odd number of cache lines apart, their lines fall into
// different places of the cache.
inline std::size_t planeOf(std::size_t floats) {
  constexpr std::size_t kLine = 16;
  return (divideUp(floats, kLine) | 1) * kLine;
}

// `all` cut evenly into pieces of at most `most`: the size of each but the last.
inline std::int64_t evenPiece(std::int64_t all, std::int64_t most) { return divideUp(all, divideUp(all, most)); }

inline int tasksOf(std::int64_t all, std::int64_t each) { return static_cast<int>(divideUp(all, each)); }

inline Part partOf(std::int64_t all, std::int64_t each, int number) {
  return {number * each, std::min(all, (number + 1) * each)};
}

}  // namespace saliencymix::train
