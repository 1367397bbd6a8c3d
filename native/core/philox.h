// The random numbers of src/rng.ts: Philox 4×32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011), which
// makes four words of a counter and a key. TypeScript draws; this computes the words that it asks for by their addresses.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace saliencymix {

// Where a run of blocks of random numbers begins.
struct RandomRun {
  std::uint32_t counter[4];
  std::uint32_t key[2];
};

// Four random words.
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

// One block for each of `count` samples, whose number is the counter's second word, from the run's on. words: the first words of
// all blocks, then the second, third and fourth: 4 x count.
inline void drawSamples(const RandomRun& run, std::size_t count, std::uint32_t* words) {
  for (std::size_t i = 0; i < count; i++) {
    const auto block = philox({run.counter[0], run.counter[1] + static_cast<std::uint32_t>(i), run.counter[2], run.counter[3]},
                              {run.key[0], run.key[1]});
    for (std::size_t w = 0; w < 4; w++) words[w * count + i] = block[w];
  }
}

}  // namespace saliencymix
