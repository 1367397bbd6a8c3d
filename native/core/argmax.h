// The most and the least salient pixel of a map.
//
// Ties: the first in row-major order (smallest row, then smallest column), or, where a number u in [0, 1) is given,
// the floor(u * count)-th of the tied pixels in row-major order. u comes from the caller; nothing is random here.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "core/host_device.h"
#include "core/image.h"

namespace saliencymix {

enum class Extreme {
  peak,  // maximum
  low,   // minimum
};

constexpr double kFirstTie = -1.0;  // in place of u: take the first

namespace detail {

inline bool beats(float a, float b, Extreme extreme) { return extreme == Extreme::peak ? a > b : a < b; }

inline std::size_t firstExtreme(const float* map, std::size_t size, Extreme extreme) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < size; i++) {
    if (beats(map[i], map[best], extreme)) best = i;
  }
  return best;
}

inline std::size_t nthEqual(const float* map, std::size_t size, std::size_t first, double u) {
  std::size_t count = 0;
  for (std::size_t i = first; i < size; i++) count += map[i] == map[first] ? 1 : 0;
  std::size_t left = static_cast<std::size_t>(u * static_cast<double>(count));
  for (std::size_t i = first; i < size; i++) {
    if (map[i] != map[first]) continue;
    if (left == 0) return i;
    left--;
  }
  return first;
}

// An integer for each float, in the same order. A NaN, with which every comparison is false, gets 0.
SALIENCYMIX_HOST_DEVICE inline std::uint32_t orderedBits(float value) {
  if (value != value) return 0;
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(value == 0.0f ? 0.0f : value);  // -0 and 0 are equal
  return (bits & 0x80000000u) != 0 ? ~bits : bits | 0x80000000u;
}

}  // namespace detail

// A key for each pixel, by which the pixels of a map can be compared in any order: the largest key is that of the first
// extreme. Keys are more than 0. index: of the pixel, in row-major order.
SALIENCYMIX_HOST_DEVICE inline std::uint64_t extremeKey(float value, std::uint32_t index, Extreme extreme) {
  std::uint32_t rank = detail::orderedBits(value);
  if (rank == 0) rank = index == 0 ? 0xffffffffu : 0;  // a NaN in the first place stays there
  else if (extreme == Extreme::low) rank = ~rank;
  return (static_cast<std::uint64_t>(rank) << 32) | (0xffffffffu - index);
}

SALIENCYMIX_HOST_DEVICE inline std::uint32_t indexOfKey(std::uint64_t key) {
  return 0xffffffffu - static_cast<std::uint32_t>(key);
}

// map: height x width floats, row-major, at least one.
inline Point findExtreme(const float* map, int height, int width, Extreme extreme, double u = kFirstTie) {
  const std::size_t size = static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
  const std::size_t first = detail::firstExtreme(map, size, extreme);
  const std::size_t chosen = u < 0.0 ? first : detail::nthEqual(map, size, first, u);
  const std::size_t columns = static_cast<std::size_t>(width);
  return {static_cast<int>(chosen / columns), static_cast<int>(chosen % columns)};
}

}  // namespace saliencymix
