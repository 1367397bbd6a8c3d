#pragma once

#include <vector>

#include "core/carver.h"
#include "cuda/kernels/sobel.h"

namespace saliencymix::cuda {

struct SobelOnDevice {
  static constexpr const char* kName = "sobel";

  static std::vector<std::byte> tables(int, int) { return {}; }

  struct Scratch {
    std::uint32_t* squares;
    std::uint32_t* most;

    Scratch(Carver& carver, int images, int height, int width) {
      const std::size_t count = static_cast<std::size_t>(images);
      squares = carver.take<std::uint32_t>(count * static_cast<std::size_t>(height) * static_cast<std::size_t>(width));
      most = carver.take<std::uint32_t>(count);
    }
  };

  template <class Lane>
  static void run(Lane& lane, const Wave& wave, const std::byte*, const Scratch& scratch) {
    lane.zero(scratch.most, static_cast<std::size_t>(wave.count) * sizeof(std::uint32_t));
    lane.launch(SquareGradients{wave, Tiles::of(wave.height, wave.width), scratch.squares, scratch.most});
    lane.launch(ShareGradients{scratch.squares, scratch.most, wave});
  }
};

}  // namespace saliencymix::cuda
