// The windows of fine-grained saliency for images of one shape: their areas, and how to divide by them.
//
// The quotient trunc(d / b), with b = area - 1 and d = |c * area - sum| a whole number up to 255 b, is taken as trunc(d * r)
// in float32. All of c * area, sum and d are below 2^24 (the largest window has 224 x 224 pixels of at most 255), so only the
// product is rounded. With r = 1 / b rounded up, every multiple of b reaches its quotient. The number just below a multiple
// must not reach it: that is tried for each area where it could fail. Where it fails, 1 / b rounded down is tried too. Where
// both fail (six areas: 47 085, 47 304, 47 515, 47 730, 48 620 and 49 506) there is a division.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "cpu/parts.h"

namespace saliencymix::cpu {

// Upper bounds of on and off for all pixels of a cell at once, cells being squares of kSide x kSide pixels.
//
// Cell k of an axis is pixels kSide k - 2 .. kSide k + 1; its middle is where pixel kSide k begins. A window around that
// middle, pixels kSide k - reach .. kSide k + reach - 1, has its edges at multiples of kSide, so sums are needed only there.
// The windows A and B of two pixels, cut off at the borders, share most of their pixels. Let `range` be the largest c of the
// image minus the smallest. Then their means differ by at most
//
//   range (1 - |A and B| / max(|A|, |B|))
//
// where the second factor is the share of pixels that are not common to both. The shares of the two axes add up. So
//
//   c - mean <= greatest of c in the cell - (mean around its middle - range (moved down + moved across))
//
// The definition takes the mean of the other pixels, without the one in question. That makes a contrast area / (area - 1)
// times as large: at most 144 / 143, as no window has fewer pixels, which is less than kOthersFactor. Then it truncates,
// which can only make on and off smaller.
//
// All is computed in 16 bits, in steps of 1 / kSteps. A sum of c + 1 over the window has 16 bits once it is divided by
// 2^shift; as every pixel counts for at least 1 it is not negative, though the four sums that it is made of are rounded down.
// The mean is floor(floor(sum A / 2^16) B / 2^16), with A = 2^16 n / rows and B = 2^16 kSteps 2^shift / (n cols), where n is
// the least number of rows that a window has, rounded and at most 2^16 - 1. B is below 0.9 x 2^16 and sum below 2^16, so the
// mean is off by less than 1.8 for the four sums, 0.9 (1 + 1) for the first product and 1.5 for the second: less than
// kMeanError.
struct FineGrainedCells {
  static constexpr int kSide = 4;
  static constexpr int kSteps = 8;
  static constexpr int kMeanError = 6;
  static constexpr float kOthersFactor = 128.0f / 127.0f;

  static constexpr int kSmallShift = 4;
  static constexpr int kLargeShift = 8;
  static constexpr int shiftOf(int reach) { return reach <= 28 ? kSmallShift : kLargeShift; }

  // The least bound, in steps, that a cell can have if one of its pixels has this much on or off.
  static constexpr std::uint16_t minSteps(int value) { return static_cast<std::uint16_t>(kSteps * value * 127 / 128); }

  // By how much the mean changes at most, in steps, when the window moves along an axis and `moved` / 2^16 of its pixels are
  // replaced; plus half of the mean's error.
  static constexpr std::uint16_t movedSteps(int range, std::uint16_t moved) {
    return static_cast<std::uint16_t>((kSteps * range * moved >> 16) + 1 + kMeanError / 2);
  }

  // The number of cells along an axis of this length.
  static constexpr int countOf(int length) { return (length + 1) / kSide + 1; }

  // Whether images of this shape are searched by cells: the sum of a row fits in 16 bits, no window covers the whole image
  // wherever it stands, and the image is not so small that its peak is found faster without.
  static constexpr bool fit(int height, int width) {
    return Parts::kPeakByCells && height >= 64 && width >= 64 && width <= 257 && height * width >= 128 * 128;
  }

  // Per window and cell of this axis, times 2^16: the factor A or B; and the largest share of the window's pixels that are
  // replaced when it moves from the cell's middle to one of its pixels. 0 beyond the last cell, as far as vectors read.
  struct Axis {
    const std::uint16_t* values;  // nullptr where the shape does not fit
    std::size_t stride;
    const std::uint16_t* perLength(int window) const { return values + static_cast<std::size_t>(2 * window) * stride; }
    const std::uint16_t* moved(int window) const { return values + static_cast<std::size_t>(2 * window + 1) * stride; }
  };
  Axis rows;
  Axis cols;
};

// Plain data: vector code reads it, and may not use the standard library.
struct FineGrainedWindows {
  static constexpr int kWindows = 6;

  int height;
  int width;
  // The windows that do not cover the whole image wherever they stand, by growing reach.
  int count;
  int reach[kWindows];
  // The other windows have the whole image's sum and area; this is 1 / (area - 1).
  float wholeReciprocal;
  // Of window w around the pixels of row y, from rows[w * height + y] on: for each block of `block` pixels the areas, then the
  // reciprocals of area - 1 (0 where the area is 1). Beyond the width both are 0, up to a whole block. Of a block's pixels
  // the even ones come first, then the odd ones.
  const float* const* rows;
  // Per row: whether one of its windows has an area for which there is no exact reciprocal.
  const bool* needsDivision;

  FineGrainedCells cells;

  const float* row(int window, int y) const { return rows[window * height + y]; }
};

// For SaliencyKernel::prepare: a FineGrainedWindows. `block`: 8, 16 or 32.
template <int block>
std::shared_ptr<const void> prepareFineGrained(int height, int width);

}  // namespace saliencymix::cpu
