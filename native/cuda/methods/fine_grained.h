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
    // Of maps, and the greatest of each image.
    std::uint32_t* contrasts = nullptr;
    std::uint32_t* maxima = nullptr;
    // Of a search for peaks alone; and how many cells are on its list, of the maxima and of the peaks.
    PeakSearch search = {};
    std::uint32_t* listed = nullptr;
    bool isSearch = false;

    // Small images need none; so little is asked for that a chunk has as many of them as it may.
    Scratch(ArenaLayout& arena, int images, int height, int width, bool onlyPeaks) {
      if (FineGrainedWhole::fits(height, width)) images = height = width = 1;
      if (!IntegralImages::fits(height, width)) {
        throw std::runtime_error("images of " + std::to_string(height) + " x " + std::to_string(width) +
                                 " pixels are too long for fine-grained saliency on a card");
      }
      const std::size_t count = static_cast<std::size_t>(images);
      std::uint8_t* const planes = arena.take<std::uint8_t>(count * IntegralImages::planeBytes(height, width));
      std::uint32_t* const sums = arena.take<std::uint32_t>(count * IntegralImages::sumsLength(height, width));
      between = {planes, sums, images, height, width};
      if (onlyPeaks && PeakSearch::fits(height, width)) {
        const std::size_t cells = count * static_cast<std::size_t>(PeakSearch::cellsOf(height, width));
        search = {between, arena.take<PeakSearch::Cell>(cells), arena.take<std::uint32_t>(PeakSearch::kLimits * count),
                  arena.take<std::uint32_t>(cells)};
        listed = arena.take<std::uint32_t>(2);
        isSearch = true;
        return;
      }
      contrasts = arena.take<std::uint32_t>(count * static_cast<std::size_t>(height) * static_cast<std::size_t>(width));
      maxima = arena.take<std::uint32_t>(2 * count);
    }
  };

  template <class Queue>
  static void run(Queue& queue, const Chunk& chunk, const std::byte*, const Scratch& scratch) {
    const auto& [count, height, width] = std::array{chunk.count, chunk.height, chunk.width};
    if (FineGrainedWhole::fits(height, width)) return queue.launch(FineGrainedWhole{chunk});
    queue.launch(SmoothGray{chunk, SmoothGray::tilesOf(height, width), scratch.between});
    queue.launch(SumColumns{scratch.between});
    queue.launch(SumRows{scratch.between});
    if (scratch.isSearch) return findPeaks(queue, chunk, scratch.search, scratch.listed);
    queue.zero(scratch.maxima, 2 * static_cast<std::size_t>(count) * sizeof(std::uint32_t));
    queue.launch(Contrast{scratch.between, scratch.contrasts, scratch.maxima});
    queue.launch(CombineContrasts{scratch.contrasts, scratch.maxima, chunk});
  }

 private:
  template <class Queue>
  static void findPeaks(Queue& queue, const Chunk& chunk, const PeakSearch& search, std::uint32_t* listed) {
    queue.zero(search.limits, PeakSearch::kLimits * static_cast<std::size_t>(chunk.count) * sizeof(std::uint32_t));
    queue.zero(listed, 2 * sizeof(std::uint32_t));
    queue.launch(BoundCells{search});
    queue.launch(SelectCells<MayHaveMore>{search, listed});
    queue.launch(FindMaxima{search, listed});
    queue.launch(SelectCells<MayHaveAll>{search, listed + 1});
    queue.launch(FindPeak{search, listed + 1, chunk.peaks});
  }
};

}  // namespace saliencymix::cuda
