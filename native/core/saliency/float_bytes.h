// What the authors' released code takes for saliency: OpenCV's StaticSaliencyFineGrained of float32 pixels (v / 255 - mean) / std.
// OpenCV computes with floats as far as the sums of windows, but reads the pixel in the middle of a window as a byte: row y,
// column x is byte x of the row's floats in memory, little endian, so byte x mod 4 of the gray value at column x / 4. The map
// shows bits of the left quarter of the image. It is a definition of its own, with OpenCV 4.6's roundings (x64 with AVX2 and FMA):
//   gray     0.114 R + 0.587 G + 0.299 B, OpenCV taking red for blue; two sums are fused, in another order in a row's rest of eight
//   blurred  twice by [1 2 1] x [1 2 1] / 16 (borders reflect-101), along rows first
//   m        (sum - c) / (area - 1): sum of a window, c the byte; windows as in fine_grained.h, sums in float32
//   on  = sum over windows of trunc(c - m) mod 256 where c > m, off likewise of m - c
//   map = (trunc(255 (on / max on)) + trunc(255 (off / max off))) mod 256
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <vector>

#include "core/image.h"
#include "core/saliency/fine_grained.h"

namespace saliencymix {

struct FloatBytes {
  // Of each channel, of [0, 1].
  struct Normalisation {
    float mean[3];
    float std[3];
  };

  // map: height x width.
  static void compute(const ImageView& image, const Normalisation& normalisation, float* map) {
    const int height = image.height;
    const int width = image.width;
    const std::size_t size = image.pixels();
    std::vector<float> gray = grayOfFloats(image, normalisation);
    std::vector<float> blurred(size);
    blur121(gray.data(), height, width, blurred.data());
    blur121(blurred.data(), height, width, gray.data());
    const std::vector<float> integral = integralImage(gray.data(), height, width);

    std::vector<int> on(size, 0);
    std::vector<int> off(size, 0);
    for (const int reach : FineGrained::kReach) addWindow(gray.data(), integral, height, width, reach, on.data(), off.data());
    const int maxOn = *std::max_element(on.begin(), on.end());
    const int maxOff = *std::max_element(off.begin(), off.end());
    for (std::size_t i = 0; i < size; i++) {
      map[i] = static_cast<float>((share255(on[i], maxOn) + share255(off[i], maxOff)) & 0xff) * (1.0f / 255.0f);
    }
  }

  // a * b + c, rounded once. The product is exact in float64; the sum is rounded to odd there, which a second rounding cannot
  // tell from the sum itself. Not every C library's fmaf does as much.
  static float fused(float a, float b, float c) {
    const double product = static_cast<double>(a) * b;
    const double sum = product + c;
    const double added = sum - product;
    const double error = (product - (sum - added)) + (c - added);
    std::uint64_t bits = std::bit_cast<std::uint64_t>(sum);
    if (error != 0.0 && (bits & 1) == 0) bits = (error > 0.0) == (sum > 0.0) ? bits + 1 : bits - 1;
    return static_cast<float>(std::bit_cast<double>(bits));
  }

  static std::vector<float> grayOfFloats(const ImageView& image, const Normalisation& n) {
    std::array<std::array<float, 256>, 3> values;
    for (std::size_t c = 0; c < 3; c++) {
      for (std::size_t v = 0; v < 256; v++) values[c][v] = (static_cast<float>(v) / 255.0f - n.mean[c]) / n.std[c];
    }
    std::vector<float> gray(image.pixels());
    const std::size_t width = static_cast<std::size_t>(image.width);
    for (std::size_t i = 0; i < gray.size(); i++) {
      const std::uint8_t* pixel = image.data + i * static_cast<std::size_t>(image.channels);
      if (image.channels == 1) {
        gray[i] = values[0][pixel[0]];
        continue;
      }
      const float red = values[0][pixel[0]];
      const float green = values[1][pixel[1]];
      const float blue = values[2][pixel[2]];
      const bool isRest = i % width >= width / 8 * 8;
      const float two = isRest ? fused(red, 0.114f, 0.587f * green) : fused(green, 0.587f, 0.114f * red);
      gray[i] = fused(blue, 0.299f, two);
    }
    return gray;
  }

