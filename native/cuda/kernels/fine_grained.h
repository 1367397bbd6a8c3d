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
#include "cuda/kernels/smooth.h"
#include "cuda/kernels/tiles.h"
#include "cuda/tuning.h"

namespace saliencymix::cuda {

// Gray, smoothed twice. Bytes: each value read once, but for the border of a tile, and a byte a pixel written.
struct SmoothGray {
  static constexpr int kThreads = tuning::kSmoothThreads;

  Chunk chunk;
  Tiles tiles;
  IntegralImages images;  // whose planes become the smoothed images

  static Tiles tilesOf(int height, int width) {
    return Tiles::of(height, width, tuning::kSmoothColumns, tuning::kSmoothColumns * tuning::kSmoothRows);
  }
  std::size_t sharedBytes() const { return SmoothPart::bytes(tiles.rows, tiles.cols); }
  int blocks() const { return chunk.count * tiles.perImage(); }

  template <class Block>
  SALIENCYMIX_HOST_DEVICE void operator()(const Block& block) const {
    const Tile tile = tiles.at(block.index(), chunk.height, chunk.width);
    std::uint8_t* const plane = images.plane(tile.image);
    const SmoothPart part(chunk.image(tile.image), tile.top, tile.left, tile.rows, tile.cols);
    part.run(block, block.shared(), [&](int y, int x, std::uint32_t four) {
      *reinterpret_cast<Word*>(plane + (tile.top + y) * images.planePitch() + tile.left + x) = four;
    });
  }
};

// dividend / divisor without what is left over, where both are below 2^24 and the quotient is at most 255. The estimate is at
// most the quotient, and less by under 2^-20 of it: so it is the quotient or one less.
template <class Block>
SALIENCYMIX_HOST_DEVICE std::uint32_t smallQuotient(const Block& block, int dividend, int divisor) {
  const int estimate = static_cast<int>(static_cast<float>(dividend) * block.lowReciprocal(static_cast<float>(divisor)));
  const int rest = dividend - estimate * divisor;
  return static_cast<std::uint32_t>(rest >= divisor ? estimate + 1 : estimate);
}

// The six windows around the pixels of a column.
class ColumnWindows {
 public:
  static constexpr int kWindows = 6;

  SALIENCYMIX_HOST_DEVICE ColumnWindows(int x, int width) {
    SALIENCYMIX_UNROLL
    for (int w = 0; w < kWindows; w++) across_[w] = FineGrained::windowAround(x, reach(w), width);
  }

  // f(sum, rows, cols): of each window around the pixel at row y, the sum of its values and its size. sums: the integral image,
  // whose rows are `pitch` apart.
  template <class F>
  SALIENCYMIX_HOST_DEVICE void each(const std::uint32_t* sums, int pitch, int y, int height, const F& f) const {
    SALIENCYMIX_UNROLL
    for (int w = 0; w < kWindows; w++) {
      const FineGrained::Span down = FineGrained::windowAround(y, reach(w), height);
      const std::uint32_t* const upper = sums + down.begin * pitch;
      const std::uint32_t* const lower = sums + down.end * pitch;
      const auto [begin, end] = across_[w];
      f(static_cast<int>(lower[end] - lower[begin] - upper[end] + upper[begin]), down.length(), across_[w].length());
    }
  }

  // What a window adds to on, in the lower half, or to off, in the upper, of a pixel whose smoothed value is given.
  template <class Block>
  SALIENCYMIX_HOST_DEVICE static std::uint32_t contrastWith(const Block& block, int value, int sum, int area) {
    const int difference = value * area - sum;
    // Where the area is 1 the difference is 0.
    const std::uint32_t quotient =
        smallQuotient(block, difference < 0 ? -difference : difference, area > 1 ? area - 1 : 1);
    return difference > 0 ? quotient : quotient << 16;
  }

  // on and off of the pixel at row y.
  template <class Block>
  SALIENCYMIX_HOST_DEVICE std::uint32_t contrast(const Block& block, const std::uint32_t* sums, int pitch, int value, int y,
                                                 int height) const {
    std::uint32_t contrast = 0;
    each(sums, pitch, y, height, [&](int sum, int rows, int cols) { contrast += contrastWith(block, value, sum, rows * cols); });
    return contrast;
  }

