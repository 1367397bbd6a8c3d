// The first peak of a fine-grained map without the map. Most pixels are far less salient than the peak: bounds rule out whole
// cells of 4 x 4 pixels at once, as on the processor (cpu/fine_grained_windows.h).
//   smoothed gray, integral image -> BoundCells -> what on and off are at least -> SelectCells -> FindMaxima -> the greatest
//   -> SelectCells -> FindPeak -> first peak
//
// Of photographs some 4 of 100 cells are left, most of them beside one another in few places. So those of all images are put on
// one list, whose pixels are divided among all threads: else the whole card would wait for a few blocks with much to do.
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

// What there is of smoothed images and their sums.
struct PeakSearch {
  static constexpr int kSide = 4;
  static constexpr std::uint32_t kPixels = kSide * kSide;
  static constexpr float kOthersFactor = 128.0f / 127.0f;
  // Of an image: the greatest on and off that are known, the greatest c, and 255 - the least. 0 before.
  static constexpr int kLimits = 4;
  // Of a cell: the most on, the most off and the most of both that its pixels have, where all windows have the sample's means;
  // and by how much of the range all three may be more. Before kOthersFactor.
  using Cell = FourFloats;

  IntegralImages images;
  Cell* cells;            // count x cellsOfImage()
  std::uint32_t* limits;  // count x kLimits
  // The cells that are looked into, in any order: image * cellsOfImage() + the cell's number. There is room for all.
  std::uint32_t* list;

  // Windows of at least 12 x 12 pixels.
  static bool fits(int height, int width) { return height >= 12 && width >= 12; }

  SALIENCYMIX_HOST_DEVICE static int cellsOf(int height, int width) { return partsOf(height, kSide) * partsOf(width, kSide); }
  SALIENCYMIX_HOST_DEVICE int across() const { return partsOf(images.width, kSide); }
  SALIENCYMIX_HOST_DEVICE int cellsOfImage() const { return cellsOf(images.height, images.width); }
  SALIENCYMIX_HOST_DEVICE std::uint32_t* limitsOf(int image) const { return limits + kLimits * image; }
  SALIENCYMIX_HOST_DEVICE Cell& cell(int image, int i) const {
    return cells[static_cast<std::size_t>(image) * static_cast<std::size_t>(cellsOfImage()) + static_cast<std::size_t>(i)];
  }

