// Sums of float64 in an order that is fixed, and that lets compilers add several at a time though they may not reorder
// sums: number i is added to lane i mod 32, and the upper half of the lanes to the lower one until one is left. (The loop
// over fewer lanes would be unrolled by GCC 12 before it is made into vectors, and then is not.)
#pragma once

#include <array>
#include <cstddef>

namespace saliencymix::guided {

// term(i) for i = 0 .. size - 1, added.
template <class Term>
double sumInLanes(std::size_t size, const Term& term) {
  constexpr std::size_t kLanes = 32;
  std::array<double, kLanes> lanes{};
  std::size_t i = 0;
  for (; i + kLanes <= size; i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; lane++) lanes[lane] += term(i + lane);
  }
  for (std::size_t lane = 0; i < size; i++, lane++) lanes[lane] += term(i);
  for (std::size_t half = kLanes / 2; half > 0; half /= 2) {
    for (std::size_t lane = 0; lane < half; lane++) lanes[lane] += lanes[lane + half];
  }
  return lanes[0];
}

}  // namespace saliencymix::guided
