// Frequency tuned saliency (core/saliency/frequency_tuned.h), in float32: the same bits wherever it runs, within the
// method's tolerance of the float64 reference.
//   pixels -> CIELab and its sum over each image -> distance of the smoothed colour from the mean -> map, peak, low
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

#include "core/saliency/frequency_tuned_float.h"
#include "cuda/block.h"
#include "cuda/chunk.h"
#include "cuda/kernels/keys.h"
#include "cuda/kernels/tiles.h"
#include "cuda/tuning.h"

namespace saliencymix::cuda {

// A block: one piece of one image.
struct SumColours {
  static constexpr int kThreads = tuning::kPixelThreads;
  static constexpr int kPixels = kThreads * tuning::kPixelsOfThread;
  static constexpr int kValues = 256;

  Chunk chunk;
  const float* linear;   // of the 256 values of sRGB
  float* lab;            // count x 3 x height x width: planes L, a, b
  std::int64_t* sums;    // count x 3, in units of 2^-16; 0 before

  std::size_t sharedBytes() const { return 3 * kThreads * sizeof(std::int64_t) + kValues * sizeof(float); }
  int blocks() const { return chunk.count * partsOf(static_cast<int>(chunk.pixels()), kPixels); }

  template <class Block>
  SALIENCYMIX_HOST_DEVICE void operator()(const Block& block) const {
    const Piece piece(block.index(), static_cast<int>(chunk.pixels()), kPixels);
    const int number = piece.image;
    const ImageView image = chunk.image(number);
    std::int64_t* const partial = reinterpret_cast<std::int64_t*>(block.shared());  // 3 x kThreads
    float* const table = reinterpret_cast<float*>(partial + 3 * kThreads);
    float* const planes = lab + 3 * static_cast<std::size_t>(number) * chunk.pixels();
    const int green = image.channels == 3 ? 1 : 0;

    block.each(kValues, [&](int i) { table[i] = linear[i]; });
    block.each(kThreads, [&](int thread) {
      std::int64_t ofL = 0;
      std::int64_t ofA = 0;
      std::int64_t ofB = 0;
      for (int i = piece.begin + thread; i < piece.end; i += kThreads) {
        const std::uint8_t* pixel = image.data + static_cast<std::size_t>(i) * static_cast<std::size_t>(image.channels);
        const LabFloat colour = labFloatOfLinear(table[pixel[0]], table[pixel[green]], table[pixel[2 * green]]);
        planes[static_cast<std::size_t>(i)] = colour.l;
        planes[chunk.pixels() + static_cast<std::size_t>(i)] = colour.a;
        planes[2 * chunk.pixels() + static_cast<std::size_t>(i)] = colour.b;
        ofL += fixedPoint(colour.l);
        ofA += fixedPoint(colour.a);
        ofB += fixedPoint(colour.b);
      }
      partial[thread] = ofL;
      partial[kThreads + thread] = ofA;
      partial[2 * kThreads + thread] = ofB;
    });
    reduce(block, partial, 3, kThreads, Sum());
    block.each(3, [&](int k) { block.atomicAdd(sums + 3 * number + k, partial[k * kThreads]); });
  }
};

// A block: one tile of one image.
struct ColourDistance {
  static constexpr int kThreads = tuning::kTileThreads;
  static constexpr int kBlocksAtOnce = tuning::kThreadsAtOnce / kThreads;

  const float* lab;          // count x 3 x height x width
  const std::int64_t* sums;  // count x 3
  Tiles tiles;
  Chunk chunk;

  std::size_t sharedBytes() const {
    const std::size_t around = static_cast<std::size_t>(tiles.rows + 4) * static_cast<std::size_t>(tiles.cols + 4);
    const std::size_t across = static_cast<std::size_t>(tiles.rows + 4) * static_cast<std::size_t>(tiles.cols);
    return KeyReduction<kThreads>::kBytes + (3 * around + 3 * across) * sizeof(float);
  }
  int blocks() const { return chunk.count * tiles.perImage(); }

  template <class Block>
  SALIENCYMIX_HOST_DEVICE void operator()(const Block& block) const {
    const Tile tile = tiles.at(block.index(), chunk.height, chunk.width);
    // Not as structured bindings, which Clang before 16 does not let lambdas capture.
    const int top = tile.top, left = tile.left, rows = tile.rows, cols = tile.cols;
    const KeyReduction<kThreads> keys(block.shared());
    float* const around = reinterpret_cast<float*>(block.shared() + KeyReduction<kThreads>::kBytes);
    float* const across = around + 3 * (tiles.rows + 4) * (tiles.cols + 4);
    const int aroundSize = (rows + 4) * (cols + 4);
    const int acrossSize = (rows + 4) * cols;
    const float* const planes = lab + 3 * static_cast<std::size_t>(tile.image) * chunk.pixels();

    eachOfRectangle(block, kThreads, rows + 4, cols + 4, [&](int y, int x) {
      const std::size_t row = static_cast<std::size_t>(reflect101(top + y - 2, chunk.height));
      const std::size_t col = static_cast<std::size_t>(reflect101(left + x - 2, chunk.width));
      const std::size_t at = row * static_cast<std::size_t>(chunk.width) + col;
      for (int k = 0; k < 3; k++) {
        around[k * aroundSize + y * (cols + 4) + x] = planes[static_cast<std::size_t>(k) * chunk.pixels() + at];
      }
    });
    eachOfRectangle(block, kThreads, rows + 4, cols, [&](int y, int x) {
      for (int k = 0; k < 3; k++) {
        const float* const v = around + k * aroundSize + y * (cols + 4) + x;
        across[k * acrossSize + y * cols + x] = blur14641(v[0], v[1], v[2], v[3], v[4]);
      }
    });
    block.each(kThreads, [&](int thread) {
      float mean[3];
      for (int k = 0; k < 3; k++) mean[k] = meanOfFixed(sums[3 * tile.image + k], static_cast<std::int64_t>(chunk.pixels()));
      BestValues best;
      eachOfThread(thread, kThreads, rows, cols, [&](int y, int x) {
        float squares = 0.0f;
        for (int k = 0; k < 3; k++) {
          const float* const v = across + k * acrossSize + y * cols + x;
          const float difference = blur14641(v[0], v[cols], v[2 * cols], v[3 * cols], v[4 * cols]) - mean[k];
          squares = std::fma(difference, difference, squares);
        }
        const float distance = std::sqrt(squares);
        const std::size_t at =
            static_cast<std::size_t>(top + y) * static_cast<std::size_t>(chunk.width) + static_cast<std::size_t>(left + x);
        if (chunk.maps != nullptr) chunk.maps[static_cast<std::size_t>(tile.image) * chunk.pixels() + at] = distance;
        best.update(distance, static_cast<std::uint32_t>(at));
      });
      keys.put(thread, best);
    });
    keys.finish(block, chunk.peaks + tile.image, chunk.lows + tile.image);
  }
};

}  // namespace saliencymix::cuda
