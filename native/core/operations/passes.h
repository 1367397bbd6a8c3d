// The passes over an image that its operations are made of: what is measured of it, and what is written. Here is what each
// does, in plain C++; a level of vector code has its own, with the same results to the bit.
#pragma once

#include <cstdint>

#include "core/box.h"
#include "core/host_device.h"
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

// Who makes the passes: a level of the processor's code, or a device.
class Passes {
 public:
  virtual ~Passes() = default;

  // The sum of all pixels' luma.
  virtual std::uint64_t lumaSum(const ImageView& image) const = 0;
  // Of each channel.
  virtual void ranges(const ImageView& image, Range* ranges) const = 0;
  virtual void counts(const ImageView& image, Counts* counts) const = 0;
  // Each channel through its curve.
  virtual void curves(const ImageView& image, const Curve* curves, std::uint8_t* out) const = 0;
  // v & mask, and where v >= threshold 255 minus that. threshold: 0 ... 256.
  virtual void maskAndInvert(const ImageView& image, std::uint8_t mask, int threshold, std::uint8_t* out) const = 0;
  // Pixels between their gray and themselves, or beyond: gray + factor * (v - gray).
  virtual void saturate(const ImageView& image, float factor, std::uint8_t* out) const = 0;
  // Values between their smoothed ones and themselves, or beyond. Those at the border stay.
  virtual void sharpen(const ImageView& image, float factor, std::uint8_t* out) const = 0;
  // Each pixel of the result shows that of the image which the map says, or `fill`.
  virtual void move(const ImageView& image, const AffineMap& map, const Fill& fill, std::uint8_t* out) const = 0;
  // The image, with `fill` over a box that lies inside it or is empty.
  virtual void cover(const ImageView& image, const Box& box, const Fill& fill, std::uint8_t* out) const = 0;
};

// The same as functions, of the processor's code.
struct PassTable {
  std::uint64_t (*lumaSum)(const ImageView& image);
  void (*ranges)(const ImageView& image, Range* ranges);
  void (*counts)(const ImageView& image, Counts* counts);
  void (*curves)(const ImageView& image, const Curve* curves, std::uint8_t* out);
  void (*maskAndInvert)(const ImageView& image, std::uint8_t mask, int threshold, std::uint8_t* out);
  void (*saturate)(const ImageView& image, float factor, std::uint8_t* out);
  void (*sharpen)(const ImageView& image, float factor, std::uint8_t* out);
  void (*move)(const ImageView& image, const AffineMap& map, const Fill& fill, std::uint8_t* out);
  void (*cover)(const ImageView& image, const Box& box, const Fill& fill, std::uint8_t* out);
};

class TablePasses final : public Passes {
 public:
  explicit TablePasses(const PassTable& table) : table_(table) {}

  std::uint64_t lumaSum(const ImageView& image) const override { return table_.lumaSum(image); }
  void ranges(const ImageView& image, Range* ranges) const override { table_.ranges(image, ranges); }
  void counts(const ImageView& image, Counts* counts) const override { table_.counts(image, counts); }
  void curves(const ImageView& image, const Curve* curves, std::uint8_t* out) const override {
    table_.curves(image, curves, out);
  }
  void maskAndInvert(const ImageView& image, std::uint8_t mask, int threshold, std::uint8_t* out) const override {
    table_.maskAndInvert(image, mask, threshold, out);
  }
  void saturate(const ImageView& image, float factor, std::uint8_t* out) const override {
    table_.saturate(image, factor, out);
  }
  void sharpen(const ImageView& image, float factor, std::uint8_t* out) const override {
    table_.sharpen(image, factor, out);
  }
  void move(const ImageView& image, const AffineMap& map, const Fill& fill, std::uint8_t* out) const override {
    table_.move(image, map, fill, out);
  }
  void cover(const ImageView& image, const Box& box, const Fill& fill, std::uint8_t* out) const override {
    table_.cover(image, box, fill, out);
  }

 private:
  const PassTable& table_;
};

// As Pillow's "L": the weights of ITU-R BT.601 in 16 bits, rounded. (The gray of saliency maps is OpenCV's, core/gray.h.)
SALIENCYMIX_HOST_DEVICE inline int lumaOf(const std::uint8_t* pixel, int channels) {
  if (channels == 1) return pixel[0];
  return (19595 * pixel[0] + 38470 * pixel[1] + 7471 * pixel[2] + 32768) >> 16;
}

// As Pillow's Image.blend: float32, each step rounded, then cut to a byte. Factors beyond [0, 1] extrapolate.
SALIENCYMIX_HOST_DEVICE inline std::uint8_t blendValue(int from, int to, float factor) {
  const float value = static_cast<float>(from) + factor * static_cast<float>(to - from);
  if (value <= 0.0f) return 0;
  return value >= 255.0f ? 255 : static_cast<std::uint8_t>(value);
}

// (1 1 1, 1 5 1, 1 1 1) / 13, rounded: no sum of nine bytes lies half-way between two multiples of 13. `sum`: of the nine
// values around and including `middle`.
SALIENCYMIX_HOST_DEVICE inline int smoothValue(int sum, int middle) { return (sum + 4 * middle + 6) / 13; }

// The plain versions.
extern const PassTable kReference;

}  // namespace saliencymix::operations
