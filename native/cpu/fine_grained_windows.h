// What the windows of fine-grained saliency are for images of one shape: their areas, and how to divide by them.
//
// The quotient trunc(d / b), with b = area - 1 and d = |c * area - sum| a whole number up to 255 b, is taken as
// trunc(d * r) in float32. All of c * area, sum and d are below 2^24 (the largest window has 224 x 224 pixels of at most
// 255), so only the product is rounded. With r = 1 / b rounded up, every multiple of b reaches its quotient; whether the
// number just below a multiple stays below is tried for each area where it could fail. Where it does not, 1 / b rounded
// down is tried too, and what neither can do (six areas: 47 085, 47 304, 47 515, 47 730, 48 620 and 49 506) is divided.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace saliencymix::cpu {

// What pixels beside each other can have of on and off at most.
//
// Cell k of an axis is pixels kSide k - 2 .. kSide k + 1, in whose middle pixel kSide k begins; a window around that middle,
// pixels kSide k - reach .. kSide k + reach - 1, has its sum between whole cells. The windows A and B of two pixels, cut off
// at the borders, share most of their pixels: with the least and the greatest of c `range` apart, their means differ by
//
//   range (1 - |A and B| / max(|A|, |B|))
//
// or less, as that is the share of either mean that is not common to both. Of two axes the shares add up. So
//
//   c - mean <= greatest of c in the cell - (mean around its middle - range (moved down + moved across))
//
// and the definition, which takes the mean of the others, makes a contrast area / (area - 1) as large: at most 144 / 143
// where no window has fewer pixels, or kOthers. Then it truncates, for which on and off can only be less.
//
// All is computed in 16 bits, in kSteps of c. A sum of c + 1 over the window has 16 bits once it is divided by 2^shift; as
// every pixel counts for at least 1 it is not negative, though the four sums that it is made of are rounded down. The mean
// is floor(floor(sum A / 2^16) B / 2^16), with A = 2^16 n / rows and B = 2^16 kSteps 2^shift / (n cols), where n is the
// least number of rows that a window has, rounded and at most 2^16 - 1. B is below 0.9 x 2^16 and sum below 2^16, so the
// mean is off by less than 1.8 for the four sums, 0.9 (1 + 1) for the first product and 1.5 for the second: less than
// kMeanError.
struct FineGrainedCells {
  static constexpr int kSide = 4;
  static constexpr int kSteps = 8;
  static constexpr int kMeanError = 6;
  static constexpr float kOthers = 128.0f / 127.0f;

  static constexpr int kSmallShift = 4;
  static constexpr int kLargeShift = 8;
  static constexpr int shiftOf(int reach) { return reach <= 28 ? kSmallShift : kLargeShift; }

  // What a bound has where a pixel has so much on or off.
  static constexpr std::uint16_t leastSteps(int value) { return static_cast<std::uint16_t>(kSteps * value * 127 / 128); }

  // What being moved so far along an axis is of this range, besides half of the mean's error.
  static constexpr std::uint16_t movedSteps(int range, std::uint16_t moved) {
    return static_cast<std::uint16_t>((kSteps * range * moved >> 16) + 1 + kMeanError / 2);
  }

  // Of an axis of this length.
  static constexpr int countOf(int length) { return (length + 1) / kSide + 1; }

  // A row's sum has 16 bits. No window covers the whole image wherever it stands; and small images have their peak sooner
  // without.
  static constexpr bool fit(int height, int width) {
    return height >= 64 && width >= 64 && width <= 257 && height * width >= 128 * 128;
  }

  // Per window and cell, times 2^16: A or B; and how much of the window around its middle, at most, is another one around
  // one of its pixels, of this axis. 0 beyond the last cell, as far as a vector reaches.
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
  // The others all have one sum and one area; this is for dividing by that area - 1.
  float wholeReciprocal;
  // Of window w around the pixels of row y: rows[w * height + y] points to the areas, `stride` floats further on are the
  // reciprocals of area - 1 (0 where the area is 1). Beyond the width both are 0, up to a whole block. In a block of
  // `block` pixels the even ones come first, then the odd ones.
  const float* const* rows;
  std::size_t stride;
  // Per row: whether one of its windows must be divided.
  const bool* divides;

  FineGrainedCells cells;

  const float* row(int window, int y) const { return rows[window * height + y]; }
};

// For SaliencyKernel::prepare: a FineGrainedWindows. `block`: 8, 16 or 32.
template <int block>
std::shared_ptr<const void> prepareFineGrained(int height, int width);

}  // namespace saliencymix::cpu
