// Mixing by a mask: it says for each cell of an image how much of the target is seen there. Before, the cells of both images may
// be moved. Mixed pixel: floor(w * t + (1 - w) * s + 1/2) in float64, with the mask's w and the bytes t and s of what was moved
// there (the rounding of Blend, mix_kinds.h); pixels in float are not rounded. Bound: the bytes of two images read and one written.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "core/image.h"
#include "core/mix_kinds.h"
#include "core/nhwc_batch.h"

namespace saliencymix {

// rows x cols cells that divide an image evenly.
struct Cells {
  int rows;
  int cols;

  int count() const { return rows * cols; }
  bool divide(int height, int width) const { return height % rows == 0 && width % cols == 0; }
};

// Which cell of an image is shown at each place: a number of a cell, row by row, or -1 where none was moved to, which shows its
// own. nullptr: none is moved.
using CellMoves = const std::int32_t*;

struct MaskedSample {
  int target;  // positions in the batch
  int source;
  const float* weights;  // the target's, 0 .. 1, for each cell of the mask
  CellMoves targetMoves; // for each cell that is moved
  CellMoves sourceMoves;
};

// T: uint8_t or float.
template <class T>
class MaskedMixing {
 public:
  // Both grids divide the images.
  MaskedMixing(const NhwcBatch<T>& batch, Cells mask, Cells moved) : batch_(batch), mask_(mask), moved_(moved) {
    maskCell_ = {batch.height / mask.rows, batch.width / mask.cols};
    movedCell_ = {batch.height / moved.rows, batch.width / moved.cols};
  }

  // Writes a mixed image: height x width x channels values.
  void mix(const MaskedSample& sample, T* out) const {
    for (int y = 0; y < batch_.height; y++) {
      const float* const weights = sample.weights + y / maskCell_.height * mask_.cols;
      for (int x = 0; x < batch_.width;) {
        const int end = std::min(endOfCell(x, maskCell_.width), endOfCell(x, movedCell_.width));
        const auto length = static_cast<std::size_t>((end - x) * batch_.channels);
        const T* const target = shown(sample.target, sample.targetMoves, y, x);
        const T* const source = shown(sample.source, sample.sourceMoves, y, x);
        mixRun(weights[x / maskCell_.width], target, source, length, out);
        out += length;
        x = end;
      }
    }
  }

 private:
  struct Size {
    int height;
    int width;
  };

  static int endOfCell(int x, int width) { return (x / width + 1) * width; }

  // The pixel that is shown at a place, after the cells were moved.
  const T* shown(int image, CellMoves moves, int y, int x) const {
    const int at = y / movedCell_.height * moved_.cols + x / movedCell_.width;
    const int from = moves == nullptr || moves[at] < 0 ? at : moves[at];
    const int row = from / moved_.cols * movedCell_.height + y % movedCell_.height;
    const int col = from % moved_.cols * movedCell_.width + x % movedCell_.width;
    return batch_.pixel(image, row, col);
  }

  static void mixRun(double weight, const T* target, const T* source, std::size_t length, T* out) {
    if (weight == 1.0) {
      std::memcpy(out, target, length * sizeof(T));
    } else if (weight == 0.0) {
      std::memcpy(out, source, length * sizeof(T));
    } else {
      for (std::size_t i = 0; i < length; i++) out[i] = Blend::blendPixel(weight, target[i], source[i]);
    }
  }

  NhwcBatch<T> batch_;
  Cells mask_;
  Cells moved_;
  Size maskCell_{};
  Size movedCell_{};
};

}  // namespace saliencymix
