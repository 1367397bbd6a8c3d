// Two bilinear resizes. Both put sample d of the result at source position (d + 0.5) * source / result - 0.5 and repeat
// the border pixels.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/image.h"

namespace saliencymix {

// One axis: result sample d is (1 - weight) * source[low] + weight * source[high].
struct Tap {
  int low;
  int high;
  double weight;
};

inline std::vector<Tap> bilinearTaps(int source, int result) {
  std::vector<Tap> taps(static_cast<std::size_t>(result));
  for (int d = 0; d < result; d++) {
    const double at = (d + 0.5) * source / result - 0.5;
    const int floor = static_cast<int>(std::floor(at));
    Tap tap{floor, floor + 1, at - floor};
    if (floor < 0) tap = {0, 0, 0.0};
    if (floor >= source - 1) tap = {source - 1, source - 1, 0.0};
    taps[static_cast<std::size_t>(d)] = tap;
  }
  return taps;
}

// uint8 planes in fixed point, as OpenCV's INTER_LINEAR_EXACT: weights of 8 bits, a horizontal and a vertical sum, one
// rounding at the end. source: height x width, result: rows x cols.
inline void resizeExact(const std::uint8_t* source, int height, int width, std::uint8_t* result, int rows, int cols) {
  const std::vector<Tap> vertical = bilinearTaps(height, rows);
  const std::vector<Tap> horizontal = bilinearTaps(width, cols);
  const auto across = [&](int y, const Tap& x) {
    const std::uint8_t* row = source + static_cast<std::size_t>(y) * static_cast<std::size_t>(width);
    const int high = static_cast<int>(std::lrint(x.weight * 256));
    return row[x.low] * (256 - high) + row[x.high] * high;
  };
  for (const Tap& y : vertical) {
    const int high = static_cast<int>(std::lrint(y.weight * 256));
    for (const Tap& x : horizontal) {
      const int sum = across(y.low, x) * (256 - high) + across(y.high, x) * high;
      *result++ = static_cast<std::uint8_t>((sum + 32768) >> 16);
    }
  }
}

// float planes. source: height x width, result: rows x cols.
inline void resizeBilinear(const float* source, int height, int width, float* result, int rows, int cols) {
  const std::vector<Tap> vertical = bilinearTaps(height, rows);
  const std::vector<Tap> horizontal = bilinearTaps(width, cols);
  const auto across = [&](int y, const Tap& x) {
    const float* row = source + static_cast<std::size_t>(y) * static_cast<std::size_t>(width);
    const float high = static_cast<float>(x.weight);
    return row[x.low] * (1.0f - high) + row[x.high] * high;
  };
  for (const Tap& y : vertical) {
    const float high = static_cast<float>(y.weight);
    for (const Tap& x : horizontal) *result++ = across(y.low, x) * (1.0f - high) + across(y.high, x) * high;
  }
}

}  // namespace saliencymix
