#pragma once

#include <vector>

#include "core/arena_layout.h"
#include "cuda/kernels/sobel.h"

namespace saliencymix::cuda {

struct SobelOnDevice {
  static constexpr const char* kName = "sobel";

  static std::vector<std::byte> tables(int, int) { return {}; }

  struct Scratch {
    std::uint32_t* squares;
    std::uint32_t* maximum;

    Scratch(ArenaLayout& arena, int images, int height, int width, bool) {
      const std::size_t count = static_cast<std::size_t>(images);
      squares = arena.take<std::uint32_t>(count * static_cast<std::size_t>(height) * static_cast<std::size_t>(width));
      maximum = arena.take<std::uint32_t>(count);
    }
  };

  template <class Queue>
  static void run(Queue& queue, const Chunk& chunk, const std::byte*, const Scratch& scratch) {
    queue.zero(scratch.maximum, static_cast<std::size_t>(chunk.count) * sizeof(std::uint32_t));
    queue.launch(SquareGradients{chunk, Tiles::of(chunk.height, chunk.width), scratch.squares, scratch.maximum});
    queue.launch(ShareGradients{scratch.squares, scratch.maximum, chunk});
  }
};

}  // namespace saliencymix::cuda
