#pragma once

#include <array>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/arena_layout.h"
#include "cuda/kernels/fine_grained_peak.h"
#include "cuda/kernels/fine_grained_whole.h"

namespace saliencymix::cuda {

struct FineGrainedOnDevice {
  static constexpr const char* kName = "fine-grained";

  static std::vector<std::byte> tables(int, int) { return {}; }

  struct Scratch {
    IntegralImages between;
    std::uint32_t* contrasts;
    std::uint32_t* maxima;

    // Small images need none; so little is asked for that a chunk has as many of them as it may.
    Scratch(ArenaLayout& arena, int images, int height, int width) {
      if (FineGrainedWhole::fits(height, width)) images = height = width = 1;
      if (!IntegralImages::fits(height, width)) {
        throw std::runtime_error("images of " + std::to_string(height) + " x " + std::to_string(width) +
                                 " pixels are too long for fine-grained saliency on a card");
      }
      const std::size_t count = static_cast<std::size_t>(images);
      const std::size_t pixels = count * static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
      std::uint8_t* const planes = arena.take<std::uint8_t>(count * IntegralImages::planeBytes(height, width));
      std::uint32_t* const sums = arena.take<std::uint32_t>(count * IntegralImages::sumsLength(height, width));
      between = {planes, sums, images, height, width};
      contrasts = arena.take<std::uint32_t>(pixels);
      maxima = arena.take<std::uint32_t>(PeakSearch::kLimits * count);
    }
  };

  template <class Queue>
  static void run(Queue& queue, const Chunk& chunk, const std::byte*, const Scratch& scratch) {
    const auto& [count, height, width] = std::array{chunk.count, chunk.height, chunk.width};
    if (FineGrainedWhole::fits(height, width)) return queue.launch(FineGrainedWhole{chunk});
    queue.launch(SmoothGray{chunk, SmoothGray::tilesOf(height, width), scratch.between});
    queue.launch(SumColumns{scratch.between});
    queue.launch(SumRows{scratch.between});
    if (chunk.onlyPeaks && PeakSearch::fits(height, width)) return findPeaks(queue, chunk, scratch);
    queue.zero(scratch.maxima, 2 * static_cast<std::size_t>(count) * sizeof(std::uint32_t));
    queue.launch(Contrast{scratch.between, scratch.contrasts, scratch.maxima});
    queue.launch(CombineContrasts{scratch.contrasts, scratch.maxima, chunk});
  }

 private:
  template <class Queue>
  static void findPeaks(Queue& queue, const Chunk& chunk, const Scratch& scratch) {
    // A cell for 16 pixels, in place of their contrasts.
    auto* const cells = reinterpret_cast<PeakSearch::Cell*>(scratch.contrasts);
    const PeakSearch search{scratch.between, cells, scratch.maxima};
    queue.zero(scratch.maxima, PeakSearch::kLimits * static_cast<std::size_t>(chunk.count) * sizeof(std::uint32_t));
    queue.launch(BoundCells{search});
    queue.launch(FindMaxima{search});
    queue.launch(FindPeak{search, chunk.peaks});
  }
};

}  // namespace saliencymix::cuda
