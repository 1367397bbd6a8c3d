// Dropout (train/dropout.h): the masks are drawn where they are used, from the same counters as on the processor.
#pragma once

#include <cstddef>
#include <cstdint>

#include "cuda/train/planes.h"

namespace saliencymix::cuda {

// Philox 4×32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011): random words in the counter's place.
struct Philox {
  std::uint32_t words[4];

  SALIENCYMIX_HOST_DEVICE void draw(std::uint32_t key0, std::uint32_t key1) {
    SALIENCYMIX_UNROLL
    for (int round = 0; round < 10; round++) {
      const std::uint64_t first = static_cast<std::uint64_t>(words[0]) * 0xd2511f53u;
      const std::uint64_t second = static_cast<std::uint64_t>(words[2]) * 0xcd9e8d57u;
      words[0] = static_cast<std::uint32_t>(second >> 32) ^ words[1] ^ key0;
      words[1] = static_cast<std::uint32_t>(second);
      words[2] = static_cast<std::uint32_t>(first >> 32) ^ words[3] ^ key1;
      words[3] = static_cast<std::uint32_t>(first);
      key0 += 0x9e3779b9u;
      key1 += 0xbb67ae85u;
    }
  }
};

// A thread takes the eight elements that share a draw, each with 16 of its bits. Bytes that must move per value: 4 are read and
// 4 written.
template <int width>
struct DropElements {
  static constexpr int kThreads = tuning::kMapThreads;
  static constexpr int kOfDraw = 8;

  DeviceMask mask;
  int elements;  // of an image
  const float* x;
  float* y;  // may be x
  Divisor draws;  // of an image
  int count;

  DropElements(const DeviceMask& drawn, int images, int elementsOfImage, const float* from, float* to)
      : mask(drawn), elements(elementsOfImage), x(from), y(to),
        draws(static_cast<std::uint32_t>(partsOf(elementsOfImage, kOfDraw))), count(images * partsOf(elementsOfImage, kOfDraw)) {}
  std::size_t sharedBytes() const { return 0; }
  int blocks() const { return partsOf(count, kThreads); }

  template <class Block>
  SALIENCYMIX_HOST_DEVICE void operator()(const Block& block) const {
    constexpr std::uint32_t kDropout = 11;  // the purpose of these random numbers (src/rng.ts)
    eachOfLaunch(block, kThreads, count, [&](int i) {
      const std::uint32_t image = draws.of(static_cast<std::uint32_t>(i));
      const std::uint32_t draw = static_cast<std::uint32_t>(i) - image * draws.value;
      const int begin = static_cast<int>(draw) * kOfDraw;
      const std::size_t at = static_cast<std::size_t>(image) * static_cast<std::size_t>(elements) + draw * std::size_t{kOfDraw};
      // Before the draw, which takes about as long as they do.
      Floats<width> values[kOfDraw / width];
      SALIENCYMIX_UNROLL
      for (int k = 0; k < kOfDraw; k += width) values[k / width] = getIf<width>(begin + k < elements, x, at + static_cast<std::size_t>(k));
      const std::uint64_t seed = static_cast<std::uint64_t>(mask.random[0]);
      Philox random{{(kDropout << 24) + draw, image, mask.number, static_cast<std::uint32_t>(mask.random[1])}};
      random.draw(static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32));
      SALIENCYMIX_UNROLL
      for (int k = 0; k < kOfDraw; k += width) {
        for (int lane = 0; lane < width; lane++) {
          const std::uint32_t word = random.words[(k + lane) / 2];
          const std::uint32_t bits = (k + lane) % 2 == 0 ? word & 0xffff : word >> 16;
          // By 0 and not 0 itself: what is not finite stays visible.
          values[k / width].of[lane] *= bits >= mask.dropped ? mask.scale : 0.0f;
        }
        if (begin + k < elements) put(y + at + k, values[k / width]);
      }
    });
  }
};

}  // namespace saliencymix::cuda
