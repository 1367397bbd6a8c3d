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

// How the mean in a window is estimated in 16 bits: kSteps of it to a grey level, rounded down, are
//
//   M = S F / 2^16    with F = 2^16 kSteps 2^shift / area, and S = sum of c + 1 in the window / 2^shift
//
// F is rounded; S, made of four numbers that are rounded down, is less than 2 off. As every pixel counts for at least 1, S
// is not negative. So kSteps (c + 1) - M is less than 2 F / 2^16 + S / 2^17 + 1 from kSteps (c - mean); `error` is the sum of
// these over six windows, where they are greatest. The definition takes the mean of the others, which makes a contrast
// area / (area - 1) as large: at most 144 / 143, or 129 / 128. It then truncates, for which on or off can only be less:
//
//   kSteps on <= (estimate + error) 129 / 128
struct FineGrainedEstimates {
  static constexpr int kSteps = 8;
  static constexpr int kSmallShift = 4;
  static constexpr int kLargeShift = 8;

  // S has 16 bits: a window has (2 reach)^2 pixels.
  static constexpr int shiftOf(int reach) { return reach <= 28 ? kSmallShift : kLargeShift; }

  // A row's sum of c + 1 has 16 bits too, and so does F, in the corners where windows are least. No window covers the whole
  // image wherever it stands; and small images have their peak sooner without.
  static constexpr bool fit(int height, int width) {
    return height >= 64 && width >= 64 && width <= 255 && height * width >= 128 * 128;
  }

  // factors[w * height + y] points to F of window w around the pixels of row y. nullptr where the shape does not fit.
  const std::uint16_t* const* factors;
  int height;
  int error;

  const std::uint16_t* row(int window, int y) const { return factors[window * height + y]; }
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

  FineGrainedEstimates estimates;

  const float* row(int window, int y) const { return rows[window * height + y]; }
};

// For SaliencyKernel::prepare: a FineGrainedWindows. `block`: 8, 16 or 32.
template <int block>
std::shared_ptr<const void> prepareFineGrained(int height, int width);

}  // namespace saliencymix::cpu
