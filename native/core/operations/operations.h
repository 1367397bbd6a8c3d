// The operations on images that augmentation policies are made of, as AutoAugment names them (Cubuk et al., CVPR 2019), with the
// units of torchvision's magnitudes and the results of Pillow to the bit. Each is given as the passes over the image that it
// makes (passes.h), so every level of vector code has all of them.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <string_view>

#include "core/operations/passes.h"

namespace saliencymix::operations {

// What an operation is told: `magnitude` in its own units, and the place of those that have one.
struct Setting {
  double magnitude;
  Point at;
};

// What every operation is given. out: of the image's size, does not overlap it.
struct Call {
  const Passes& passes;
  const ImageView& image;
  Setting setting;
  Fill fill;
  std::uint8_t* out;

  void sameCurve(const Curve& curve) const {
    const std::array curves{curve, curve, curve};
    passes.curves(image, curves.data(), out);
  }
  void move(const std::array<double, 6>& matrix) const { passes.move(image, AffineMap(matrix, image), fill, out); }
  // 1 leaves the image as it is. Beyond what a float holds, a factor changes nothing any more.
  float factor() const { return static_cast<float>(1.0 + std::clamp(setting.magnitude, -1e30, 1e30)); }
};

struct Identity {
  static constexpr std::string_view kName = "Identity";
  static void apply(const Call& call) { call.passes.cover(call.image, {}, call.fill, call.out); }
};

// ---- pixels elsewhere

struct ShearX {
  static constexpr std::string_view kName = "ShearX";
  static void apply(const Call& call) { call.move({1, call.setting.magnitude, 0, 0, 1, 0}); }
};

struct ShearY {
  static constexpr std::string_view kName = "ShearY";
  static void apply(const Call& call) { call.move({1, 0, 0, call.setting.magnitude, 1, 0}); }
};

// To the right, by whole pixels.
struct TranslateX {
  static constexpr std::string_view kName = "TranslateX";
  static void apply(const Call& call) { call.move({1, 0, -std::trunc(call.setting.magnitude), 0, 1, 0}); }
};

// Downwards.
struct TranslateY {
  static constexpr std::string_view kName = "TranslateY";
  static void apply(const Call& call) { call.move({1, 0, 0, 0, 1, -std::trunc(call.setting.magnitude)}); }
};

// Anticlockwise about the image's middle, by degrees.
struct Rotate {
  static constexpr std::string_view kName = "Rotate";
  static void apply(const Call& call) { call.move(matrix(call.image, call.setting.magnitude)); }
  static std::array<double, 6> matrix(const ImageView& image, double degrees);
};

// ---- every value by itself

struct Brightness {
  static constexpr std::string_view kName = "Brightness";
  static void apply(const Call& call) { call.sameCurve(blendFrom(0, call.factor())); }
  // Between one gray and every value, or beyond.
  static Curve blendFrom(int gray, float factor) {
    Curve curve;
    for (int v = 0; v < 256; v++) curve.of[v] = blendValue(gray, v, factor);
    return curve;
  }
};

// About the image's mean gray.
struct Contrast {
  static constexpr std::string_view kName = "Contrast";
  static void apply(const Call& call) {
    const double mean = static_cast<double>(call.passes.lumaSum(call.image)) / static_cast<double>(call.image.pixels());
    call.sameCurve(Brightness::blendFrom(static_cast<int>(mean + 0.5), call.factor()));
  }
};

// Keeps so many bits of every value.
struct Posterize {
  static constexpr std::string_view kName = "Posterize";
  static void apply(const Call& call) {
    const int bits = static_cast<int>(std::clamp(call.setting.magnitude, 0.0, 8.0));
    call.passes.maskAndInvert(call.image, static_cast<std::uint8_t>(0xff00 >> bits), 256, call.out);
  }
};

// Inverts the values from the magnitude on.
struct Solarize {
  static constexpr std::string_view kName = "Solarize";
  static void apply(const Call& call) {
    const int threshold = static_cast<int>(std::ceil(std::clamp(call.setting.magnitude, 0.0, 256.0)));
    call.passes.maskAndInvert(call.image, 0xff, threshold, call.out);
  }
};

struct Invert {
  static constexpr std::string_view kName = "Invert";
  static void apply(const Call& call) { call.passes.maskAndInvert(call.image, 0xff, 0, call.out); }
};

// Stretches each channel's values to 0 ... 255.
struct AutoContrast {
  static constexpr std::string_view kName = "AutoContrast";
  static void apply(const Call& call) {
    std::array<Range, 3> ranges;
    call.passes.ranges(call.image, ranges.data());
    std::array<Curve, 3> curves;
    for (std::size_t c = 0; c < static_cast<std::size_t>(call.image.channels); c++) curves[c] = curve(ranges[c]);
    call.passes.curves(call.image, curves.data(), call.out);
  }
  static Curve curve(Range range);
};

// Makes each channel's values about equally frequent.
struct Equalize {
  static constexpr std::string_view kName = "Equalize";
  static void apply(const Call& call) {
    std::array<Counts, 3> counts;
    call.passes.counts(call.image, counts.data());
    std::array<Curve, 3> curves;
    for (std::size_t c = 0; c < static_cast<std::size_t>(call.image.channels); c++) curves[c] = curve(counts[c]);
    call.passes.curves(call.image, curves.data(), call.out);
  }
  static Curve curve(const Counts& counts);
};

// ---- values and those around them

struct Color {
  static constexpr std::string_view kName = "Color";
  static void apply(const Call& call) { call.passes.saturate(call.image, call.factor(), call.out); }
};

struct Sharpness {
  static constexpr std::string_view kName = "Sharpness";
  static void apply(const Call& call) { call.passes.sharpen(call.image, call.factor(), call.out); }
};

// `fill` over a square about `at`, of the magnitude rounded down to an even number, cut off at the border (AutoAugment's form of
// DeVries and Taylor, Improved regularization of convolutional neural networks with Cutout, 2017).
struct Cutout {
  static constexpr std::string_view kName = "Cutout";
  static void apply(const Call& call) {
    const int half = static_cast<int>(std::clamp(call.setting.magnitude, 0.0, 65536.0)) / 2;
    const auto [row, column] = call.setting.at;
    const Box box{std::max(row - half, 0), std::max(column - half, 0), std::min(row + half, call.image.height),
                  std::min(column + half, call.image.width)};
    call.passes.cover(call.image, box, call.fill, call.out);
  }
};

// The list as data. The position of an operation is its number.
struct Operation {
  std::string_view name;
  void (*apply)(const Call& call);
};

inline constexpr std::array kOperations = {
#define IMAGE_OPERATION(Type) Operation{Type::kName, &Type::apply},
#include "core/operations/operations.def"
#undef IMAGE_OPERATION
};

}  // namespace saliencymix::operations
