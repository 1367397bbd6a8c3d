// Fine-grained saliency (core/saliency/fine_grained.h), in whole numbers that are equal to the reference's.
//   pixels -> smoothed gray -> integral image -> on and off of every pixel, and their maxima -> map, peak, low
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/divide.h"
#include "core/saliency/fine_grained.h"
#include "cuda/block.h"
#include "cuda/chunk.h"
#include "cuda/kernels/integral.h"
#include "cuda/kernels/keys.h"
#include "cuda/kernels/tiles.h"
#include "cuda/tuning.h"

namespace saliencymix::cuda {

// Gray, smoothed twice. Beyond its borders the image is read mirrored. The mirrored pixels have mirrored neighbours, so
// smoothing them once gives just the pixels that the second smoothing needs there.
struct SmoothGray {
  static constexpr int kThreads = tuning::kTileThreads;

  Chunk chunk;
  Tiles tiles;
  std::uint8_t* smoothed;  // count x height x width

  std::size_t sharedBytes() const {
    const std::size_t gray = static_cast<std::size_t>(tiles.rows + 4) * static_cast<std::size_t>(tiles.cols + 4);
    return gray + static_cast<std::size_t>(tiles.rows + 2) * static_cast<std::size_t>(tiles.cols + 2);
  }
  int blocks() const { return chunk.count * tiles.perImage(); }

  template <class Block>
  SALIENCYMIX_HOST_DEVICE void operator()(const Block& block) const {
    const Tile tile = tiles.at(block.index(), chunk.height, chunk.width);
    // Not as structured bindings, which Clang before 16 does not let lambdas capture.
    const int top = tile.top, left = tile.left, rows = tile.rows, cols = tile.cols;
    const ImageView image = chunk.image(tile.image);
    std::uint8_t* const gray = reinterpret_cast<std::uint8_t*>(block.shared());  // (rows + 4) x (cols + 4)
    std::uint8_t* const once = gray + (tiles.rows + 4) * (tiles.cols + 4);       // (rows + 2) x (cols + 2)

    eachOfRectangle(block, kThreads, rows + 4, cols + 4, [&](int y, int x) {
      gray[y * (cols + 4) + x] =
          grayAt(image, reflect101(top + y - 2, chunk.height), reflect101(left + x - 2, chunk.width));
    });
    eachOfRectangle(block, kThreads, rows + 2, cols + 2, [&](int y, int x) {
      once[y * (cols + 2) + x] = smooth(gray + y * (cols + 4) + x, cols + 4);
    });
    std::uint8_t* const out = smoothed + static_cast<std::size_t>(tile.image) * chunk.pixels();
    eachOfRectangle(block, kThreads, rows, cols, [&](int y, int x) {
      out[static_cast<std::size_t>(top + y) * static_cast<std::size_t>(chunk.width) + static_cast<std::size_t>(left + x)] =
          smooth(once + y * (cols + 2) + x, cols + 2);
    });
  }

 private:
  // Of the 3 x 3 values from `corner` on: [1 2 1] x [1 2 1], rounded.
  SALIENCYMIX_HOST_DEVICE static std::uint8_t smooth(const std::uint8_t* corner, int rowLength) {
    const auto across = [](const std::uint8_t* row) { return row[0] + 2 * row[1] + row[2]; };
    return static_cast<std::uint8_t>(
        (across(corner) + 2 * across(corner + rowLength) + across(corner + 2 * rowLength) + 8) >> 4);
  }
};

// on and off of every pixel. A thread walks down a part of a column: a window's area, and with it the number to divide by,
// changes only near the borders.
struct Contrast {
  static constexpr int kThreads = tuning::kContrastThreads;
  static constexpr int kBlocksAtOnce = tuning::kThreadsAtOnce / kThreads;
  static constexpr int kWindows = 6;

  const std::uint8_t* smoothed;    // count x height x width
  const std::uint32_t* integral;   // count x (height + 1) x (width + 1)
  int count;
  int height;
  int width;
  std::uint32_t* contrasts;  // count x height x width: on in the lower half, off in the upper
  std::uint32_t* maxima;     // count x 2: the greatest on, the greatest off; must be 0 before

  std::size_t sharedBytes() const { return 0; }
  int blocks() const { return partsOf(count * bands() * width, kThreads); }
  // Columns are cut into bands of about the same height, one for a thread.
  SALIENCYMIX_HOST_DEVICE int bands() const { return partsOf(height, tuning::kContrastRows); }
  SALIENCYMIX_HOST_DEVICE int rowsOfBand() const { return partsOf(height, bands()); }

  template <class Block>
  SALIENCYMIX_HOST_DEVICE void operator()(const Block& block) const {
    eachOfLaunch(block, kThreads, count * bands() * width, [&](int item) {
      const int inImage = item % (bands() * width);
      walk(block, item / (bands() * width), inImage / width * rowsOfBand(), inImage % width);
    });
  }

