// Sizes that are computed from shapes, checked for overflow.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <limits>
#include <stdexcept>

namespace saliencymix::train {

// The product of these numbers. Throws std::length_error where it, taken as a number of floats, has more bytes than a pointer
// can reach.
inline std::size_t product(std::initializer_list<std::size_t> numbers) {
  constexpr std::size_t kMax = std::numeric_limits<std::ptrdiff_t>::max() / sizeof(float);
  std::size_t result = 1;
  for (const std::size_t number : numbers) {
    if (number != 0 && result > kMax / number) throw std::length_error("a tensor of this shape does not fit into memory");
    result *= number;
  }
  return result;
}

}  // namespace saliencymix::train
