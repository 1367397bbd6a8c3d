// What puzzle_test.cc compares with: slow and plain ways to the same minima.
#pragma once

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

#include "check.h"
#include "core/puzzle/ordered_cut.h"

namespace references {

using saliencymix::OrderedCut;
using Cost = OrderedCut::Cost;
using Labels = std::vector<std::uint8_t>;

// A grid's costs as OrderedCut takes them.
struct Energy {
  int rows;
  int cols;
  std::vector<OrderedCut::Unary> unary;
  std::vector<Cost> down;
  std::vector<Cost> right;

  Energy(int height, int width)
      : rows(height), cols(width), unary(area(height, width)), down(area(height - 1, width)), right(area(height, width - 1)) {}

  static std::size_t area(int height, int width) { return static_cast<std::size_t>(height) * static_cast<std::size_t>(width); }
  std::size_t at(int row, int col) const { return static_cast<std::size_t>(row * cols + col); }
  std::size_t rightAt(int row, int col) const { return static_cast<std::size_t>(row * (cols - 1) + col); }

  // use(cell, cell of the edge's other end, its weight).
  template <class Use>
  void eachEdge(const Use& use) const {
    for (int row = 0; row < rows; row++) {
      for (int col = 0; col < cols; col++) {
        if (row + 1 < rows) use(at(row, col), at(row + 1, col), down[at(row, col)]);
        if (col + 1 < cols) use(at(row, col), at(row, col + 1), right[rightAt(row, col)]);
      }
    }
  }

  Cost of(const Labels& labels) const {
    Cost sum = 0;
    for (std::size_t i = 0; i < labels.size(); i++) sum += unary[i][labels[i]];
    eachEdge([&](std::size_t i, std::size_t j, Cost weight) {
      const int difference = labels[i] - labels[j];
      sum += weight * difference * difference;
    });
    return sum;
  }
};

// Unaries in -span .. span, weights in 0 .. weights.
inline Energy randomEnergy(check::Numbers& numbers, int rows, int cols, int span, int weights) {
  Energy energy(rows, cols);
  for (auto& costs : energy.unary) {
    for (Cost& cost : costs) cost = numbers.below(2 * span + 1) - span;
  }
  for (Cost& weight : energy.down) weight = numbers.below(weights + 1);
  for (Cost& weight : energy.right) weight = numbers.below(weights + 1);
  return energy;
}

inline Labels cut(OrderedCut& solver, const Energy& energy) {
  Labels labels(energy.unary.size());
  solver.solve(energy.rows, energy.cols, energy.unary.data(), energy.down.data(), energy.right.data(), labels.data());
  return labels;
}

struct Minimum {
  Cost cost;
  Labels largest;  // of each node the largest label that it has in any labeling of this cost
};

inline Minimum tryAll(const Energy& energy) {
  Labels labels(energy.unary.size(), 0);
  Minimum best{std::numeric_limits<Cost>::max(), labels};
  for (;;) {
    const Cost cost = energy.of(labels);
    if (cost < best.cost) best = {cost, labels};
    if (cost == best.cost) {
      for (std::size_t i = 0; i < labels.size(); i++) best.largest[i] = std::max(best.largest[i], labels[i]);
    }
    std::size_t digit = 0;
    while (digit < labels.size() && labels[digit] == 2) labels[digit++] = 0;
    if (digit == labels.size()) return best;
    labels[digit]++;
  }
}

}  // namespace references
