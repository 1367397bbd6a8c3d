// The masks of dropout that src/train/dropout-masks.ts makes, number by number.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/philox.h"
#include "train/dropout.h"

namespace saliencymix::train::reference {

// Of the share of elements that is dropped, from 0 to below 1.
inline DropoutMask maskOf(std::uint64_t seed, std::uint32_t step, std::uint32_t number, double rate) {
  return {seed, step, number, static_cast<std::uint32_t>(std::floor(rate * 65536 + 0.5)), static_cast<float>(1 / (1 - rate))};
}

// Whether element number `i` of an image is kept: 16 bits for each, the lower half of a word first.
inline bool kept(const DropoutMask& mask, int image, std::size_t i) {
  constexpr std::uint32_t kDropout = 11;  // the purpose
  const auto words = philox({(kDropout << 24) + static_cast<std::uint32_t>(i / 8), static_cast<std::uint32_t>(image),
                             mask.number, mask.step},
                            {static_cast<std::uint32_t>(mask.seed), static_cast<std::uint32_t>(mask.seed >> 32)});
  const std::uint32_t word = words[i / 2 % 4];
  return (i % 2 == 0 ? word & 0xffff : word >> 16) >= mask.dropped;
}

// One value for each element of N×H×W×C: 1 where it is kept.
inline std::vector<std::uint8_t> dropoutMask(const DropoutMask& mask, const DropoutShape& shape) {
  std::vector<std::uint8_t> result;
  for (int n = 0; n < shape.images; n++)
    for (int p = 0; p < shape.height * shape.width; p++)
      for (int c = 0; c < shape.channels; c++) {
        const std::size_t place = static_cast<std::size_t>(c) * static_cast<std::size_t>(shape.height * shape.width);
        result.push_back(kept(mask, n, place + static_cast<std::size_t>(p)) ? 1 : 0);
      }
  return result;
}

}  // namespace saliencymix::train::reference
