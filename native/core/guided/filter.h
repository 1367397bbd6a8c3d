// Filters that are the same in all four directions, on float64 planes: along rows, then along columns.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

#include "core/image.h"

namespace saliencymix::guided {

// What lies beyond the border.
enum class Border {
  mirrored,  // reflect-101
  repeated,  // the border's own values
};

inline std::size_t positionOf(int index, int length, Border border) {
  return static_cast<std::size_t>(border == Border::mirrored ? reflect101(index, length) : std::clamp(index, 0, length - 1));
}

// weights: of the middle and of those 1, 2, .. kReach away, on both sides. Values at equal distance are added first, so the
// result of a mirrored plane is the mirrored result, to the bit.
template <std::size_t kReach>
class Filter {
 public:
  using Weights = std::array<double, kReach + 1>;

  Filter(const Weights& weights, Border border) : weights_(weights), border_(border) {}

  // values: height x width. result may be the same plane.
  void apply(const double* values, int height, int width, double* result) {
    const std::size_t columns = static_cast<std::size_t>(width);
    across_.resize(static_cast<std::size_t>(height) * columns);
    for (std::size_t y = 0; y < static_cast<std::size_t>(height); y++) {
      alongRow(values + y * columns, width, across_.data() + y * columns);
    }
    for (int y = 0; y < height; y++) downColumns(y, height, columns, result + static_cast<std::size_t>(y) * columns);
  }

 private:
  static constexpr int kSide = static_cast<int>(kReach);

  // The row is copied with what lies beyond its ends, so that no value of it is a special case.
  void alongRow(const double* row, int width, double* result) {
    padded_.resize(static_cast<std::size_t>(width) + 2 * kReach);
    const std::size_t columns = static_cast<std::size_t>(width);
    std::copy_n(row, columns, padded_.begin() + kSide);
    for (int k = 0; k < kSide; k++) {
      padded_[static_cast<std::size_t>(k)] = row[positionOf(k - kSide, width, border_)];
      padded_[static_cast<std::size_t>(k) + columns + kReach] = row[positionOf(width + k, width, border_)];
    }
    for (std::size_t x = 0; x < columns; x++) {
      double sum = weights_[0] * padded_[x + kReach];
      for (std::size_t k = 1; k <= kReach; k++) sum += weights_[k] * (padded_[x + kReach - k] + padded_[x + kReach + k]);
      result[x] = sum;
    }
  }

  void downColumns(int y, int height, std::size_t columns, double* result) const {
    std::array<const double*, kReach + 1> above;
    std::array<const double*, kReach + 1> below;
    for (int k = 0; k <= kSide; k++) {
      above[static_cast<std::size_t>(k)] = across_.data() + positionOf(y - k, height, border_) * columns;
      below[static_cast<std::size_t>(k)] = across_.data() + positionOf(y + k, height, border_) * columns;
    }
    for (std::size_t x = 0; x < columns; x++) {
      double sum = weights_[0] * above[0][x];
      for (std::size_t k = 1; k <= kReach; k++) sum += weights_[k] * (above[k][x] + below[k][x]);
      result[x] = sum;
    }
  }

  Weights weights_;
  Border border_;
  std::vector<double> padded_;
  std::vector<double> across_;
};

}  // namespace saliencymix::guided
