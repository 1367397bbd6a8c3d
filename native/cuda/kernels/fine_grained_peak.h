// The first peak of a fine-grained map without the map. Most pixels are far less salient than the peak: bounds rule out whole
// cells of 4 x 4 pixels at once, as on the processor (cpu/fine_grained_windows.h).
//   smoothed gray, integral image -> BoundCells -> the greatest on and off -> FindMaxima -> exact -> FindPeak -> first peak
//
// The six windows around a cell's sample, a pixel at most two rows and two columns from all others of the cell, give bounds for
// all of them. Windows A and B around two pixels that are d apart along an axis differ there by at most d rows or columns, and
// their means by at most
//
//   range (d / rows of A + d / columns of A)
//
// where `range` is the largest c of the image minus the smallest. So
//
//   c - mean <= greatest of c in the cell - mean around the sample + range (2 / rows + 2 / columns)
//
// The definition takes the mean of the other pixels, without the one in question. That makes a contrast area / (area - 1)
// times as large: at most 144 / 143, as no window has fewer pixels, which with all roundings is less than kOthersFactor.
#pragma once

#include <cstddef>
#include <cstdint>

#include "cuda/bytes.h"
#include "cuda/kernels/fine_grained.h"

namespace saliencymix::cuda {

// What there is of smoothed images and their sums. cells: count x cellsOfImage(), limits: count x kLimits.
struct PeakSearch {
  static constexpr int kSide = 4;
  static constexpr float kOthersFactor = 128.0f / 127.0f;
  // Of an image: the greatest on and off that are known, the greatest c, and 255 - the least. 0 before.
  static constexpr int kLimits = 4;
  // Of a cell: the most on, the most off and the most of both that its pixels have, where all windows have the sample's means;
  // and by how much of the range all three may be more. Before kOthersFactor.
  using Cell = FourFloats;

  IntegralImages images;
  Cell* cells;
  std::uint32_t* limits;

  // Windows of at least 12 x 12 pixels.
  static bool fits(int height, int width) { return height >= 12 && width >= 12; }

  SALIENCYMIX_HOST_DEVICE int down() const { return partsOf(images.height, kSide); }
  SALIENCYMIX_HOST_DEVICE int across() const { return partsOf(images.width, kSide); }
  SALIENCYMIX_HOST_DEVICE int cellsOfImage() const { return down() * across(); }
  SALIENCYMIX_HOST_DEVICE Cell& cell(int image, int i) const {
    return cells[static_cast<std::size_t>(image) * static_cast<std::size_t>(cellsOfImage()) + static_cast<std::size_t>(i)];
  }
  // f(y, x, contrast): on and off, as ColumnWindows::contrast has them, of each pixel of those cells of a block for which
  // isWanted(cell) holds, in any order. A block has one cell for each thread; 16 threads share its work.
  template <class Block, class Wanted, class F>
  SALIENCYMIX_HOST_DEVICE void eachPixel(const Block& block, int thread, int threads, const Piece& piece, const Wanted& isWanted,
                                         const F& f) const {
    for (int i = thread; i < kSide * kSide * piece.count(); i += threads) {
      const int place = piece.begin + i / (kSide * kSide);
      if (!isWanted(cell(piece.image, place))) continue;
      const int y = place / across() * kSide + i / kSide % kSide;
      const int x = place % across() * kSide + i % kSide;
      if (y >= images.height || x >= images.width) continue;
      const int value = images.plane(piece.image)[y * images.planePitch() + x];
      f(y, x, ColumnWindows(x, images.width)
                  .contrast(block, images.sumsOf(piece.image), images.sumsPitch(), value, y, images.height));
    }
  }
};

// The bounds of every cell. A block: some cells of one image.
struct BoundCells {
  static constexpr int kThreads = tuning::kPeakThreads;

  PeakSearch search;

  std::size_t sharedBytes() const { return PeakSearch::kLimits * kThreads * sizeof(std::uint32_t); }
  int blocks() const { return search.images.count * partsOf(search.cellsOfImage(), kThreads); }

