// The passes over an image that its operations are made of: what is measured of it, and what is written. Here is what each
// does, in plain C++; a level of vector code has its own, with the same results to the bit.
#pragma once

#include <cstdint>

#include "core/box.h"
#include "core/image.h"
#include "core/operations/affine_map.h"

namespace saliencymix::operations {

// What every value of a channel becomes.
struct Curve {
  std::uint8_t of[256];
};

// How often every value of a channel occurs.
struct Counts {
  std::uint64_t of[256];
};

// What is shown where an operation leaves a gap: as many values as there are channels.
struct Fill {
  std::uint8_t of[3];
};

// The lowest and the highest value of a channel.
struct Range {
  std::uint8_t lowest;
  std::uint8_t highest;
};

struct Passes {
  // The sum of all pixels' luma.
  std::uint64_t (*lumaSum)(const ImageView& image);
  // Of each channel.
  void (*ranges)(const ImageView& image, Range* ranges);
  void (*counts)(const ImageView& image, Counts* counts);
  // Each channel through its curve.
  void (*curves)(const ImageView& image, const Curve* curves, std::uint8_t* out);
  // v & mask, and where v >= threshold 255 minus that. threshold: 0 ... 256.
  void (*maskAndInvert)(const ImageView& image, std::uint8_t mask, int threshold, std::uint8_t* out);
  // Pixels between their gray and themselves, or beyond: gray + factor * (v - gray).
  void (*saturate)(const ImageView& image, float factor, std::uint8_t* out);
  // Values between their smoothed ones and themselves, or beyond. Those at the border stay.
  void (*sharpen)(const ImageView& image, float factor, std::uint8_t* out);
  // Each pixel of the result shows that of the image which the map says, or `fill`.
  void (*move)(const ImageView& image, const AffineMap& map, const Fill& fill, std::uint8_t* out);
  // `fill` over rows and columns that lie inside the image.
  void (*cover)(const ImageView& image, const Box& box, const Fill& fill, std::uint8_t* out);
};

// As Pillow's "L": the weights of ITU-R BT.601 in 16 bits, rounded. (The gray of saliency maps is OpenCV's, core/gray.h.)
inline int lumaOf(const std::uint8_t* pixel, int channels) {
  if (channels == 1) return pixel[0];
  return (19595 * pixel[0] + 38470 * pixel[1] + 7471 * pixel[2] + 32768) >> 16;
}

// As Pillow's Image.blend: float32, each step rounded, then cut to a byte. Factors beyond [0, 1] extrapolate.
inline std::uint8_t blendValue(int from, int to, float factor) {
  const float value = static_cast<float>(from) + factor * static_cast<float>(to - from);
  if (value <= 0.0f) return 0;
  return value >= 255.0f ? 255 : static_cast<std::uint8_t>(value);
}

// (1 1 1, 1 5 1, 1 1 1) / 13, rounded: no sum of nine bytes lies half-way between two multiples of 13. `sum`: of the nine
// values around and including `middle`.
inline int smoothValue(int sum, int middle) { return (sum + 4 * middle + 6) / 13; }

// The plain versions.
extern const Passes kReference;

}  // namespace saliencymix::operations
