// How the parts of a convolution are seen by the kernels.
#pragma once

#include <algorithm>
#include <cstddef>

#include "train/convolution.h"
#include "train/winograd.h"

namespace saliencymix::train {

// Limits of strips.
constexpr int kMinStripWidth = 8;
constexpr int kMaxStripWidth = 256;
constexpr int kMaxStripColumns = 2304;
constexpr std::size_t kMaxStripFloats = std::size_t{256} << 10;  // of one row of the grid

// Every channel by itself, and one output for each: that has kernels of its own.
inline bool isDepthwise(const ConvolutionShape& shape) {
  return shape.groupChannels() == 1 && shape.groupOutputs() == 1 && shape.groups > 1;
}

// Where a group's channels begin in the pixels of the input and in those of the output. Of nothing: nothing.
class GroupPointers {
 public:
  GroupPointers(const ConvolutionShape& shape, int group)
      : channel_(static_cast<std::size_t>(group) * static_cast<std::size_t>(shape.groupChannels())),
        output_(static_cast<std::size_t>(group) * static_cast<std::size_t>(shape.groupOutputs())) {}

  template <class T>
  T* channels(T* pixels) const {
    return pixels == nullptr ? nullptr : pixels + channel_;
  }
  PixelFactors channels(const PixelFactors& all) const {
    return {channels(all.mean), channels(all.slope), channels(all.bias), all.relu};
  }
  template <class T>
  T* outputs(T* pixels) const {
    return pixels == nullptr ? nullptr : pixels + output_;
  }

 private:
  std::size_t channel_;
  std::size_t output_;
};

// What the places of the output see of the input, of one group's channels; of all where each is by itself.
inline TapWindow windowOf(const ConvolutionShape& s, const float* input) {
  return {input,
          s.height,
          s.width,
          s.channels,
          isDepthwise(s) ? s.channels : s.groupChannels(),
          s.outputHeight(),
          s.outputWidth(),
          s.strideY,
          s.strideX,
          {-s.padTop, s.kernelHeight > 1 ? s.dilationY : 1, s.kernelHeight},
          {-s.padLeft, s.kernelWidth > 1 ? s.dilationX : 1, s.kernelWidth}};
}

// Whether a convolution, and so its gradient by the weights, is computed in tiles.
inline bool inTiles(const ConvolutionShape& s) {
  return s.form == ConvolutionForm::winograd && !isDepthwise(s) && takesTiles(windowOf(s, nullptr), s.groupOutputs());
}

// All places of the output.
inline ResultGrid gridOf(const ConvolutionShape& s, float* output) {
  return {output, s.outputHeight(), s.outputWidth(), s.outputs, 0, 0, 1, 1};
}

// What a strip for so many rows of the grid holds.
inline std::size_t stripFloats(const TapWindow& w, int lines) {
  const int rows = (lines - 1) * w.strideY + (w.y.count - 1) * w.y.step + 1;
  const int pixels = (w.gridWidth - 1) * w.strideX + w.x.count;
  return static_cast<std::size_t>(rows) * static_cast<std::size_t>(pixels) * static_cast<std::size_t>(w.channels);
}

// Whether a window is better taken as strips (kernels/window.inc) than as a matrix: strips are copied faster, but a tile of
// results then ends where a row of the grid ends.
inline bool takesStrips(const TapWindow& w) {
  const int taps = w.y.count * w.x.count;
  return taps > 1 && w.x.step == 1 && w.strideX <= w.x.count && w.gridWidth >= kMinStripWidth && w.gridWidth <= kMaxStripWidth &&
         taps * w.channels <= kMaxStripColumns && stripFloats(w, 1) <= kMaxStripFloats;
}

// How many rows of the grid make a block of about `rows` places, as evenly as they go into an image.
inline int stripLines(const TapWindow& w, int rows) {
  const int most = std::clamp(rows / w.gridWidth, 1, w.gridHeight);
  const int blocks = (w.gridHeight + most - 1) / most;
  return (w.gridHeight + blocks - 1) / blocks;
}

void runDepthwise(const DepthwiseProduct& product, int batch, const TrainRun& run);

}  // namespace saliencymix::train
