// Images shifted and mirrored as drawn for them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/crop_flip.h"
#include "cuda/block.h"
#include "cuda/tuning.h"

namespace saliencymix::cuda {

// One value for each thread.
struct CropFlipValues {
  static constexpr int kThreads = tuning::kMixThreads;

  const std::uint8_t* batch;  // count x height x width x channels
  int count;
  int height;
  int width;
  int channels;
  const CropFlip* draws;  // count
  std::uint8_t* out;      // as the batch

  std::size_t sharedBytes() const { return 0; }
  int blocks() const { return count * partsOf(height * width * channels, kThreads); }

  template <class Block>
  SALIENCYMIX_HOST_DEVICE void operator()(const Block& block) const {
    const int length = height * width * channels;
    const Piece piece(block.index(), length, kThreads);
    const std::size_t first = static_cast<std::size_t>(piece.image) * static_cast<std::size_t>(length);
    const ImageView image{batch + first, height, width, channels};
    eachOfPiece(block, kThreads, piece, [&](int i) {
      const int pixel = i / channels;
      out[first + static_cast<std::size_t>(i)] =
          cropFlipValue(image, draws[piece.image], pixel / width, pixel % width, i % channels);
    });
  }
};

}  // namespace saliencymix::cuda
