// The random numbers of src/rng.ts, and the masks of dropout that src/train/dropout-masks.ts makes of them, one by one.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "train/dropout.h"

namespace saliencymix::train::reference {

// Philox 4×32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011): four random words.
inline std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < 10; round++) {
    const std::uint64_t first = std::uint64_t{0xd2511f53} * counter[0];
    const std::uint64_t second = std::uint64_t{0xcd9e8d57} * counter[2];
    counter = {static_cast<std::uint32_t>(second >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(second),
               static_cast<std::uint32_t>(first >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(first)};
    key = {key[0] + 0x9e3779b9, key[1] + 0xbb67ae85};
  }
  return counter;
}

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
