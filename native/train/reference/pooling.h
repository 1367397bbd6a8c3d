// Pooling as it is defined: what the kernels are compared with.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "train/pooling.h"

namespace saliencymix::train::reference {

// Calls visit(output's index, place in the window, input's index) for every element of every window, in order.
template <class Visit>
void forEachInWindows(const PoolShape& s, const Visit& visit) {
  const auto at = [&](int n, int row, int column, int height, int width, int c) {
    return ((static_cast<std::size_t>(n) * static_cast<std::size_t>(height) + static_cast<std::size_t>(row)) *
                static_cast<std::size_t>(width) + static_cast<std::size_t>(column)) *
               static_cast<std::size_t>(s.channels) + static_cast<std::size_t>(c);
  };
  for (int n = 0; n < s.images; n++)
    for (int i = 0; i < s.outHeight(); i++)
      for (int j = 0; j < s.outWidth(); j++)
        for (int c = 0; c < s.channels; c++)
          for (int k = 0; k < s.kernelHeight * s.kernelWidth; k++) {
            const int row = i * s.stride - s.padding + k / s.kernelWidth;
            const int column = j * s.stride - s.padding + k % s.kernelWidth;
            if (row < 0 || row >= s.height || column < 0 || column >= s.width) continue;
            visit(at(n, i, j, s.outHeight(), s.outWidth(), c), k, at(n, row, column, s.height, s.width, c));
          }
}

inline std::size_t poolInputs(const PoolShape& s) {
  return static_cast<std::size_t>(s.images) * static_cast<std::size_t>(s.height) * static_cast<std::size_t>(s.width) *
         static_cast<std::size_t>(s.channels);
}
inline std::size_t poolOutputs(const PoolShape& s) {
  return static_cast<std::size_t>(s.images) * static_cast<std::size_t>(s.outHeight()) *
         static_cast<std::size_t>(s.outWidth()) * static_cast<std::size_t>(s.channels);
}

struct MaxPooled {
  std::vector<float> y;
  std::vector<std::uint8_t> places;
};
inline MaxPooled maxPool(const PoolShape& shape, const float* x) {
  MaxPooled result{std::vector<float>(poolOutputs(shape)), std::vector<std::uint8_t>(poolOutputs(shape))};
  std::vector<bool> begun(result.y.size(), false);
  forEachInWindows(shape, [&](std::size_t out, int place, std::size_t in) {
    const bool better = !begun[out] || x[in] > result.y[out] || std::isnan(x[in]);
    if (!better) return;
    begun[out] = true;
    result.y[out] = x[in];
    result.places[out] = static_cast<std::uint8_t>(place);
  });
  return result;
}

inline std::vector<float> maxPoolGradient(const PoolShape& shape, const float* dy, const std::uint8_t* places) {
  std::vector<float> dx(poolInputs(shape), 0.0f);
  forEachInWindows(shape, [&](std::size_t out, int place, std::size_t in) {
    if (places[out] == place) dx[in] += dy[out];
  });
  return dx;
}

inline std::vector<double> windowCounts(const PoolShape& shape) {
  std::vector<double> counts(poolOutputs(shape), 0);
  forEachInWindows(shape, [&](std::size_t out, int, std::size_t) { counts[out]++; });
  return counts;
}

inline std::vector<double> averagePool(const PoolShape& shape, const float* x) {
  const std::vector<double> counts = windowCounts(shape);
  std::vector<double> y(poolOutputs(shape), 0);
  forEachInWindows(shape, [&](std::size_t out, int, std::size_t in) { y[out] += double{x[in]} / counts[out]; });
  return y;
}

inline std::vector<double> averagePoolGradient(const PoolShape& shape, const float* dy) {
  const std::vector<double> counts = windowCounts(shape);
  std::vector<double> dx(poolInputs(shape), 0);
  forEachInWindows(shape, [&](std::size_t out, int, std::size_t in) { dx[in] += double{dy[out]} / counts[out]; });
  return dx;
}

}  // namespace saliencymix::train::reference
