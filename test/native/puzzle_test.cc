#include "check.h"
#include "puzzle_references.h"

using namespace saliencymix;
using namespace references;

static void checkAgainstAll(OrderedCut& solver, const Energy& energy) {
  const Minimum best = tryAll(energy);
  const Labels labels = cut(solver, energy);
  CHECK_EQUAL(energy.of(labels), best.cost);
  CHECK(labels == best.largest);
}

TEST(cutIsTheMinimum) {
  OrderedCut solver;
  check::Numbers numbers(1);
  const std::array<std::array<int, 2>, 9> sizes{{{1, 1}, {1, 2}, {2, 1}, {1, 7}, {6, 1}, {2, 2}, {2, 3}, {3, 2}, {2, 4}}};
  // Few different costs make ties; weights of 0, and some that outweigh all the rest.
  const std::array<std::array<int, 2>, 6> ranges{{{1, 1}, {2, 1}, {3, 0}, {50, 20}, {1000, 5000}, {100000, 100}}};
  for (const auto& [span, weights] : ranges) {
    for (int i = 0; i < 40; i++) {
      for (const auto& [rows, cols] : sizes) checkAgainstAll(solver, randomEnergy(numbers, rows, cols, span, weights));
    }
    for (int i = 0; i < 50; i++) checkAgainstAll(solver, randomEnergy(numbers, 3, 3, span, weights));
  }
}
