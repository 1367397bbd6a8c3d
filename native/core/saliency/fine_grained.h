// Fine-grained saliency: differences between a pixel and its surroundings at six scales, bright-on-dark and
// dark-on-bright apart. S. Montabone, A. Soto, "Human detection using a mobile platform and novel features derived from
// a visual saliency mechanism", Image and Vision Computing 28 (2010), in the integer form that OpenCV's
// StaticSaliencyFineGrained computes for uint8 images.
//
// All integers, so the result is the same on every machine:
//   c            gray, blurred twice by [1 2 1] x [1 2 1] / 16 with rounding (borders reflect-101)
//   sum, area    of c over the window: rows y - n + 1 .. y + n, columns alike, cut off at the borders
//   on  = sum over n of trunc(c - m) where c > m      m = (sum - c) / (area - 1), the mean of the others
//   off = sum over n of trunc(m - c) where m > c
//   map = trunc(255 on / max on) + trunc(255 off / max off), at most 255
// map values: k / 255 for whole k, in [0, 1]. Because on and off both reach 255, the peak is nearly always tied.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "core/gray.h"
#include "core/host_device.h"
#include "core/image.h"

namespace saliencymix {

struct FineGrained {
  static constexpr int kReach[6] = {12, 24, 48, 28, 56, 112};  // n of each window

  // map: height x width.
  static void compute(const ImageView& image, float* map) {
    const int height = image.height;
    const int width = image.width;
    const std::size_t size = image.pixels();
    std::vector<std::uint8_t> gray(size);
    std::vector<std::uint8_t> blurred(size);
    toGray(image, gray.data());
    blur121(gray.data(), height, width, blurred.data());
    blur121(blurred.data(), height, width, gray.data());
    const std::vector<std::int64_t> integral = integralImage(gray.data(), height, width);

    std::vector<int> on(size, 0);
    std::vector<int> off(size, 0);
    for (const int reach : kReach) addWindow(gray.data(), integral, height, width, reach, on.data(), off.data());
    const int maxOn = *std::max_element(on.begin(), on.end());
    const int maxOff = *std::max_element(off.begin(), off.end());
    for (std::size_t i = 0; i < size; i++) {
      map[i] = mapValue(share255(on[i], maxOn), share255(off[i], maxOff));
    }
  }

  // What a window around `at` covers of an axis, half open: reach - 1 before it and reach after.
  struct Span {
    int begin;
    int end;
    SALIENCYMIX_HOST_DEVICE int length() const { return end - begin; }
  };
  SALIENCYMIX_HOST_DEVICE static Span windowAround(int at, int reach, int length) {
    const int begin = at - reach + 1;
    const int end = at + reach + 1;
    return {begin < 0 ? 0 : begin, end > length ? length : end};
  }

  // on and off, each as a share of 255, to a value of the map.
  SALIENCYMIX_HOST_DEVICE static float mapValue(int shareOfOn, int shareOfOff) {
    const int sum = shareOfOn + shareOfOff;
    return static_cast<float>(sum < 255 ? sum : 255) * (1.0f / 255.0f);
  }

  static int share255(int value, int maximum) { return maximum == 0 ? 0 : 255 * value / maximum; }

  // (S + 8) >> 4 with S the sum over 3 x 3 weighted [1 2 1] x [1 2 1]. An axis of length 1 is not blurred: there the
  // reflected neighbours are the pixel itself, and the weights add up to 4.
  static void blur121(const std::uint8_t* source, int height, int width, std::uint8_t* result) {
    const auto across = [&](int y, int x) {
      const std::uint8_t* row = source + static_cast<std::size_t>(y) * static_cast<std::size_t>(width);
      return row[reflect101(x - 1, width)] + 2 * row[x] + row[reflect101(x + 1, width)];
    };
    for (int y = 0; y < height; y++) {
      const int above = reflect101(y - 1, height);
      const int below = reflect101(y + 1, height);
      for (int x = 0; x < width; x++) {
        *result++ = static_cast<std::uint8_t>((across(above, x) + 2 * across(y, x) + across(below, x) + 8) >> 4);
      }
    }
  }

  // (height + 1) x (width + 1): entry (y, x) is the sum over rows < y and columns < x.
  static std::vector<std::int64_t> integralImage(const std::uint8_t* gray, int height, int width) {
    const std::size_t stride = static_cast<std::size_t>(width) + 1;
    std::vector<std::int64_t> integral(stride * (static_cast<std::size_t>(height) + 1), 0);
    for (int y = 0; y < height; y++) {
      const std::int64_t* above = integral.data() + static_cast<std::size_t>(y) * stride;
      std::int64_t* row = integral.data() + (static_cast<std::size_t>(y) + 1) * stride;
      std::int64_t sum = 0;
      for (int x = 0; x < width; x++) {
        sum += *gray++;
        row[x + 1] = above[x + 1] + sum;
      }
    }
    return integral;
  }

  static void addWindow(const std::uint8_t* gray, const std::vector<std::int64_t>& integral, int height, int width,
                        int reach, int* on, int* off) {
    const std::size_t stride = static_cast<std::size_t>(width) + 1;
    for (int y = 0; y < height; y++) {
      const Span rows = windowAround(y, reach, height);
      const std::int64_t* upper = integral.data() + static_cast<std::size_t>(rows.begin) * stride;
      const std::int64_t* lower = integral.data() + static_cast<std::size_t>(rows.end) * stride;
      for (int x = 0; x < width; x++, gray++, on++, off++) {
        const Span cols = windowAround(x, reach, width);
        const std::int64_t area = static_cast<std::int64_t>(rows.length()) * cols.length();
        if (area == 1) continue;  // a window of one pixel: there is nothing to compare it with
        const std::int64_t sum = lower[cols.end] - lower[cols.begin] - upper[cols.end] + upper[cols.begin];
        // c - m = (c * area - sum) / (area - 1); C++ division truncates towards zero.
        const int difference = static_cast<int>((*gray * area - sum) / (area - 1));
        *on += std::max(difference, 0);
        *off += std::max(-difference, 0);
      }
    }
  }
};

}  // namespace saliencymix
