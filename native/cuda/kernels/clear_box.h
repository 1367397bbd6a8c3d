// Boxes that are 0 in the output (core/fill.h), over what has been mixed.
#pragma once

#include <cstddef>

#include "core/fill.h"
#include "cuda/kernels/mix.h"

namespace saliencymix::cuda {

// One value for each thread, in the order of the output.
template <class T>
struct ClearBoxes {
  static constexpr int kThreads = tuning::kMixThreads;

  MixInput input;
  OutputFormat format;
  T* out;

  std::size_t sharedBytes() const { return 0; }
  int blocks() const { return input.count * partsOf(input.imageLength(), kThreads); }

  template <class Block>
  SALIENCYMIX_HOST_DEVICE void operator()(const Block& block) const {
    const int length = input.imageLength();
    const Piece piece(block.index(), length, kThreads);
    const MixSample& sample = input.samples[piece.image];
    if (!clearsBox(sample, format)) return;
    const Box& to = sample.boxes.to;
    eachOfPiece(block, kThreads, piece, [&](int i) {
      const int plane = input.batch.height * input.batch.width;
      const int pixel = format.layout == Layout::nchw ? i % plane : i / input.batch.channels;
      const int y = pixel / input.batch.width;
      const int x = pixel % input.batch.width;
      if (y < to.top || y >= to.bottom || x < to.left || x >= to.right) return;
      out[static_cast<std::size_t>(piece.image) * static_cast<std::size_t>(length) + static_cast<std::size_t>(i)] = T{0};
    });
  }
};

}  // namespace saliencymix::cuda
