// Which images GuidedMixup (map.h) mixes with each other: those whose maps are far apart, in one cycle through the whole
// batch.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "core/guided/lanes.h"

namespace saliencymix::guided {

// The Euclidean distance of two maps of `size` floats. It depends on these two alone, and distance(a, b) = distance(b, a),
// to the bit.
inline double distance(const float* a, const float* b, std::size_t size) {
  return std::sqrt(sumInLanes(size, [=](std::size_t i) {
    const double difference = static_cast<double>(a[i]) - static_cast<double>(b[i]);
    return difference * difference;
  }));
}

// Rows first .. end - 1 of the matrix of distances of `count` maps, which lie one after the other: what is in them right of
// the diagonal, the same in the columns below, and the diagonal, 0. All rows make the whole matrix, count x count; threads
// may take some each, and the first rows have the most to do.
inline void fillDistances(const float* maps, int count, std::size_t size, int first, int end, double* matrix) {
  const std::size_t n = static_cast<std::size_t>(count);
  for (std::size_t i = static_cast<std::size_t>(first); i < static_cast<std::size_t>(end); i++) {
    matrix[i * n + i] = 0.0;
    for (std::size_t j = i + 1; j < n; j++) {
      const double found = distance(maps + i * size, maps + j * size, size);
      matrix[i * n + j] = found;
      matrix[j * n + i] = found;
    }
  }
}

namespace detail {

// The column of the largest number in a row among columns that are not used; the first of several. There is at least one.
inline std::size_t farthest(const double* row, const std::vector<bool>& isUsed) {
  std::size_t best = isUsed.size();
  for (std::size_t j = 0; j < isUsed.size(); j++) {
    if (!isUsed[j] && (best == isUsed.size() || row[j] > row[best])) best = j;
  }
  return best;
}

}  // namespace detail

// For each image the one that is mixed into it. Greedy: from the image in the row of the largest distance always to the
// farthest one that has not been reached, and from the last back to the first, so that every image is a target once and a
// source once. Of equal distances the first counts: the smallest row, then the smallest column. A single image is its own
// partner. matrix: count x count distances as above.
inline std::vector<int> pairInOneCycle(const double* matrix, int count) {
  const std::size_t n = static_cast<std::size_t>(count);
  std::vector<int> partners(n, 0);
  if (n < 2) return partners;
  std::vector<bool> isUsed(n, false);
  // The diagonal is the maximum only where all distances are 0, and the first of them is in row 0 with or without it.
  const std::size_t first = static_cast<std::size_t>(std::max_element(matrix, matrix + n * n) - matrix) / n;
  std::size_t at = first;
  for (std::size_t step = 1; step < n; step++) {
    isUsed[at] = true;
    const std::size_t next = detail::farthest(matrix + at * n, isUsed);
    partners[at] = static_cast<int>(next);
    at = next;
  }
  partners[at] = static_cast<int>(first);
  return partners;
}

}  // namespace saliencymix::guided
