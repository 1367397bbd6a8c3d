// Fine-grained saliency of an image that fits into a block's shared memory, in one launch: from its pixels to its map, peak
// and low.
#pragma once

#include <cstddef>
#include <cstdint>

#include "cuda/kernels/fine_grained.h"

namespace saliencymix::cuda {

// A block: one image. Bytes: its values read, and its map written where it is asked for; what lies between, nine bytes a pixel and
// the sums, stays in the block. Instructions: about 350 a pixel, 300 of them for the contrasts.
struct FineGrainedWhole {
  static constexpr int kThreads = tuning::kWholeThreads;
  static constexpr int kBlocksAtOnce = tuning::kWholeBlocksAtOnce;

  Chunk chunk;

  static bool fits(int height, int width) { return Layout(height, width).bytes <= tuning::kSharedOfBlock; }

  std::size_t sharedBytes() const { return Layout(chunk.height, chunk.width).bytes; }
  int blocks() const { return chunk.count; }

  template <class Block>
  SALIENCYMIX_HOST_DEVICE void operator()(const Block& block) const {
    const int height = chunk.height, width = chunk.width;
    const Layout layout(height, width);
    auto* const sums = reinterpret_cast<std::uint32_t*>(block.shared());
    std::uint32_t* const contrasts = sums + layout.sums;
    std::uint32_t* const maxima = contrasts + layout.contrasts;  // of each thread: on, then off
    auto* const smoothed = reinterpret_cast<std::uint8_t*>(maxima + 2 * kThreads);

    const SmoothPart part(chunk.image(block.index()), 0, 0, height, width);
    const int pitch = 4 * IntegralImages::wordsOf(width);
    part.run(block, reinterpret_cast<std::byte*>(contrasts),
             [&](int y, int x, std::uint32_t four) { *reinterpret_cast<Word*>(smoothed + y * pitch + x) = four; });
    addUp(block, smoothed, pitch, sums);

    block.each(kThreads, [&](int thread) {
      std::uint32_t maxOn = 0;
      std::uint32_t maxOff = 0;
      eachOfThread(thread, kThreads, height, width, [&](int y, int x) {
        const int at = y * width + x;
        const std::uint32_t contrast =
            ColumnWindows(x, width).contrast(block, sums, width + 1, smoothed[y * pitch + x], y, height);
        contrasts[at] = contrast;
        maxOn = Max()(maxOn, contrast & 0xffffu);
        maxOff = Max()(maxOff, contrast >> 16);
      });
      maxima[thread] = maxOn;
      maxima[kThreads + thread] = maxOff;
    });
    reduce(block, maxima, 2, kThreads, Max());
    combine(block, contrasts, maxima);
  }

 private:
  // How many words lie in the shared memory. Where contrasts will be, the image is smoothed; where the sums were, keys are
  // compared at the end.
  struct Layout {
    std::size_t sums;
    std::size_t contrasts;
    std::size_t bytes;

    SALIENCYMIX_HOST_DEVICE Layout(int height, int width)
        : sums(Max()(product(height + 1, width + 1), KeyReduction<kThreads>::kBytes / 4)),
          contrasts(Max()(product(height, width), SmoothPart::bytes(height, width) / 4)),
          bytes(4 * (sums + contrasts + 2 * kThreads) + IntegralImages::planeBytes(height, width)) {}

   private:
    SALIENCYMIX_HOST_DEVICE static std::size_t product(int height, int width) {
      return static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
    }
  };

  // The integral image, (height + 1) x (width + 1): sums along the rows, then down the columns.
  template <class Block>
  SALIENCYMIX_HOST_DEVICE void addUp(const Block& block, const std::uint8_t* smoothed, int pitch, std::uint32_t* sums) const {
    const int height = chunk.height, width = chunk.width;
    block.each(height + 1, [&](int y) {
      std::uint32_t sum = 0;
      for (int x = 0; x <= width; x++) {
        if (y > 0 && x > 0) sum += smoothed[(y - 1) * pitch + x - 1];
        sums[y * (width + 1) + x] = sum;
      }
    });
    block.each(width + 1, [&](int x) {
      std::uint32_t sum = 0;
      for (int y = 0; y <= height; y++) sums[y * (width + 1) + x] = sum += sums[y * (width + 1) + x];
    });
  }

  template <class Block>
  SALIENCYMIX_HOST_DEVICE void combine(const Block& block, const std::uint32_t* contrasts, const std::uint32_t* maxima) const {
    const int image = block.index();
    const int pixels = chunk.height * chunk.width;
    float* const map = chunk.maps == nullptr ? nullptr : chunk.maps + static_cast<std::size_t>(image) * chunk.pixels();
    const ContrastShares shares(maxima[0], maxima[kThreads]);
    const KeyReduction<kThreads> keys(block.shared());
    block.each(kThreads, [&](int thread) {
      BestValues best;
      for (int i = thread; i < pixels; i += kThreads) {
        const float value = shares.mapValue(contrasts[i]);
        if (map != nullptr) map[i] = value;
        best.update(value, static_cast<std::uint32_t>(i));
      }
      keys.put(thread, best);
    });
    keys.finish(block, chunk.peaks + image, chunk.lows + image);
  }
};

}  // namespace saliencymix::cuda
