// Frequency tuned saliency in float32 (core/saliency/frequency_tuned_float.h), with the bits of the processor's vector code.
//   pixels -> f of X, Y and Z and its sum over each image -> distance of the smoothed colour from the mean -> map, peak, low
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/saliency/frequency_tuned_float.h"
#include "cuda/block.h"
#include "cuda/bytes.h"
#include "cuda/chunk.h"
#include "cuda/kernels/keys.h"
#include "cuda/kernels/tiles.h"
#include "cuda/tuning.h"

namespace saliencymix::cuda {

// A block: one piece of one image. Bytes: each value read, and 12 a pixel written.
struct SumColours {
  static constexpr int kThreads = tuning::kPixelThreads;
  static constexpr int kPixelsOfThread = tuning::kPixelsOfThread;
  static constexpr int kPixels = kThreads * kPixelsOfThread;
  static constexpr int kValues = 256;

  Chunk chunk;
  const float* linear;   // of the 256 values of sRGB
  float* colours;        // count x 3 x height x width: planes of f(X), f(Y), f(Z)
  std::int64_t* sums;    // count x 3, in units of 2^-22; 0 before

  std::size_t sharedBytes() const { return 3 * kThreads * sizeof(std::int64_t) + kValues * sizeof(float); }
  int blocks() const { return chunk.count * partsOf(static_cast<int>(chunk.pixels()), kPixels); }

  template <class Block>
  SALIENCYMIX_HOST_DEVICE void operator()(const Block& block) const {
    const Piece piece(block.index(), static_cast<int>(chunk.pixels()), kPixels);
    std::int64_t* const partial = reinterpret_cast<std::int64_t*>(block.shared());  // 3 x kThreads
    float* const table = reinterpret_cast<float*>(partial + 3 * kThreads);

    block.each(kValues, [&](int i) { table[i] = linear[i]; });
    block.each(kThreads, [&](int thread) {
      static_assert(kPixelsOfThread <= frequencyTunedFloat::kInOneSum);
      std::uint32_t total[3] = {0, 0, 0};
      const auto count = [&](const Colour& colour) {
        SALIENCYMIX_UNROLL
        for (int k = 0; k < 3; k++) total[k] += frequencyTunedFloat::unitsOf(colour.of[k]);
      };
      if (chunk.pixels() % 4 == 0) fourByFour(thread, piece, table, count);
      else oneByOne(thread, piece, table, count);
      for (int k = 0; k < 3; k++) partial[k * kThreads + thread] = total[k];
    });
    reduce(block, partial, 3, kThreads, Sum());
    block.each(3, [&](int k) { block.atomicAdd(sums + 3 * piece.image + k, partial[k * kThreads]); });
  }

 private:
  using Colour = frequencyTunedFloat::Colour;

  SALIENCYMIX_HOST_DEVICE float* planeOf(int image, int k) const {
    return colours + (3 * static_cast<std::size_t>(image) + static_cast<std::size_t>(k)) * chunk.pixels();
  }

  template <class Count>
  SALIENCYMIX_HOST_DEVICE void oneByOne(int thread, const Piece& piece, const float* table, const Count& count) const {
    const ImageView image = chunk.image(piece.image);
    const int green = image.channels == 3 ? 1 : 0;
    for (int i = piece.begin + thread; i < piece.end; i += kThreads) {
      const std::uint8_t* pixel = image.data + static_cast<std::size_t>(i) * static_cast<std::size_t>(image.channels);
      const Colour colour = frequencyTunedFloat::colourOfLinear(table[pixel[0]], table[pixel[green]], table[pixel[2 * green]]);
      count(colour);
      for (int k = 0; k < 3; k++) planeOf(piece.image, k)[i] = colour.of[k];
    }
  }

