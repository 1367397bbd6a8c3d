#pragma once

#include <array>
#include <vector>

#include "core/carver.h"
#include "cuda/kernels/fine_grained.h"

namespace saliencymix::cuda {

struct FineGrainedOnDevice {
  static constexpr const char* kName = "fine-grained";

  static std::vector<std::byte> tables(int, int) { return {}; }

  struct Scratch {
    std::uint8_t* smoothed;
    std::uint32_t* integral;
    std::uint32_t* contrasts;
    std::uint32_t* most;

    Scratch(Carver& carver, int images, int height, int width) {
      const std::size_t count = static_cast<std::size_t>(images);
      const std::size_t pixels = count * static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
      smoothed = carver.take<std::uint8_t>(pixels);
      integral = carver.take<std::uint32_t>(count * integralSize(height, width));
      contrasts = carver.take<std::uint32_t>(pixels);
      most = carver.take<std::uint32_t>(2 * count);
    }
  };

  template <class Lane>
  static void run(Lane& lane, const Wave& wave, const std::byte*, const Scratch& scratch) {
    const auto& [count, height, width] = std::array{wave.count, wave.height, wave.width};
    lane.launch(SmoothGray{wave, Tiles::of(height, width), scratch.smoothed});
    lane.launch(SumColumns{scratch.smoothed, count, height, width, scratch.integral});
    lane.launch(SumRows{scratch.integral, count * (height + 1), width + 1});
    lane.zero(scratch.most, 2 * static_cast<std::size_t>(count) * sizeof(std::uint32_t));
    lane.launch(Contrast{scratch.smoothed, scratch.integral, count, height, width, scratch.contrasts, scratch.most});
    lane.launch(CombineContrasts{scratch.contrasts, scratch.most, wave});
  }
};

}  // namespace saliencymix::cuda
