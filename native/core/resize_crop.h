// Brings an image to a size: it is resized until it covers that size, and what is too much is cropped evenly on both sides.
// The filter is a triangle that grows with the reduction (bilinear with antialiasing). Gives exactly the pixels of PIL's
// Image.resize(BILINEAR), and so of torchvision's Resize + CenterCrop on PIL images: same weights in fixed point, columns
// before rows, each pass rounded to 8 bits.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/image_rows.h"

namespace saliencymix {

// The resized image has rows x cols pixels; the crop of height x width of them begins at (top, left). A thin image that is to
// cover a wide size becomes longer than an int can say, though most of it is cropped.
struct ResizeCropPlan {
  std::int64_t rows, cols;
  std::int64_t top, left;
  int height, width;
};

// The image resized so that it just covers coverHeight x coverWidth, which is not less than height x width.
inline ResizeCropPlan resizeCropPlan(int inHeight, int inWidth, int coverHeight, int coverWidth, int height, int width) {
  const std::int64_t wide = static_cast<std::int64_t>(inWidth) * coverHeight;
  const std::int64_t tall = static_cast<std::int64_t>(inHeight) * coverWidth;
  // One axis gets exactly the wanted length; the length of the other one is rounded down.
  const std::int64_t rows = wide <= tall ? tall / inWidth : coverHeight;
  const std::int64_t cols = wide <= tall ? coverWidth : wide / inHeight;
  const auto half = [](std::int64_t over) {
    return static_cast<std::int64_t>(std::nearbyint(static_cast<double>(over) / 2.0));  // to even, as Python rounds
  };
  return {rows, cols, half(rows - height), half(cols - width), height, width};
}

inline ResizeCropPlan resizeCropPlan(int inHeight, int inWidth, int height, int width) {
  return resizeCropPlan(inHeight, inWidth, height, width, height, width);
}

// The input positions that make up each output position of one axis, with their weights.
class Taps {
 public:
  Taps(int in, std::int64_t out, std::int64_t from, int count) : size_(0), first_(static_cast<std::size_t>(count)) {
    const double scale = static_cast<double>(in) / static_cast<double>(out);
    const double support = std::max(scale, 1.0);
    size_ = static_cast<int>(std::ceil(support)) * 2 + 1;
    weights_.assign(static_cast<std::size_t>(count) * static_cast<std::size_t>(size_), 0);
    std::vector<double> row(static_cast<std::size_t>(size_));
    for (int i = 0; i < count; ++i) {
      const double centre = (static_cast<double>(from + i) + 0.5) * scale;
      const int first = std::max(0, static_cast<int>(centre - support + 0.5));
      const int end = std::min(in, static_cast<int>(centre + support + 0.5));
      double sum = 0.0;
      for (int x = first; x < end; ++x) {
        const double weight = std::max(0.0, 1.0 - std::abs((x - centre + 0.5) * (1.0 / support)));
        row[static_cast<std::size_t>(x - first)] = weight;
        sum += weight;
      }
      first_[static_cast<std::size_t>(i)] = first;
      for (int x = first; x < end; ++x) {
        const double weight = sum == 0.0 ? 0.0 : row[static_cast<std::size_t>(x - first)] * (1.0 / sum);
        weights_[index(i, x - first)] = static_cast<std::int32_t>(0.5 + weight * (1 << kBits));
      }
    }
  }

  static constexpr int kBits = 22;

  int size() const { return size_; }
  int first(int i) const { return first_[static_cast<std::size_t>(i)]; }
  const std::int32_t* weights(int i) const { return weights_.data() + index(i, 0); }

 private:
  std::size_t index(int i, int tap) const {
    return static_cast<std::size_t>(i) * static_cast<std::size_t>(size_) + static_cast<std::size_t>(tap);
  }

  int size_;
  std::vector<int> first_;
  std::vector<std::int32_t> weights_;
};

inline std::uint8_t roundTap(std::int32_t sum) {
  return static_cast<std::uint8_t>(std::clamp(sum >> Taps::kBits, 0, 255));
}

// Writes the plan's height x width pixels of 3 channels to `out`. Does not read rows below those that it needs.
inline void resizeCrop(ImageRows& rows, const ResizeCropPlan& plan, std::uint8_t* out) {
  constexpr std::int32_t kHalf = 1 << (Taps::kBits - 1);
  const int height = plan.height;
  const int width = plan.width;
  const Taps across(rows.width(), plan.cols, plan.left, width);
  const Taps down(rows.height(), plan.rows, plan.top, height);
  const int top = down.first(0);
  const int bottom = std::min(rows.height(), down.first(height - 1) + down.size());
  const std::size_t line = static_cast<std::size_t>(width) * 3;
  std::vector<std::uint8_t> narrowed(static_cast<std::size_t>(bottom - top) * line);

  for (int y = 0; y < top; ++y) rows.next();
  std::uint8_t* to = narrowed.data();
  for (int y = top; y < bottom; ++y) {
    const std::uint8_t* from = rows.next();
    for (int x = 0; x < width; ++x, to += 3) {
      const std::int32_t* weights = across.weights(x);
      // Weights that fall outside the input are zero, so reading stays inside.
      const int taps = std::min(across.size(), rows.width() - across.first(x));
      const std::uint8_t* pixel = from + static_cast<std::size_t>(across.first(x)) * 3;
      std::int32_t r = kHalf, g = kHalf, b = kHalf;
      for (int k = 0; k < taps; ++k, pixel += 3) {
        r += weights[k] * pixel[0];
        g += weights[k] * pixel[1];
        b += weights[k] * pixel[2];
      }
      to[0] = roundTap(r);
      to[1] = roundTap(g);
      to[2] = roundTap(b);
    }
  }

  std::vector<std::int32_t> sums(line);
  for (int y = 0; y < height; ++y) {
    std::fill(sums.begin(), sums.end(), kHalf);
    const int taps = std::min(down.size(), bottom - down.first(y));
    for (int k = 0; k < taps; ++k) {
      const std::int32_t weight = down.weights(y)[k];
      const std::uint8_t* from = narrowed.data() + static_cast<std::size_t>(down.first(y) - top + k) * line;
      for (std::size_t x = 0; x < line; ++x) sums[x] += weight * from[x];
    }
    for (std::size_t x = 0; x < line; ++x) *out++ = roundTap(sums[x]);
  }
}

}  // namespace saliencymix