  // A thread takes four pixels that lie side by side at a time, which are read and written together.
  template <class Count>
  SALIENCYMIX_HOST_DEVICE void fourByFour(int thread, const Piece& piece, const float* table, const Count& count) const {
    const ImageView image = chunk.image(piece.image);
    for (int i = piece.begin + 4 * thread; i < piece.end; i += 4 * kThreads) {
      const auto bytes = fourPixels(image, i);
      FourFloats planes[3];
      SALIENCYMIX_UNROLL
      for (int n = 0; n < 4; n++) {
        const Colour colour = frequencyTunedFloat::colourOfLinear(table[bytes.get(3 * n)], table[bytes.get(3 * n + 1)],
                                                                  table[bytes.get(3 * n + 2)]);
        count(colour);
        SALIENCYMIX_UNROLL
        for (int k = 0; k < 3; k++) planes[k].of[n] = colour.of[k];
      }
      SALIENCYMIX_UNROLL
      for (int k = 0; k < 3; k++) *reinterpret_cast<FourFloats*>(planeOf(piece.image, k) + i) = planes[k];
    }
  }
  // Gray ones with their value three times.
  SALIENCYMIX_HOST_DEVICE static Bytes<12> fourPixels(const ImageView& image, int i) {
    if (image.channels == 3) return Bytes<12>::load(image.data + 3 * static_cast<std::size_t>(i));
    const auto gray = Bytes<4>::load(image.data + i);
    Bytes<12> bytes{};
    SALIENCYMIX_UNROLL
    for (int n = 0; n < 12; n++) bytes.push(gray.get(n / 3));
    return bytes;
  }
};

// A block: one tile of one image, whose rows are smoothed four pixels at a time, and then its columns by threads that go down
// them. Bytes: 12 read a pixel, 4 written where maps are asked for.
struct ColourDistance {
  static constexpr int kThreads = tuning::kDistanceThreads;

  const float* colours;      // count x 3 x height x width
  const std::int64_t* sums;  // count x 3
  double share;              // of one of their units in a mean
  Tiles tiles;
  Chunk chunk;

  static Tiles tilesOf(int height, int width) {
    return Tiles::of(height, width, tuning::kDistanceColumns, tuning::kDistanceColumns * tuning::kDistanceRows);
  }
  std::size_t sharedBytes() const {
    return KeyReduction<kThreads>::kBytes + 3 * static_cast<std::size_t>((tiles.rows + 4) * tiles.cols) * sizeof(float);
  }
  int blocks() const { return chunk.count * tiles.perImage(); }

  template <class Block>
  SALIENCYMIX_HOST_DEVICE void operator()(const Block& block) const {
    const Tile tile = tiles.at(block.index(), chunk.height, chunk.width);
    const KeyReduction<kThreads> keys(block.shared());
    float* const across = reinterpret_cast<float*>(block.shared() + KeyReduction<kThreads>::kBytes);
    smoothRows(block, tile, across);
    block.each(kThreads, [&](int thread) {
      const std::int64_t* const sum = sums + 3 * tile.image;
      const Lab mean = frequencyTunedFloat::meanOf(sum[0], sum[1], sum[2], share);
      BestValues best;
      // The strips that a thread takes lie one below the other.
      for (int i = thread; i < partsOf(tile.rows, kStrip) * tile.cols; i += kThreads) {
        goDown(tile, across, mean, i / tile.cols * kStrip, i % tile.cols, best);
      }
      keys.put(thread, best);
    });
    keys.finish(block, chunk.peaks + tile.image, chunk.lows + tile.image);
  }

 private:
  using Lab = frequencyTunedFloat::Lab;
  static constexpr int kStrip = tuning::kDistanceRows / 2;
  static_assert(tuning::kDistanceColumns <= kThreads);

  // Rows of `across`: those of the tile and two on either side, as long as the widest tile. One plane after the other.
  SALIENCYMIX_HOST_DEVICE int planeSize() const { return (tiles.rows + 4) * tiles.cols; }

