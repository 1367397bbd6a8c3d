// An input that a convolution normalises where it reads it. Tiles are read so (winograd_kernels.h); for the other kernels, which
// read a pixel many times, all of it is normalised first, into the workspace.
#pragma once

#include <cstddef>

#include "core/arena_layout.h"
#include "train/convolution.h"
#include "train/convolution_windows.h"

namespace saliencymix::train {

// What the kernels read.
struct ReadInput {
  const float* pixels = nullptr;
  PixelFactors factors = {};
};

// What the places of the output see of it, of one group's channels.
inline TapWindow windowOf(const ConvolutionShape& shape, const ReadInput& input, int group) {
  const GroupPointers at(shape, group);
  TapWindow window = windowOf(shape, at.channels(input.pixels));
  window.factors = at.channels(input.factors);
  return window;
}

class InputMemory {
 public:
  // Takes memory; none, unless it is `normalised`.
  InputMemory(const ConvolutionShape& shape, bool normalised, ArenaLayout& arena);
  // `norm`: or nullptr.
  ReadInput read(const float* input, const InputNorm* norm, const TrainRun& run) const;

 private:
  ChannelRows rows_;
  bool inTiles_;
  std::size_t factorBytes_ = 0;
  std::byte* factors_ = nullptr;
  float* pixels_ = nullptr;
};

}  // namespace saliencymix::train