  template <class Block>
  SALIENCYMIX_HOST_DEVICE void operator()(const Block& block) const {
    const Piece piece(block.index(), search.cellsOfImage(), kThreads);
    auto* const found = reinterpret_cast<std::uint32_t*>(block.shared());  // kLimits x kThreads
    block.each(kThreads, [&](int thread) {
      std::uint32_t limits[PeakSearch::kLimits] = {};
      if (piece.begin + thread < piece.end) bound(block, piece.image, piece.begin + thread, limits);
      for (int k = 0; k < PeakSearch::kLimits; k++) found[k * kThreads + thread] = limits[k];
    });
    reduce(block, found, PeakSearch::kLimits, kThreads, Max());
    block.each(PeakSearch::kLimits,
               [&](int k) { block.atomicMax(search.limits + PeakSearch::kLimits * piece.image + k, found[k * kThreads]); });
  }

 private:
  template <class Block>
  SALIENCYMIX_HOST_DEVICE void bound(const Block& block, int image, int place, std::uint32_t (&limits)[PeakSearch::kLimits]) const {
    constexpr int kSide = PeakSearch::kSide;
    const IntegralImages& images = search.images;
    const int height = images.height, width = images.width;
    const int top = place / search.across() * kSide;
    const int left = place % search.across() * kSide;
    const std::uint8_t* const corner = images.plane(image) + top * images.planePitch() + left;
    int least = 255;
    int greatest = 0;
    SALIENCYMIX_UNROLL
    for (int i = 0; i < kSide; i++) {
      if (top + i >= height) continue;
      const auto row = Bytes<kSide>::loadAligned(corner + i * images.planePitch());
      SALIENCYMIX_UNROLL
      for (int n = 0; n < kSide; n++) {
        if (left + n >= width) continue;
        const int value = row.get(n);
        least = value < least ? value : least;
        greatest = Max()(greatest, value);
      }
    }

    const int y = top + 1 < height ? top + 1 : top;
    const int x = left + 1 < width ? left + 1 : left;
    const int value = images.plane(image)[y * images.planePitch() + x];
    std::uint32_t contrast = 0;
    PeakSearch::Cell most{};
    ColumnWindows(x, width).each(images.sumsOf(image), images.sumsPitch(), y, height, [&](int sum, int rows, int cols) {
      const int area = rows * cols;
      contrast += ColumnWindows::contrastWith(block, value, sum, area);
      const float mean = static_cast<float>(sum) / static_cast<float>(area);
      const float above = static_cast<float>(greatest) - mean;
      const float below = mean - static_cast<float>(least);
      most.of[0] += Max()(above, 0.0f);
      most.of[1] += Max()(below, 0.0f);
      most.of[2] += Max()(above, below);
      most.of[3] += 2.0f / static_cast<float>(rows) + 2.0f / static_cast<float>(cols);
    });
    search.cell(image, place) = most;
    limits[0] = contrast & 0xffffu;
    limits[1] = contrast >> 16;
    limits[2] = static_cast<std::uint32_t>(greatest);
    limits[3] = static_cast<std::uint32_t>(255 - least);
  }
};

// What the pixels of a cell can have at most.
struct MostOfCell {
  float on;
  float off;
  float both;

  SALIENCYMIX_HOST_DEVICE MostOfCell(const PeakSearch::Cell& cell, float range)
      : on(PeakSearch::kOthersFactor * (cell.of[0] + range * cell.of[3])),
        off(PeakSearch::kOthersFactor * (cell.of[1] + range * cell.of[3])),
        both(PeakSearch::kOthersFactor * (cell.of[2] + range * cell.of[3])) {}
};
SALIENCYMIX_HOST_DEVICE inline float rangeOf(const std::uint32_t* limits) {
  return static_cast<float>(limits[2] + limits[3]) - 255.0f;
}

// The greatest on and off of every image, of the cells that may have more than the samples have. A block: some cells of one image.
struct FindMaxima {
  static constexpr int kThreads = tuning::kPeakThreads;

  PeakSearch search;

