// A random box of an image, as torchvision's RandomResizedCrop.get_params finds it (Szegedy et al., Going deeper with
// convolutions, CVPR 2015, section 6): a share of the area and a ratio of width to height are tried until their box fits; where
// none does, it is the largest box about the centre whose ratio is in range. What was drawn comes from the caller, because
// the size of an image is known only when its file is decoded.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>

#include "core/box.h"

namespace saliencymix {

// Plain doubles, side by side as the caller has them.
struct RandomCrop {
  static constexpr int kTries = 10;
  struct Try {
    double area;   // share of the image's
    double ratio;  // width over height
  };

  double leastRatio;
  double mostRatio;
  double row;  // in [0, 1): where the box lies among the rows that it can begin at, and among the columns
  double column;
  std::array<Try, kTries> tries;
};
inline constexpr std::size_t kCropNumbers = 24;
static_assert(sizeof(RandomCrop) == kCropNumbers * sizeof(double));

namespace detail {

// No number counts as the least.
inline int between(double value, int least, int most) {
  return value > least ? (value < most ? static_cast<int>(value) : most) : least;
}

// Where a box of `length` begins: one of total - length + 1 positions.
inline int cropStart(double share, int length, int total) {
  const int last = total - length;
  return between(std::floor(share * (last + 1)), 0, last);
}

// A side of the central box, rounded to even as Python rounds.
inline int cropSide(double length, int most) {
  return between(std::nearbyint(length), 1, most);
}

}  // namespace detail

// The largest box about the centre whose ratio is in range.
inline Box centralCrop(int height, int width, double leastRatio, double mostRatio) {
  const double ratio = static_cast<double>(width) / height;
  const int rows = ratio < leastRatio ? detail::cropSide(width / leastRatio, height) : height;
  const int cols = ratio > mostRatio ? detail::cropSide(height * mostRatio, width) : width;
  const int top = (height - rows) / 2;
  const int left = (width - cols) / 2;
  return {top, left, top + rows, left + cols};
}

// The box in an image of height x width; never empty, and inside. Square roots are of float64 and rounded to even.
inline Box randomCrop(int height, int width, const RandomCrop& draw) {
  const double area = static_cast<double>(height) * width;
  for (const RandomCrop::Try& one : draw.tries) {
    const double cols = std::nearbyint(std::sqrt(area * one.area * one.ratio));
    const double rows = std::nearbyint(std::sqrt(area * one.area / one.ratio));
    const bool fits = cols >= 1.0 && cols <= width && rows >= 1.0 && rows <= height;
    if (!fits) continue;
    const int top = detail::cropStart(draw.row, static_cast<int>(rows), height);
    const int left = detail::cropStart(draw.column, static_cast<int>(cols), width);
    return {top, left, top + static_cast<int>(rows), left + static_cast<int>(cols)};
  }
  return centralCrop(height, width, draw.leastRatio, draw.mostRatio);
}

}  // namespace saliencymix
