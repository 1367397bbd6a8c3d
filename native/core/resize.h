// Two bilinear resizes. Both put sample d of the result at source position (d + 0.5) * source / result - 0.5 and repeat
// the border pixels.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/host_device.h"
#include "core/image.h"

namespace saliencymix {

// One axis: result sample d is (1 - weight) * source[first] + weight * source[second].
struct Tap {
  int first;
  int second;
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

// The weight of the second of two neighbours in fixed point, in 256ths.
inline int weight256(const Tap& tap) { return static_cast<int>(std::lrint(tap.weight * 256)); }

// The four neighbours in fixed point: a horizontal and a vertical sum, one rounding at the end. right, below: weights in
// 256ths.
SALIENCYMIX_HOST_DEVICE inline std::uint8_t blendExact(int topLeft, int topRight, int bottomLeft, int bottomRight, int right,
                                                       int below) {
  const int top = topLeft * (256 - right) + topRight * right;
  const int bottom = bottomLeft * (256 - right) + bottomRight * right;
  return static_cast<std::uint8_t>((top * (256 - below) + bottom * below + 32768) >> 16);
}

SALIENCYMIX_HOST_DEVICE inline float blendFloat(float first, float second, float ofSecond) {
  return first * (1.0f - ofSecond) + second * ofSecond;
}

// uint8 planes in fixed point, as OpenCV's INTER_LINEAR_EXACT: weights of 8 bits, a horizontal and a vertical sum, one
// rounding at the end. source: height x width, result: rows x cols.
inline void resizeExact(const std::uint8_t* source, int height, int width, std::uint8_t* result, int rows, int cols) {
  const std::vector<Tap> vertical = bilinearTaps(height, rows);
  const std::vector<Tap> horizontal = bilinearTaps(width, cols);
  const auto at = [&](int y, int x) {
    return source[static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x)];
  };
  for (const Tap& y : vertical) {
    for (const Tap& x : horizontal) {
      *result++ = blendExact(at(y.first, x.first), at(y.first, x.second), at(y.second, x.first), at(y.second, x.second),
                             weight256(x), weight256(y));
    }
  }
}

// float planes. source: height x width, result: rows x cols.
inline void resizeBilinear(const float* source, int height, int width, float* result, int rows, int cols) {
  const std::vector<Tap> vertical = bilinearTaps(height, rows);
  const std::vector<Tap> horizontal = bilinearTaps(width, cols);
  const auto across = [&](int y, const Tap& x) {
    const float* row = source + static_cast<std::size_t>(y) * static_cast<std::size_t>(width);
    return blendFloat(row[x.first], row[x.second], static_cast<float>(x.weight));
  };
  for (const Tap& y : vertical) {
    const float below = static_cast<float>(y.weight);
    for (const Tap& x : horizontal) *result++ = blendFloat(across(y.first, x), across(y.second, x), below);
  }
}

}  // namespace saliencymix