  std::size_t sharedBytes() const { return 0; }
  int blocks() const { return search.images.count * partsOf(search.cellsOfImage(), kThreads); }

  template <class Block>
  SALIENCYMIX_HOST_DEVICE void operator()(const Block& block) const {
    const Piece piece(block.index(), search.cellsOfImage(), kThreads);
    std::uint32_t* const limits = search.limits + PeakSearch::kLimits * piece.image;
    // Other blocks may raise these meanwhile, which rules out more cells, but none that has more.
    const float range = rangeOf(limits);
    const float on = static_cast<float>(limits[0]);
    const float off = static_cast<float>(limits[1]);
    block.each(kThreads, [&](int thread) {
      std::uint32_t maxOn = 0;
      std::uint32_t maxOff = 0;
      const auto mayHaveMore = [&](const PeakSearch::Cell& cell) {
        const MostOfCell most(cell, range);
        return most.on >= on + 1.0f || most.off >= off + 1.0f;
      };
      search.eachPixel(block, thread, kThreads, piece, mayHaveMore, [&](int, int, std::uint32_t contrast) {
        maxOn = Max()(maxOn, contrast & 0xffffu);
        maxOff = Max()(maxOff, contrast >> 16);
      });
      if (maxOn > 0) block.atomicMax(limits, maxOn);
      if (maxOff > 0) block.atomicMax(limits + 1, maxOff);
    });
  }
};

// The first pixel whose shares of the greatest on and off add up to the most. A block: some cells of one image.
struct FindPeak {
  static constexpr int kThreads = tuning::kPeakThreads;

  PeakSearch search;
  std::uint64_t* peaks;  // count keys, 0 before

  std::size_t sharedBytes() const { return 0; }
  int blocks() const { return search.images.count * partsOf(search.cellsOfImage(), kThreads); }

  template <class Block>
  SALIENCYMIX_HOST_DEVICE void operator()(const Block& block) const {
    const Piece piece(block.index(), search.cellsOfImage(), kThreads);
    const std::uint32_t* const limits = search.limits + PeakSearch::kLimits * piece.image;
    const std::uint32_t maxOn = limits[0];
    const std::uint32_t maxOff = limits[1];
    const ContrastShares shares(maxOn, maxOff);
    const float range = rangeOf(limits);
    block.each(kThreads, [&](int thread) {
      std::uint64_t best = 0;
      // The pixel with the greatest on, or off, has all of its share, the most that there is. So has the first pixel of a flat image.
      const auto mayHaveAll = [&](const PeakSearch::Cell& cell) { return shareOf(MostOfCell(cell, range), maxOn, maxOff) >= kAll; };
      search.eachPixel(block, thread, kThreads, piece, mayHaveAll, [&](int y, int x, std::uint32_t contrast) {
        const auto index = static_cast<std::uint32_t>(y * search.images.width + x);
        best = Max()(best, extremeKey(shares.mapValue(contrast), index, Extreme::peak));
      });
      if (best > 0) block.atomicMax(peaks + piece.image, best);
    });
  }

 private:
  static constexpr float kAll = 0.999f;  // 1, but for rounding

  // As much as possible of on or off, whichever counts for more, and of the other what is left of both.
  SALIENCYMIX_HOST_DEVICE static float shareOf(const MostOfCell& most, std::uint32_t maxOn, std::uint32_t maxOff) {
    if (maxOn == 0 && maxOff == 0) return 1.0f;
    const float perOn = maxOn == 0 ? 0.0f : 1.0f / static_cast<float>(maxOn);
    const float perOff = maxOff == 0 ? 0.0f : 1.0f / static_cast<float>(maxOff);
    const bool onFirst = perOn > perOff;
    const float one = least(onFirst ? most.on : most.off, most.both);
    const float other = least(onFirst ? most.off : most.on, most.both - one);
    return one * (onFirst ? perOn : perOff) + other * (onFirst ? perOff : perOn);
  }
  SALIENCYMIX_HOST_DEVICE static float least(float a, float b) { return a < b ? a : b; }
};

}  // namespace saliencymix::cuda
