// Frequency tuned saliency of an image that fits into a block's shared memory, in one launch.
#pragma once

#include <cstddef>
#include <cstdint>

#include "cuda/kernels/frequency_tuned.h"

namespace saliencymix::cuda {

// A block: one image. Bytes: its values read, and its map written where it is asked for; the colours and what is made of them, 24
// bytes a pixel, stay in the block. Instructions of a pixel's arithmetic: 60 for the colours, 30 for blur and distance.
struct FrequencyTunedWhole {
  static constexpr int kThreads = tuning::kWholeThreads;
  static constexpr int kValues = SumColours::kValues;

  Chunk chunk;
  const float* linear;  // of the 256 values of sRGB
  double share;         // of one unit of the sums in a mean

  static bool fits(int height, int width) {
    return bytesFor(static_cast<std::size_t>(height) * static_cast<std::size_t>(width)) <= tuning::kSharedOfBlock;
  }

  std::size_t sharedBytes() const { return bytesFor(chunk.pixels()); }
  int blocks() const { return chunk.count; }

  template <class Block>
  SALIENCYMIX_HOST_DEVICE void operator()(const Block& block) const {
    const int height = chunk.height, width = chunk.width;
    const int pixels = height * width;
    const ImageView image = chunk.image(block.index());
    const int green = image.channels == 3 ? 1 : 0;
    const KeyReduction<kThreads> keys(block.shared());
    auto* const sums = reinterpret_cast<std::int64_t*>(block.shared() + KeyReduction<kThreads>::kBytes);  // 3 x kThreads
    auto* const table = reinterpret_cast<float*>(sums + 3 * kThreads);
    float* const colours = table + kValues;      // planes of f(X), f(Y), f(Z)
    float* const across = colours + 3 * pixels;  // blurred along the rows

    block.each(kValues, [&](int i) { table[i] = linear[i]; });
    block.each(kThreads, [&](int thread) {
      std::int64_t ofThread[3] = {};
      for (int i = thread; i < pixels; i += kThreads) {
        const std::uint8_t* const pixel = image.data + i * image.channels;
        const auto colour = frequencyTunedFloat::colourOfLinear(table[pixel[0]], table[pixel[green]], table[pixel[2 * green]]);
        SALIENCYMIX_UNROLL
        for (int k = 0; k < 3; k++) {
          colours[k * pixels + i] = colour.of[k];
          ofThread[k] += frequencyTunedFloat::unitsOf(colour.of[k]);
        }
      }
      SALIENCYMIX_UNROLL
      for (int k = 0; k < 3; k++) sums[k * kThreads + thread] = ofThread[k];
    });
    reduce(block, sums, 3, kThreads, Sum());
    eachOfRectangle(block, kThreads, height, width, [&](int y, int x) {
      SALIENCYMIX_UNROLL
      for (int k = 0; k < 3; k++) {
        const float* const row = colours + k * pixels + y * width;
        across[k * pixels + y * width + x] = blurred([&](int by) { return row[reflect101(x + by, width)]; });
      }
    });
    block.each(kThreads, [&](int thread) { keys.put(thread, distances(block.index(), thread, across, sums)); });
    keys.finish(block, chunk.peaks + block.index(), chunk.lows + block.index());
  }

 private:
  SALIENCYMIX_HOST_DEVICE static constexpr std::size_t bytesFor(std::size_t pixels) {
    return KeyReduction<kThreads>::kBytes + 3 * kThreads * sizeof(std::int64_t) + (kValues + 6 * pixels) * sizeof(float);
  }

  template <class F>
  SALIENCYMIX_HOST_DEVICE static float blurred(const F& valueAt) {
    return frequencyTunedFloat::blur14641(valueAt(-2), valueAt(-1), valueAt(0), valueAt(1), valueAt(2));
  }

  // The distances of a thread's pixels from the mean, and the best of them.
  SALIENCYMIX_HOST_DEVICE BestValues distances(int image, int thread, const float* across, const std::int64_t* sums) const {
    const int height = chunk.height, width = chunk.width;
    const int pixels = height * width;
    float* const map = chunk.maps == nullptr ? nullptr : chunk.maps + static_cast<std::size_t>(image) * chunk.pixels();
    const auto mean = frequencyTunedFloat::meanOf(sums[0], sums[kThreads], sums[2 * kThreads], share);
    BestValues best;
    eachOfThread(thread, kThreads, height, width, [&](int y, int x) {
      float colour[3];
      SALIENCYMIX_UNROLL
      for (int k = 0; k < 3; k++) {
        const float* const column = across + k * pixels + x;
        colour[k] = blurred([&](int by) { return column[reflect101(y + by, height) * width]; });
      }
      const float distance = frequencyTunedFloat::distance(colour[0], colour[1], colour[2], mean);
      if (map != nullptr) map[y * width + x] = distance;
      best.update(distance, static_cast<std::uint32_t>(y * width + x));
    });
    return best;
  }
};

}  // namespace saliencymix::cuda