 private:
  // FineGrained::kReach, as a function: code for a graphics card cannot read that array.
  SALIENCYMIX_HOST_DEVICE static constexpr int reach(int window) {
    return window < 3 ? 12 << window : 28 << (window - 3);
  }
  static_assert(FineGrained::kReach[0] == 12 && FineGrained::kReach[1] == 24 && FineGrained::kReach[2] == 48 &&
                FineGrained::kReach[3] == 28 && FineGrained::kReach[4] == 56 && FineGrained::kReach[5] == 112);

  FineGrained::Span across_[kWindows];
};

// on and off of every pixel. A thread walks down a part of a column.
//
// Bytes: 4 written and 1 read a pixel, and 24 sums that lie in the caches; instructions: about 300 a pixel. All divisors and
// dividends are below 2^24, which float32 has exactly: windows have at most 224 x 224 pixels.
struct Contrast {
  static constexpr int kThreads = tuning::kContrastThreads;
  static constexpr int kBlocksAtOnce = tuning::kContrastBlocksAtOnce;

  IntegralImages images;
  std::uint32_t* contrasts;  // count x height x width
  std::uint32_t* maxima;     // count x 2: the greatest on, the greatest off; must be 0 before

  std::size_t sharedBytes() const { return 0; }
  int blocks() const { return images.count * partsOf(bands() * images.width, kThreads); }
  // Columns are cut into bands of about the same height, one for a thread.
  SALIENCYMIX_HOST_DEVICE int bands() const { return partsOf(images.height, tuning::kContrastRows); }
  SALIENCYMIX_HOST_DEVICE int rowsOfBand() const { return partsOf(images.height, bands()); }

  template <class Block>
  SALIENCYMIX_HOST_DEVICE void operator()(const Block& block) const {
    // A block has one image, so that all its threads read from one address on.
    const Piece piece(block.index(), bands() * images.width, kThreads);
    eachOfPiece(block, kThreads, piece,
                [&](int item) { walk(block, piece.image, item / images.width * rowsOfBand(), item % images.width); });
  }

 private:
  template <class Block>
  SALIENCYMIX_HOST_DEVICE void walk(const Block& block, int image, int begin, int x) const {
    const int height = images.height, width = images.width;
    const std::size_t first = static_cast<std::size_t>(image) * static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
    const std::uint8_t* const plane = images.plane(image);
    const std::uint32_t* const sums = images.sumsOf(image);
    const int end = begin + rowsOfBand() < height ? begin + rowsOfBand() : height;
    const ColumnWindows windows(x, width);
    std::uint32_t maxOn = 0;
    std::uint32_t maxOff = 0;
    for (int y = begin; y < end; y++) {
      const int value = plane[y * images.planePitch() + x];
      const std::uint32_t contrast = windows.contrast(block, sums, images.sumsPitch(), value, y, height);
      contrasts[first + static_cast<std::size_t>(y * width + x)] = contrast;
      maxOn = Max()(maxOn, contrast & 0xffffu);
      maxOff = Max()(maxOff, contrast >> 16);
    }
    block.atomicMax(maxima + 2 * image, maxOn);
    block.atomicMax(maxima + 2 * image + 1, maxOff);
  }
};

// on and off as shares of the image's greatest, and of both the map.
class ContrastShares {
 public:
  SALIENCYMIX_HOST_DEVICE ContrastShares(std::uint32_t maxOn, std::uint32_t maxOff) : on_(maxOn), off_(maxOff) {}

  SALIENCYMIX_HOST_DEVICE float mapValue(std::uint32_t contrast) const {
    return FineGrained::mapValue(on_.of(contrast & 0xffffu), off_.of(contrast >> 16));
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

  Share on_;
  Share off_;
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
    const ContrastShares shares(maxima[2 * image], maxima[2 * image + 1]);
    const KeyReduction<kThreads> keys(block.shared());
    block.each(kThreads, [&](int thread) {
      BestValues best;
      for (int i = piece.begin + thread; i < piece.end; i += kThreads) {
        const std::size_t at = first + static_cast<std::size_t>(i);
        const float value = shares.mapValue(contrasts[at]);
        if (chunk.maps != nullptr) chunk.maps[at] = value;
        best.update(value, static_cast<std::uint32_t>(i));
      }
      keys.put(thread, best);
    });
    keys.finish(block, chunk.peaks + image, chunk.lows + image);
  }
};

}  // namespace saliencymix::cuda
