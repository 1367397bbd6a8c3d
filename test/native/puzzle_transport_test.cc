#include <memory>
#include <numeric>

#include "check.h"
#include "core/puzzle/transport.h"
#include "puzzle_references.h"

using namespace saliencymix;
using namespace references;

// What one image's transport is given.
struct Case {
  int rows, cols;
  double epsilon;
  CellValues saliency;
  std::array<bool, kPuzzleMaxCells> seen;

  int cells() const { return rows * cols; }
  int rounds() const { return std::max(rows, cols); }

  Moves solve() const {
    static PuzzleTransport transport;
    Moves shown;
    transport.solve(rows, cols, saliency, seen, epsilon, shown);
    return shown;
  }

  std::vector<std::vector<double>> costs() const {
    std::vector<std::vector<double>> matrix;
    for (int i = 0; i < cells(); i++) {
      matrix.emplace_back();
      for (int j = 0; j < cells(); j++) {
        const int y = i / cols - j / cols, x = i % cols - j % cols;
        const int down = (rows - 1) * (rows - 1), right = (cols - 1) * (cols - 1);
        const double distance = static_cast<double>(y * y * right + x * x * down) / (down * right);
        matrix.back().push_back(epsilon * distance - saliency[at(i)] * (seen[at(j)] ? 1.0 : 0.0));
      }
    }
    return matrix;
  }

  static std::size_t at(int i) { return static_cast<std::size_t>(i); }
};

// Saliency of sum 1. One of `steps` levels where above 0, which makes ties and cells without any.
static Case randomCase(check::Numbers& numbers, int rows, int cols, int steps) {
  Case one{rows, cols, 0.8, {}, {}};
  const double share = numbers.uniform(), power = 1 + numbers.below(4);
  double sum = 0.0;
  for (int i = 0; i < rows * cols; i++) {
    double value = std::pow(numbers.uniform(), power);
    if (steps > 0) value = numbers.below(steps);
    sum += one.saliency[Case::at(i)] = value;
    one.seen[Case::at(i)] = numbers.uniform() < share;
  }
  for (int i = 0; i < rows * cols; i++) one.saliency[Case::at(i)] /= sum > 0.0 ? sum : 1.0;
  return one;
}

TEST(movesAreTheRounds) {
  check::Numbers numbers(1);
  for (const auto& [rows, cols] : {std::pair{2, 2}, {2, 4}, {4, 4}, {4, 2}, {8, 8}, {16, 8}, {16, 16}}) {
    for (int i = 0; i < (rows * cols < 100 ? 300 : 20); i++) {
      const Case one = randomCase(numbers, rows, cols, i % 3 == 0 ? 3 : 0);
      const Moves shown = one.solve();
      const std::vector<int> rounds = byRounds(one.costs(), one.rounds());
      for (int j = 0; j < one.cells(); j++) {
        const std::size_t place = Case::at(j);
        // Where no cell won, the place shows its own.
        CHECK_EQUAL(shown[place], !one.seen[place] ? kNoCell : rounds[place] < 0 ? j : rounds[place]);
        CHECK(rounds[place] >= 0 || !one.seen[place] || one.saliency[place] == 0.0);
      }
    }
  }
}

TEST(movesByHand) {
  // One place is seen; what is salient is beside it.
  Case one{2, 2, 0.8, {0.95, 0.05, 0, 0}, {false, true, false, false}};
  CHECK(one.solve()[1] == 0);  // 0.8 - 0.95 < -0.05
  one.saliency = {0.85, 0.15, 0, 0};
  CHECK(one.solve()[1] == 1);  // 0.8 - 0.85 > -0.15
  // Both 0 and 3 are nearest to 1 and 2. The first place, and there the first cell; cell 3 takes what is left.
  one.epsilon = 0.25;
  one.saliency = {0.5, 0, 0, 0.5};
  one.seen = {false, true, true, false};
  CHECK(one.solve()[1] == 0 && one.solve()[2] == 3 && one.solve()[0] == kNoCell && one.solve()[3] == kNoCell);
  // Nothing to show: the place shows its own cell.
  one.saliency = {0, 0, 1, 0};
  one.seen = {false, true, false, false};
  one.epsilon = 0.8;
  CHECK(one.solve()[1] == 1);
}

TEST(noCellTwice) {
  check::Numbers numbers(2);
  for (int i = 0; i < 1000; i++) {
    const Case one = randomCase(numbers, 8, 8, i % 3);
    std::array<int, kPuzzleMaxCells> times{};
    for (int j = 0; const std::int32_t cell : one.solve()) {
      if (j++ < one.cells() && cell != kNoCell) times[static_cast<std::size_t>(cell)]++;
    }
    CHECK(*std::max_element(times.begin(), times.end()) <= 1);
  }
}

static double permutations(const std::vector<std::vector<double>>& cost) {
  std::vector<std::size_t> order(cost.size());
  std::iota(order.begin(), order.end(), 0u);
  double least = 1e300;
  do {
    double sum = 0.0;
    for (std::size_t i = 0; i < order.size(); i++) sum += cost[i][order[i]];
    least = std::min(least, sum);
  } while (std::next_permutation(order.begin(), order.end()));
  return least;
}

// Against the best of all ways to show cells at places, where a cell need not be shown: what would cost more than 0 costs 0.
// Rounds find mostly the best on small grids, and on large ones nearly; measured: equal in 998, 976, 949 and 849 of 1000, in 49
// of 100 and 2 of 20, with 0.985 of the best sum or more in each line.
TEST(movesAgainstTheBestAssignment) {
  struct Line {
    int side;
    double epsilon;
    int tries, equal;
  };
  check::Numbers numbers(3);
  for (const Line& line : {Line{2, 0.8, 1000, 990}, {2, 0.2, 1000, 960}, {3, 0.8, 1000, 930}, {3, 0.2, 1000, 820},
                           {8, 0.8, 100, 30}, {16, 0.8, 20, 0}}) {
    int equal = 0;
    double sum = 0.0, bestSum = 0.0;
    for (int i = 0; i < line.tries; i++) {
      Case one = randomCase(numbers, line.side, line.side, 0);
      one.epsilon = line.epsilon;
      auto costs = one.costs();
      double cost = 0.0;
      const Moves shown = one.solve();
      for (int place = 0; place < one.cells(); place++) {
        const std::int32_t cell = shown[Case::at(place)];
        if (cell != kNoCell) cost += costs[Case::at(cell)][Case::at(place)];
      }
      for (auto& row : costs) {
        for (double& value : row) value = std::min(value, 0.0);
      }
      const double best = leastAssignment(costs);
      if (line.side == 2) CHECK(std::abs(best - permutations(costs)) < 1e-12);
      CHECK(cost >= best - 1e-12);
      equal += cost <= best + 1e-12;
      sum += cost;
      bestSum += best;
    }
    CHECK(equal >= line.equal);
    CHECK(sum <= 0.98 * bestSum);
  }
}