  static void blur121(const float* source, int height, int width, float* result) {
    std::vector<float> across(static_cast<std::size_t>(height) * static_cast<std::size_t>(width));
    const auto rowOf = [&](auto* from, int y) { return from + static_cast<std::size_t>(y) * static_cast<std::size_t>(width); };
    const auto weighted = [](float before, float middle, float after) { return 0.5f * middle + 0.25f * (before + after); };
    for (int y = 0; y < height; y++) {
      const float* row = rowOf(source, y);
      for (int x = 0; x < width; x++) {
        rowOf(across.data(), y)[x] = weighted(row[reflect101(x - 1, width)], row[x], row[reflect101(x + 1, width)]);
      }
    }
    for (int y = 0; y < height; y++) {
      const float* above = rowOf(across.data(), reflect101(y - 1, height));
      const float* below = rowOf(across.data(), reflect101(y + 1, height));
      for (int x = 0; x < width; x++) rowOf(result, y)[x] = weighted(above[x], rowOf(across.data(), y)[x], below[x]);
    }
  }

  // (height + 1) x (width + 1), as FineGrained::integralImage.
  static std::vector<float> integralImage(const float* gray, int height, int width) {
    const std::size_t stride = static_cast<std::size_t>(width) + 1;
    std::vector<float> integral(stride * (static_cast<std::size_t>(height) + 1), 0.0f);
    for (int y = 0; y < height; y++) {
      const float* above = integral.data() + static_cast<std::size_t>(y) * stride;
      float* row = integral.data() + (static_cast<std::size_t>(y) + 1) * stride;
      float sum = 0.0f;
      for (int x = 0; x < width; x++) {
        sum += *gray++;
        row[x + 1] = above[x + 1] + sum;
      }
    }
    return integral;
  }

  static int byteOf(float value, int number) {
    return static_cast<int>(std::bit_cast<std::uint32_t>(value) >> (8 * number)) & 0xff;
  }

  // A difference as OpenCV's conversion to a byte has it on x64: cut off, mod 256; 0 where it is beyond an int, or no number.
  static int differenceOf(float value) { return value > 0.0f && value < 0x1p31f ? static_cast<int>(value) & 0xff : 0; }

  static void addWindow(const float* gray, const std::vector<float>& integral, int height, int width, int reach, int* on,
                        int* off) {
    const std::size_t stride = static_cast<std::size_t>(width) + 1;
    for (int y = 0; y < height; y++, gray += width) {
      const FineGrained::Span rows = FineGrained::windowAround(y, reach, height);
      const float* upper = integral.data() + static_cast<std::size_t>(rows.begin) * stride;
      const float* lower = integral.data() + static_cast<std::size_t>(rows.end) * stride;
      for (int x = 0; x < width; x++, on++, off++) {
        const FineGrained::Span cols = FineGrained::windowAround(x, reach, width);
        const float centre = static_cast<float>(byteOf(gray[x / 4], x % 4));
        const float sum = lower[cols.end] + upper[cols.begin] - lower[cols.begin] - upper[cols.end];
        const float others = static_cast<float>(rows.length() * cols.length() - 1);
        if (others == 0.0f) continue;  // OpenCV divides by it, and gets 0 for the infinite difference
        const float mean = (sum - centre) / others;
        *on += differenceOf(centre - mean);
        *off += differenceOf(mean - centre);
      }
    }
  }

  static int share255(int value, int maximum) {
    if (maximum == 0) return 0;
    return static_cast<int>(255.0 * static_cast<double>(static_cast<float>(value) / static_cast<float>(maximum)));
  }
};

}  // namespace saliencymix
