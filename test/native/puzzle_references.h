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

// The least cost by dynamic programming over rows, of grids of few columns.
inline Cost byRows(const Energy& energy) {
  std::size_t states = 1;
  for (int col = 0; col < energy.cols; col++) states *= 3;
  const auto label = [](std::size_t state, int col) {
    while (col-- > 0) state /= 3;
    return static_cast<int>(state % 3);
  };
  std::vector<Cost> best(states, 0);
  for (int row = 0; row < energy.rows; row++) {
    std::vector<Cost> next(states, std::numeric_limits<Cost>::max());
    for (std::size_t state = 0; state < states; state++) {
      for (std::size_t before = 0; before < (row == 0 ? 1 : states); before++) {
        Cost cost = best[before];
        for (int col = 0; col < energy.cols && row > 0; col++) {
          const int difference = label(state, col) - label(before, col);
          cost += energy.down[energy.at(row - 1, col)] * difference * difference;
        }
        next[state] = std::min(next[state], cost);
      }
      for (int col = 0; col < energy.cols; col++) {
        next[state] += energy.unary[energy.at(row, col)][static_cast<std::size_t>(label(state, col))];
        if (col + 1 == energy.cols) continue;
        const int difference = label(state, col) - label(state, col + 1);
        next[state] += energy.right[energy.rightAt(row, col)] * difference * difference;
      }
    }
    best = next;
  }
  return *std::min_element(best.begin(), best.end());
}

// Alpha-beta swap (Y. Boykov, O. Veksler, R. Zabih, "Fast approximate energy minimization via graph cuts", PAMI 2001): two
// labels are dealt anew among the nodes that have them, exactly, until no pair of labels gains. The exact dealing is itself a
// cut, of labels 0 and 1, where nodes that don't take part have no edges and the others' unaries hold what they cost them.
inline Labels swapLabels(OrderedCut& solver, const Energy& energy, const Labels& before, std::uint8_t low, std::uint8_t high) {
  constexpr Cost kForbidden = Cost{1} << 40;
  Energy two(energy.rows, energy.cols);
  const auto takesPart = [&](std::size_t i) { return before[i] == low || before[i] == high; };
  const auto square = [](int difference) { return difference * difference; };
  for (std::size_t i = 0; i < before.size(); i++) {
    two.unary[i] = takesPart(i) ? OrderedCut::Unary{energy.unary[i][low], energy.unary[i][high], kForbidden}
                                : OrderedCut::Unary{0, kForbidden, kForbidden};
  }
  std::vector<Cost> weights;
  energy.eachEdge([&](std::size_t i, std::size_t j, Cost weight) {
    weights.push_back(takesPart(i) && takesPart(j) ? weight * square(high - low) : 0);
    if (takesPart(i) == takesPart(j)) return;
    const std::size_t inside = takesPart(i) ? i : j, outside = takesPart(i) ? j : i;
    two.unary[inside][0] += weight * square(low - before[outside]);
    two.unary[inside][1] += weight * square(high - before[outside]);
  });
  auto weight = weights.begin();
  for (int row = 0; row < energy.rows; row++) {
    for (int col = 0; col < energy.cols; col++) {
      if (row + 1 < energy.rows) two.down[two.at(row, col)] = *weight++;
      if (col + 1 < energy.cols) two.right[two.rightAt(row, col)] = *weight++;
    }
  }
  Labels after = cut(solver, two);
  for (std::size_t i = 0; i < after.size(); i++) after[i] = !takesPart(i) ? before[i] : after[i] == 1 ? high : low;
  return after;
}

inline Labels bySwaps(OrderedCut& solver, const Energy& energy) {
  Labels labels(energy.unary.size(), 0);
  for (bool gained = true; gained;) {
    gained = false;
    for (const auto& [low, high] : {std::pair<std::uint8_t, std::uint8_t>{0, 1}, {0, 2}, {1, 2}}) {
      const Labels other = swapLabels(solver, energy, labels, low, high);
      if (energy.of(other) >= energy.of(labels)) continue;
      labels = other;
      gained = true;
    }
  }
  return labels;
}

// Least sum of one entry of each row of a square matrix, no two of a column: the Hungarian method with potentials, row by row.
inline double leastAssignment(const std::vector<std::vector<double>>& cost) {
  const std::size_t n = cost.size();
  constexpr double kFar = std::numeric_limits<double>::infinity();
  std::vector<double> ofRow(n + 1, 0.0), ofCol(n + 1, 0.0);
  std::vector<std::size_t> rowOf(n + 1, n);  // of each column; column n holds the row that looks for one
  for (std::size_t row = 0; row < n; row++) {
    std::vector<double> slack(n, kFar);
    std::vector<std::size_t> from(n, n);
    std::vector<bool> done(n + 1, false);
    std::size_t col = n;
    rowOf[n] = row;
    do {
      done[col] = true;
      std::size_t nearest = n;
      for (std::size_t j = 0; j < n; j++) {
        if (done[j]) continue;
        const double reduced = cost[rowOf[col]][j] - ofRow[rowOf[col]] - ofCol[j];
        if (reduced < slack[j]) slack[j] = reduced, from[j] = col;
        if (nearest == n || slack[j] < slack[nearest]) nearest = j;
      }
      const double step = slack[nearest];
      for (std::size_t j = 0; j <= n; j++) {
        if (done[j]) ofRow[rowOf[j]] += step, ofCol[j] -= step;
        else slack[j] -= step;
      }
      col = nearest;
    } while (rowOf[col] != n);
    for (; col != n; col = from[col]) rowOf[col] = rowOf[from[col]];
  }
  double sum = 0.0;
  for (std::size_t col = 0; col < n; col++) sum += cost[rowOf[col]][col];
  return sum;
}

// The rounds of transport.h, literally: a matrix of costs, whose rows are cells and whose columns are places.
inline std::vector<int> byRounds(std::vector<std::vector<double>> cost, int rounds) {
  const std::size_t n = cost.size();
  std::vector<int> shown(n, -1);
  for (int round = 0; round < rounds; round++) {
    std::vector<std::size_t> claimed(n);
    for (std::size_t i = 0; i < n; i++) {
      claimed[i] = static_cast<std::size_t>(std::min_element(cost[i].begin(), cost[i].end()) - cost[i].begin());
    }
    for (std::size_t j = 0; j < n; j++) {
      // Cells that claim another place stand in this column with 0.
      std::size_t winner = 0;
      const auto claim = [&](std::size_t i) { return claimed[i] == j ? cost[i][j] : 0.0; };
      for (std::size_t i = 1; i < n; i++) {
        if (claim(i) < claim(winner)) winner = i;
      }
      shown[j] = claimed[winner] == j ? static_cast<int>(winner) : -1;
    }
    for (std::size_t i = 0; i < n; i++) {
      if (shown[claimed[i]] != static_cast<int>(i)) cost[i][claimed[i]] += 1.0;
    }
  }
  return shown;
}

}  // namespace references