  template <class Block>
  SALIENCYMIX_HOST_DEVICE void smoothRows(const Block& block, const Tile& tile, float* across) const {
    const int fours = partsOf(tile.cols, 4);
    const float* const planes = colours + 3 * static_cast<std::size_t>(tile.image) * chunk.pixels();
    block.each((tile.rows + 4) * fours, [&](int i) {
      const int y = i / fours;
      const int x = i % fours * 4;
      const std::uint32_t row = static_cast<std::uint32_t>(mirrored(tile.top + y - 2, chunk.height)) *
                                static_cast<std::uint32_t>(chunk.width);
      SALIENCYMIX_UNROLL
      for (int k = 0; k < 3; k++) {
        const float* const from = planes + static_cast<std::size_t>(k) * chunk.pixels() + row;
        float v[12];
        SALIENCYMIX_UNROLL
        for (int part = 0; part < 3; part++) {
          const FourFloats four = fourAt(from, tile.left + x + 4 * (part - 1));
          SALIENCYMIX_UNROLL
          for (int n = 0; n < 4; n++) v[4 * part + n] = four.of[n];
        }
        FourFloats smooth;
        SALIENCYMIX_UNROLL
        for (int n = 0; n < 4; n++) smooth.of[n] = frequencyTunedFloat::blur14641(v[n + 2], v[n + 3], v[n + 4], v[n + 5], v[n + 6]);
        *reinterpret_cast<FourFloats*>(across + k * planeSize() + y * tiles.cols + x) = smooth;
      }
    });
  }

  // Values x .. x + 3 of a row; of those outside of the image, only the two next to it are right.
  SALIENCYMIX_HOST_DEVICE FourFloats fourAt(const float* row, int x) const {
    FourFloats four;
    if (chunk.width % 4 != 0) {
      SALIENCYMIX_UNROLL
      for (int n = 0; n < 4; n++) four.of[n] = row[reflect101(x + n, chunk.width)];
      return four;
    }
    const int inside = x < 0 ? 0 : (x < chunk.width ? x : chunk.width - 4);
    four = *reinterpret_cast<const FourFloats*>(row + inside);
    if (x < 0) four.of[3] = four.of[1];
    if (x >= chunk.width) four.of[0] = four.of[2];
    return four;
  }

  // Of a column of the tile, from row `begin` on.
  SALIENCYMIX_HOST_DEVICE void goDown(const Tile& tile, const float* across, const Lab& mean, int begin, int x,
                                      BestValues& best) const {
    const int end = begin + kStrip < tile.rows ? begin + kStrip : tile.rows;
    const std::size_t corner = static_cast<std::size_t>(tile.top) * static_cast<std::size_t>(chunk.width) +
                               static_cast<std::size_t>(tile.left + x);
    float* const map = chunk.maps == nullptr ? nullptr : chunk.maps + static_cast<std::size_t>(tile.image) * chunk.pixels();
    const float* from = across + begin * tiles.cols + x;
    float v[3][5];
    SALIENCYMIX_UNROLL
    for (int k = 0; k < 3; k++) {
      SALIENCYMIX_UNROLL
      for (int n = 0; n < 4; n++) v[k][n + 1] = from[k * planeSize() + n * tiles.cols];
    }
    from += 4 * tiles.cols;
    for (int y = begin; y < end; y++, from += tiles.cols) {
      float colour[3];
      SALIENCYMIX_UNROLL
      for (int k = 0; k < 3; k++) {
        SALIENCYMIX_UNROLL
        for (int n = 0; n < 4; n++) v[k][n] = v[k][n + 1];
        v[k][4] = from[k * planeSize()];
        colour[k] = frequencyTunedFloat::blur14641(v[k][0], v[k][1], v[k][2], v[k][3], v[k][4]);
      }
      const float distance = frequencyTunedFloat::distance(colour[0], colour[1], colour[2], mean);
      const std::size_t at = corner + static_cast<std::size_t>(y) * static_cast<std::size_t>(chunk.width);
      if (map != nullptr) map[at] = distance;
      best.update(distance, static_cast<std::uint32_t>(at));
    }
  }
};

}  // namespace saliencymix::cuda