  // The blocks of a launch that goes through the list, however long it is.
  int blocksForList() const {
    const int all = partsOf(images.count * cellsOfImage(), tuning::kPeakThreads / static_cast<int>(kPixels));
    return all < tuning::kPeakBlocks ? all : tuning::kPeakBlocks;
  }
  // f(image, y, x, contrast): on and off, as ColumnWindows::contrast has them, of each pixel of the cells on the list, of which
  // there are `count`.
  template <class Block, class F>
  SALIENCYMIX_HOST_DEVICE void eachPixel(const Block& block, int thread, std::uint32_t count, const F& f) const {
    const auto first = static_cast<std::uint32_t>(block.index() * tuning::kPeakThreads + thread);
    const auto step = static_cast<std::uint32_t>(tuning::kPeakBlocks * tuning::kPeakThreads);
    for (std::uint32_t i = first; i < kPixels * count; i += step) {
      const int number = static_cast<int>(list[i / kPixels]);
      const int image = number / cellsOfImage();
      const int place = number - image * cellsOfImage();
      const int y = place / across() * kSide + static_cast<int>(i / kSide % kSide);
      const int x = place % across() * kSide + static_cast<int>(i % kSide);
      if (y >= images.height || x >= images.width) continue;
      const int value = images.plane(image)[y * images.planePitch() + x];
      f(image, y, x,
        ColumnWindows(x, images.width).contrast(block, images.sumsOf(image), images.sumsPitch(), value, y, images.height));
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
               [&](int k) { block.atomicMax(search.limitsOf(piece.image) + k, found[k * kThreads]); });
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

// Whether a pixel of a cell may have more on, or more off, than is known of its image.
struct MayHaveMore {
  float range;
  float on;
  float off;

  SALIENCYMIX_HOST_DEVICE explicit MayHaveMore(const std::uint32_t* limits)
      : range(rangeOf(limits)), on(static_cast<float>(limits[0])), off(static_cast<float>(limits[1])) {}
  SALIENCYMIX_HOST_DEVICE bool operator()(const PeakSearch::Cell& cell) const {
    const MostOfCell most(cell, range);
    return most.on >= on + 1.0f || most.off >= off + 1.0f;
  }
};

// Whether the shares that a pixel of a cell has of the greatest on and off may add up to 1, the most that there is: the pixel with
// the greatest on, or off, has all of its share. So has the first pixel of a flat image.
class MayHaveAll {
 public:
  SALIENCYMIX_HOST_DEVICE explicit MayHaveAll(const std::uint32_t* limits)
      : range_(rangeOf(limits)), perOn_(per(limits[0])), perOff_(per(limits[1])), isFlat_(limits[0] == 0 && limits[1] == 0) {}
  SALIENCYMIX_HOST_DEVICE bool operator()(const PeakSearch::Cell& cell) const {
    return isFlat_ || shareOf(MostOfCell(cell, range_)) >= kAll;
  }

 private:
  static constexpr float kAll = 0.999f;  // 1, but for rounding

  SALIENCYMIX_HOST_DEVICE static float per(std::uint32_t most) { return most == 0 ? 0.0f : 1.0f / static_cast<float>(most); }
  SALIENCYMIX_HOST_DEVICE static float least(float a, float b) { return a < b ? a : b; }
  // As much as possible of on or off, whichever counts for more, and of the other what is left of both.
  SALIENCYMIX_HOST_DEVICE float shareOf(const MostOfCell& most) const {
    const bool onFirst = perOn_ > perOff_;
    const float one = least(onFirst ? most.on : most.off, most.both);
    const float other = least(onFirst ? most.off : most.on, most.both - one);
    return one * (onFirst ? perOn_ : perOff_) + other * (onFirst ? perOff_ : perOn_);
  }

  float range_;
  float perOn_;
  float perOff_;
  bool isFlat_;
};

// Puts the cells that may be what is looked for on the list. A block: some cells of one image.
template <class May>
struct SelectCells {
  static constexpr int kThreads = tuning::kPeakThreads;

  PeakSearch search;
  std::uint32_t* count;  // of the list; 0 before

  std::size_t sharedBytes() const { return (2 + kThreads) * sizeof(std::uint32_t); }
  int blocks() const { return search.images.count * partsOf(search.cellsOfImage(), kThreads); }

  template <class Block>
  SALIENCYMIX_HOST_DEVICE void operator()(const Block& block) const {
    const Piece piece(block.index(), search.cellsOfImage(), kThreads);
    const May may(search.limitsOf(piece.image));
    auto* const chosen = reinterpret_cast<std::uint32_t*>(block.shared());  // how many, from where on the list, and which
    block.each(1, [&](int) { chosen[0] = 0; });
    block.each(kThreads, [&](int thread) {
      const int place = piece.begin + thread;
      if (place >= piece.end || !may(search.cell(piece.image, place))) return;
      chosen[2 + block.fetchAdd(chosen, 1)] = static_cast<std::uint32_t>(piece.image * search.cellsOfImage() + place);
    });
    block.each(1, [&](int) {
      if (chosen[0] > 0) chosen[1] = block.fetchAdd(count, chosen[0]);
    });
    block.each(kThreads, [&](int thread) {
      const auto i = static_cast<std::uint32_t>(thread);
      if (i < chosen[0]) search.list[chosen[1] + i] = chosen[2 + i];
    });
  }
};

// The greatest on and off of every image, of the cells that may have more than the samples have. Many pixels have less than is
// known already, and need not be told; what others raise meanwhile rules out more of them, but none that has more.
struct FindMaxima {
  static constexpr int kThreads = tuning::kPeakThreads;

  PeakSearch search;
  const std::uint32_t* count;

  std::size_t sharedBytes() const { return 0; }
  int blocks() const { return search.blocksForList(); }

  template <class Block>
  SALIENCYMIX_HOST_DEVICE void operator()(const Block& block) const {
    block.each(kThreads, [&](int thread) {
      search.eachPixel(block, thread, *count, [&](int image, int, int, std::uint32_t contrast) {
        std::uint32_t* const limits = search.limitsOf(image);
        if ((contrast & 0xffffu) > limits[0]) block.atomicMax(limits, contrast & 0xffffu);
        if (contrast >> 16 > limits[1]) block.atomicMax(limits + 1, contrast >> 16);
      });
    });
  }
};

// The first pixel whose shares of the greatest on and off add up to the most, of the cells on the list.
struct FindPeak {
  static constexpr int kThreads = tuning::kPeakThreads;

  PeakSearch search;
  const std::uint32_t* count;
  std::uint64_t* peaks;  // keys, 0 before

  std::size_t sharedBytes() const { return 0; }
  int blocks() const { return search.blocksForList(); }

  template <class Block>
  SALIENCYMIX_HOST_DEVICE void operator()(const Block& block) const {
    block.each(kThreads, [&](int thread) {
      search.eachPixel(block, thread, *count, [&](int image, int y, int x, std::uint32_t contrast) {
        const std::uint32_t* const limits = search.limitsOf(image);
        const auto index = static_cast<std::uint32_t>(y * search.images.width + x);
        const std::uint64_t key = extremeKey(ContrastShares(limits[0], limits[1]).mapValue(contrast), index, Extreme::peak);
        if (key > peaks[image]) block.atomicMax(peaks + image, key);
      });
    });
  }
};

}  // namespace saliencymix::cuda
