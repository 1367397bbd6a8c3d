// What the windows of fine-grained saliency are for images of one shape: their areas, and how to divide by them.
//
// The quotient trunc(d / b), with b = area - 1 and d = |c * area - sum| a whole number up to 255 b, is taken as
// trunc(d * r) in float32. All of c * area, sum and d are below 2^24 (the largest window has 224 x 224 pixels of at most
// 255), so only the product is rounded. With r = 1 / b rounded up, every multiple of b reaches its quotient; whether the
// number just below a multiple stays below is tried for each area where it could fail. Where it does not, 1 / b rounded
// down is tried too, and what neither can do (six areas: 47 085, 47 304, 47 515, 47 730, 48 620 and 49 506) is divided.
#pragma once

#include <cstddef>
#include <memory>

namespace saliencymix::cpu {

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

  const float* row(int window, int y) const { return rows[window * height + y]; }
};

// For SaliencyKernel::prepare: a FineGrainedWindows. `block`: 8, 16 or 32.
template <int block>
std::shared_ptr<const void> prepareFineGrained(int height, int width);

}  // namespace saliencymix::cpu
