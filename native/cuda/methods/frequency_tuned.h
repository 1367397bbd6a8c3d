#pragma once

#include <vector>

#include "core/carver.h"
#include "core/saliency/frequency_tuned.h"
#include "cuda/kernels/frequency_tuned.h"

namespace saliencymix::cuda {

struct FrequencyTunedOnDevice {
  static constexpr const char* kName = "frequency-tuned";

  static std::vector<std::byte> tables(int, int) {
    std::vector<std::byte> bytes(SumColours::kValues * sizeof(float));
    Carver carver(bytes.data());
    float* linear = carver.take<float>(SumColours::kValues);
    for (const double value : FrequencyTuned::linearOfSrgb()) *linear++ = static_cast<float>(value);
    return bytes;
  }

  struct Scratch {
    float* lab;
    std::int64_t* sums;

    Scratch(Carver& carver, int images, int height, int width) {
      const std::size_t count = static_cast<std::size_t>(images);
      lab = carver.take<float>(3 * count * static_cast<std::size_t>(height) * static_cast<std::size_t>(width));
      sums = carver.take<std::int64_t>(3 * count);
    }
  };

  template <class Lane>
  static void run(Lane& lane, const Wave& wave, const std::byte* tables, const Scratch& scratch) {
    lane.zero(scratch.sums, 3 * static_cast<std::size_t>(wave.count) * sizeof(std::int64_t));
    lane.launch(SumColours{wave, reinterpret_cast<const float*>(tables), scratch.lab, scratch.sums});
    lane.launch(ColourDistance{scratch.lab, scratch.sums, Tiles::of(wave.height, wave.width), wave});
  }
};

}  // namespace saliencymix::cuda
