#pragma once

#include <cstring>
#include <vector>

#include "core/arena_layout.h"
#include "core/saliency/linear_of_srgb.h"
#include "cuda/kernels/frequency_tuned_whole.h"

namespace saliencymix::cuda {

struct FrequencyTunedOnDevice {
  static constexpr const char* kName = "frequency-tuned";

  static std::vector<std::byte> tables(int, int) {
    const LinearOfSrgb linear;
    std::vector<std::byte> bytes(sizeof(linear.values));
    std::memcpy(bytes.data(), linear.values, bytes.size());
    return bytes;
  }

  struct Scratch {
    float* colours;
    std::int64_t* sums;

    // Small images need none; so little is asked for that a chunk has as many of them as it may.
    Scratch(ArenaLayout& arena, int images, int height, int width, bool) {
      if (FrequencyTunedWhole::fits(height, width)) images = height = width = 1;
      const std::size_t count = static_cast<std::size_t>(images);
      colours = arena.take<float>(3 * count * static_cast<std::size_t>(height) * static_cast<std::size_t>(width));
      sums = arena.take<std::int64_t>(3 * count);
    }
  };

  template <class Queue>
  static void run(Queue& queue, const Chunk& chunk, const std::byte* tables, const Scratch& scratch) {
    const float* const linear = reinterpret_cast<const float*>(tables);
    const double share = frequencyTunedFloat::shareOfUnit(chunk.pixels());
    if (FrequencyTunedWhole::fits(chunk.height, chunk.width)) return queue.launch(FrequencyTunedWhole{chunk, linear, share});
    queue.zero(scratch.sums, 3 * static_cast<std::size_t>(chunk.count) * sizeof(std::int64_t));
    queue.launch(SumColours{chunk, linear, scratch.colours, scratch.sums});
    const Tiles tiles = ColourDistance::tilesOf(chunk.height, chunk.width);
    queue.launch(ColourDistance{scratch.colours, scratch.sums, share, tiles, chunk});
  }
};

}  // namespace saliencymix::cuda
