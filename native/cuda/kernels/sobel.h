// Sobel saliency (core/saliency/sobel.h), by the same arithmetic, so to the same bits.
//   pixels -> squared length of every gradient, and their maximum -> map, peak, low
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/saliency/sobel.h"
#include "cuda/block.h"
#include "cuda/chunk.h"
#include "cuda/kernels/keys.h"
#include "cuda/kernels/tiles.h"
#include "cuda/tuning.h"

namespace saliencymix::cuda {

// A block: one tile of one image.
struct SquareGradients {
  static constexpr int kThreads = tuning::kTileThreads;

  Chunk chunk;
  Tiles tiles;
  std::uint32_t* squares;  // count x height x width
  std::uint32_t* maximum;  // count: the largest of each image; must be 0 before

  std::size_t sharedBytes() const {
    return kThreads * sizeof(std::uint32_t) + static_cast<std::size_t>(tiles.rows + 2) * static_cast<std::size_t>(tiles.cols + 2);
  }
  int blocks() const { return chunk.count * tiles.perImage(); }

  template <class Block>
  SALIENCYMIX_HOST_DEVICE void operator()(const Block& block) const {
    const Tile tile = tiles.at(block.index(), chunk.height, chunk.width);
    // Not as structured bindings, which Clang before 16 does not let lambdas capture.
    const int top = tile.top, left = tile.left, rows = tile.rows, cols = tile.cols;
    const ImageView image = chunk.image(tile.image);
    std::uint32_t* const largest = reinterpret_cast<std::uint32_t*>(block.shared());      // of each thread
    std::uint8_t* const gray = reinterpret_cast<std::uint8_t*>(largest + kThreads);       // (rows + 2) x (cols + 2)
    std::uint32_t* const out = squares + static_cast<std::size_t>(tile.image) * chunk.pixels();

    eachOfRectangle(block, kThreads, rows + 2, cols + 2, [&](int y, int x) {
      gray[y * (cols + 2) + x] = grayAt(image, reflect101(top + y - 1, chunk.height), reflect101(left + x - 1, chunk.width));
    });
    block.each(kThreads, [&](int thread) {
      std::uint32_t ofThread = 0;
      eachOfThread(thread, kThreads, rows, cols, [&](int y, int x) {
        const std::uint8_t* const center = gray + (y + 1) * (cols + 2) + x + 1;
        const std::uint32_t square =
            Sobel::squareOf([&](int down, int right) { return static_cast<int>(center[down * (cols + 2) + right]); });
        out[static_cast<std::size_t>(top + y) * static_cast<std::size_t>(chunk.width) + static_cast<std::size_t>(left + x)] =
            square;
        ofThread = Max()(ofThread, square);
      });
      largest[thread] = ofThread;
    });
    reduce(block, largest, 1, kThreads, Max());
    block.each(1, [&](int) { block.atomicMax(maximum + tile.image, largest[0]); });
  }
};

// The lengths as shares of the image's largest; finds the extremes of the map. A block: one piece of one image.
struct ShareGradients {
  static constexpr int kThreads = tuning::kPixelThreads;
  static constexpr int kPixels = kThreads * tuning::kPixelsOfThread;

  const std::uint32_t* squares;  // count x height x width
  const std::uint32_t* maximum;  // count
  Chunk chunk;

  std::size_t sharedBytes() const { return KeyReduction<kThreads>::kBytes; }
  int blocks() const { return chunk.count * partsOf(static_cast<int>(chunk.pixels()), kPixels); }

  template <class Block>
  SALIENCYMIX_HOST_DEVICE void operator()(const Block& block) const {
    const Piece piece(block.index(), static_cast<int>(chunk.pixels()), kPixels);
    const int image = piece.image;
    const std::size_t first = static_cast<std::size_t>(image) * chunk.pixels();
    const KeyReduction<kThreads> keys(block.shared());
    block.each(kThreads, [&](int thread) {
      BestValues best;
      for (int i = piece.begin + thread; i < piece.end; i += kThreads) {
        const std::size_t at = first + static_cast<std::size_t>(i);
        const float value = Sobel::share(squares[at], maximum[image]);
        if (chunk.maps != nullptr) chunk.maps[at] = value;
        best.update(value, static_cast<std::uint32_t>(i));
      }
      keys.put(thread, best);
    });
    keys.finish(block, chunk.peaks + image, chunk.lows + image);
  }
};

}  // namespace saliencymix::cuda