 private:
  template <class Block>
  SALIENCYMIX_HOST_DEVICE void walk(const Block& block, int image, int begin, int x) const {
    const std::size_t wide = static_cast<std::size_t>(width);
    const std::size_t column = static_cast<std::size_t>(image) * static_cast<std::size_t>(height) * wide +
                               static_cast<std::size_t>(x);
    const std::uint32_t* const sums = integral + static_cast<std::size_t>(image) * integralSize(height, width);
    const int end = begin + rowsOfBand() < height ? begin + rowsOfBand() : height;
    FineGrained::Span across[kWindows];
    std::uint32_t reciprocals[kWindows];
    int rowsOf[kWindows];
    SALIENCYMIX_UNROLL
    for (int w = 0; w < kWindows; w++) {
      across[w] = FineGrained::windowAround(x, reach(w), width);
      rowsOf[w] = 0;
      reciprocals[w] = 0;
    }
    std::uint32_t maxOn = 0;
    std::uint32_t maxOff = 0;
    for (int y = begin; y < end; y++) {
      const std::size_t at = column + static_cast<std::size_t>(y) * wide;
      const std::uint32_t value = smoothed[at];
      std::uint32_t on = 0;
      std::uint32_t off = 0;
      SALIENCYMIX_UNROLL
      for (int w = 0; w < kWindows; w++) {
        const FineGrained::Span down = FineGrained::windowAround(y, reach(w), height);
        const std::uint32_t area = static_cast<std::uint32_t>(down.length() * across[w].length());
        const std::uint32_t others = area > 1 ? area - 1 : 1;  // where the area is 1 the difference is 0
        if (down.length() != rowsOf[w]) {
          rowsOf[w] = down.length();
          reciprocals[w] = reciprocalOf(others);
        }
        const std::uint32_t* const upper = sums + static_cast<std::size_t>(down.begin) * (wide + 1);
        const std::uint32_t* const lower = sums + static_cast<std::size_t>(down.end) * (wide + 1);
        const std::uint32_t sum =
            lower[across[w].end] - lower[across[w].begin] - upper[across[w].end] + upper[across[w].begin];
        const std::uint32_t whole = value * area;
        const std::uint32_t quotient = divide(whole > sum ? whole - sum : sum - whole, others, reciprocals[w]);
        if (whole > sum) on += quotient;
        else off += quotient;
      }
      contrasts[at] = on | (off << 16);
      maxOn = Max()(maxOn, on);
      maxOff = Max()(maxOff, off);
    }
    block.atomicMax(maxima + 2 * image, maxOn);
    block.atomicMax(maxima + 2 * image + 1, maxOff);
  }

  // FineGrained::kReach, as a function: code for a graphics card cannot read that array.
  SALIENCYMIX_HOST_DEVICE static constexpr int reach(int window) {
    return window < 3 ? 12 << window : 28 << (window - 3);
  }
  static_assert(FineGrained::kReach[0] == 12 && FineGrained::kReach[1] == 24 && FineGrained::kReach[2] == 48 &&
                FineGrained::kReach[3] == 28 && FineGrained::kReach[4] == 56 && FineGrained::kReach[5] == 112);
};

// Adds up on and off as shares of the image's greatest; finds the extremes of the map. A block: one piece of one image.
struct CombineContrasts {
  static constexpr int kThreads = tuning::kPixelThreads;
  static constexpr int kPixels = kThreads * tuning::kPixelsOfThread;

  const std::uint32_t* contrasts;  // count x height x width
  const std::uint32_t* maxima;     // count x 2
  Chunk chunk;

  std::size_t sharedBytes() const { return KeyReduction<kThreads>::kBytes; }
  int blocks() const { return chunk.count * partsOf(static_cast<int>(chunk.pixels()), kPixels); }

  template <class Block>
  SALIENCYMIX_HOST_DEVICE void operator()(const Block& block) const {
    const Piece piece(block.index(), static_cast<int>(chunk.pixels()), kPixels);
    const int image = piece.image;
    const std::size_t first = static_cast<std::size_t>(image) * chunk.pixels();
    const Share ofOn(maxima[2 * image]);
    const Share ofOff(maxima[2 * image + 1]);
    const KeyReduction<kThreads> keys(block.shared());
    block.each(kThreads, [&](int thread) {
      BestValues best;
      for (int i = piece.begin + thread; i < piece.end; i += kThreads) {
        const std::size_t at = first + static_cast<std::size_t>(i);
        const float value = FineGrained::mapValue(ofOn.of(contrasts[at] & 0xffffu), ofOff.of(contrasts[at] >> 16));
        if (chunk.maps != nullptr) chunk.maps[at] = value;
        best.update(value, static_cast<std::uint32_t>(i));
      }
      keys.put(thread, best);
    });
    keys.finish(block, chunk.peaks + image, chunk.lows + image);
  }

 private:
  // As FineGrained::share255.
  struct Share {
    std::uint32_t maximum;
    std::uint32_t reciprocal;

    SALIENCYMIX_HOST_DEVICE explicit Share(std::uint32_t ofMaximum)
        : maximum(ofMaximum == 0 ? 1 : ofMaximum), reciprocal(reciprocalOf(maximum)) {}
    SALIENCYMIX_HOST_DEVICE int of(std::uint32_t value) const {
      return static_cast<int>(divide(255 * value, maximum, reciprocal));
    }
  };
};

}  // namespace saliencymix::cuda
