#include <cmath>
#include <memory>

#include "check.h"
#include "core/masked.h"
#include "core/puzzle/puzzle.h"
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

TEST(cutOfManyRows) {
  OrderedCut solver;
  check::Numbers numbers(2);
  for (const auto& [rows, cols] : {std::pair{16, 1}, {16, 2}, {11, 3}, {16, 4}}) {
    for (const int weights : {2, 40, 1000}) {
      for (int i = 0; i < (cols == 4 ? 2 : 20); i++) {
        const Energy energy = randomEnergy(numbers, rows, cols, 100, weights);
        CHECK_EQUAL(energy.of(cut(solver, energy)), byRows(energy));
      }
    }
  }
}

TEST(cutNeverAboveSwaps) {
  OrderedCut solver;
  check::Numbers numbers(3);
  int below = 0;
  for (int i = 0; i < 200; i++) {
    const Energy energy = randomEnergy(numbers, 16, 16, 100, 10 + i);
    const Cost exact = energy.of(cut(solver, energy)), swaps = energy.of(bySwaps(solver, energy));
    CHECK(exact <= swaps);
    below += exact < swaps;
  }
  // Swaps do stop early.
  CHECK(below > 100);
}

// Without the labels up to the one that was given, a node costs more.
TEST(cutGivesTheLargestLabels) {
  OrderedCut solver;
  check::Numbers numbers(4);
  for (int i = 0; i < 20; i++) {
    const Energy energy = randomEnergy(numbers, 16, 16, 2, 1);
    const Labels labels = cut(solver, energy);
    for (int tries = 0; tries < 10; tries++) {
      const auto node = static_cast<std::size_t>(numbers.below(256));
      if (labels[node] == 2) continue;
      Energy larger = energy;
      for (std::size_t label = 0; label <= labels[node]; label++) larger.unary[node][label] += 1000;
      CHECK(larger.of(cut(solver, larger)) > energy.of(labels));
    }
  }
}

TEST(hugeCosts) {
  OrderedCut solver;
  check::Numbers numbers(5);
  for (int i = 0; i < 20; i++) {
    Energy energy = randomEnergy(numbers, 3, 3, 1000, 300);
    const Labels small = cut(solver, energy);
    for (auto& costs : energy.unary) {
      for (Cost& cost : costs) cost *= Cost{1} << 37;
    }
    for (auto* weights : {&energy.down, &energy.right}) {
      for (Cost& weight : *weights) weight *= Cost{1} << 37;
    }
    CHECK(cut(solver, energy) == small);
  }
}

TEST(logarithms) {
  CHECK_EQUAL(portableLog(1.0), 0.0);
  check::Numbers numbers(6);
  for (int i = 0; i < 100000; i++) {
    const double value = std::exp(-20.0 * numbers.uniform());
    CHECK(std::abs(portableLog(value) - std::log(value)) <= 4e-16 * std::abs(std::log(value)) + 1e-17);
  }
}

// A pair of images of its own.
struct Scene {
  int height, width, channels;
  std::vector<std::uint8_t> target, source;
  std::vector<float> targetMap, sourceMap;

  PuzzlePair pair(double lambda, int grid) const {
    const ImageView first{target.data(), height, width, channels}, second{source.data(), height, width, channels};
    return {first, second, targetMap.data(), sourceMap.data(), lambda, grid};
  }
};

// A salient spot over noise.
static std::vector<float> randomMap(check::Numbers& numbers, int height, int width) {
  std::vector<float> map(static_cast<std::size_t>(height * width));
  const double top = numbers.uniform() * height, left = numbers.uniform() * width;
  const double reach = (0.1 + numbers.uniform() / 3) * height;
  for (int i = 0; i < height * width; i++) {
    const double y = i / width - top, x = i % width - left;
    const double spot = std::exp(-(y * y + x * x) / (reach * reach));
    map[static_cast<std::size_t>(i)] = static_cast<float>(spot + 0.2 * numbers.uniform());
  }
  return map;
}

static Scene randomScene(check::Numbers& numbers, int height, int width, int channels) {
  const auto bytes = static_cast<std::size_t>(height * width * channels);
  Scene scene{height, width, channels, numbers.bytes(bytes), numbers.bytes(bytes), {}, {}};
  scene.targetMap = randomMap(numbers, height, width);
  scene.sourceMap = randomMap(numbers, height, width);
  return scene;
}

static std::unique_ptr<PuzzleEnergy> energyOf(const PuzzlePair& pair, const PuzzleSettings& settings = {}) {
  auto energy = std::make_unique<PuzzleEnergy>();
  CellValues target, source;
  poolSaliency(pair.targetMap, pair.target.height, pair.target.width, pair.grid, pair.grid, target);
  poolSaliency(pair.sourceMap, pair.source.height, pair.source.width, pair.grid, pair.grid, source);
  energy->compute(pair, target, source, settings);
  return energy;
}

static PuzzlePlan planOf(const PuzzlePair& pair, const PuzzleSettings& settings = {}) {
  static PuzzleSolver solver;
  PuzzlePlan plan;
  solver.plan(pair, settings, plan);
  return plan;
}

static void checkUnary(const OrderedCut::Unary& unary, Cost none, Cost half, Cost whole) {
  CHECK_EQUAL(unary[0], 4 * none);
  CHECK_EQUAL(unary[1], 4 * half);
  CHECK_EQUAL(unary[2], 4 * whole);
}

// Blocks of one pixel, g = 2: beta' = 1.2 / 2 / 16 = 0.0375, times the scale of 1000 * 4 it is 150; times gamma 75.
//            t 255  10    s   0 200     saliency / its sum   t 1/8 2/8    s 1/4 1/4    x 4000  t  500 1000   s 1000 1000
//               51 103      130  40                            3/8 2/8      1/4 1/4             1500 1000     1000 1000
// Differences    tt   ts   st   ss     edge: 150 + 75 (ts + st - tt - ss) / 2 / 255
//    0 - 1      245   55   10  200      94.1
//    2 - 3       52   11   27   90     134.7
//    0 - 2      204  125   51  130     126.8
//    1 - 3       93   30   97  160     131.5
// Alone, for the target ts + tt of edges to the right and below, st + tt of those to the left and above, each 75 / 510:
//    0: 55 + 245 + 125 + 204 = 629 -> 92.5      1: 378 -> 55.59     2: 318 -> 46.76     3: 269 -> 39.56   on top of s
//    for the source  10 + 200 + 51 + 130 = 391 -> 57.5     512 -> 75.29        372 -> 54.71        291 -> 42.79   on top of t
// Prior of lambda 1/2: 4000 * 0.2 / 4 = 200 times -log 1/4, -log 1/2, -log 1/4 = 277.26, 138.63, 277.26.
TEST(energyByHand) {
  const Scene scene{2, 2, 1, {255, 10, 51, 103}, {0, 200, 130, 40}, {1, 2, 3, 2}, {5, 5, 5, 5}};
  const auto energy = energyOf(scene.pair(0.5, 2));
  checkUnary(energy->unary[0], 834, 963, 1369);   // 557.5 + 277.26, (557.5 + 1092.5) / 2 + 138.63, 1092.5 + 277.26
  checkUnary(energy->unary[1], 1352, 1204, 1332);  // 1075.29, 1055.59
  checkUnary(energy->unary[2], 1831, 1439, 1324);  // 1554.71, 1046.76
  checkUnary(energy->unary[3], 1320, 1179, 1316);  // 1042.79, 1039.56
  CHECK_EQUAL(energy->right[0], 94);
  CHECK_EQUAL(energy->right[1], 134);
  CHECK_EQUAL(energy->down[0], 126);
  CHECK_EQUAL(energy->down[1], 131);

  // Of all 81 labelings 0 1 1 1 costs least: 4 (834 + 1204 + 1439 + 1179) + 94 + 126 = 18844, before 0 1 2 1 with 18896.
  const PuzzlePlan plan = planOf(scene.pair(0.5, 2));
  CHECK(plan.mask[0] == 0.0f && plan.mask[1] == 0.5f && plan.mask[2] == 0.5f && plan.mask[3] == 0.5f);
  CHECK_EQUAL(plan.share, 0.375);

  // Lambda 1/4: 200 times -log 9/16, -log 3/8, -log 1/16 = 115.07, 196.17, 554.52.
  checkUnary(energyOf(scene.pair(0.25, 2))->unary[0], 672, 1021, 1647);
}

// Averages over squares up to 4 x 4: pixels made larger change nothing, wherever the squares fill the block.
TEST(energyOfLargerPixels) {
  const Scene small{2, 2, 1, {255, 10, 51, 103}, {0, 200, 130, 40}, {1, 2, 3, 2}, {5, 5, 5, 5}};
  const auto expected = energyOf(small.pair(0.3, 2));
  for (const auto& [tall, wide] : {std::pair{2, 2}, {4, 4}, {3, 5}, {6, 14}, {16, 12}, {7, 1}}) {
    Scene large{2 * tall, 2 * wide, 3, {}, {}, {}, {}};
    for (int i = 0; i < 4 * tall * wide; i++) {
      const auto from = static_cast<std::size_t>(i / (2 * wide) / tall * 2 + i % (2 * wide) / wide);
      large.target.insert(large.target.end(), 3, small.target[from]);
      large.source.insert(large.source.end(), 3, small.source[from]);
      large.targetMap.push_back(small.targetMap[from]);
      large.sourceMap.push_back(small.sourceMap[from]);
    }
    const auto energy = energyOf(large.pair(0.3, 2));
    for (std::size_t i = 0; i < 4; i++) CHECK(energy->unary[i] == expected->unary[i]);
    for (std::size_t i = 0; i < 2; i++) CHECK(energy->down[i] == expected->down[i] && energy->right[i] == expected->right[i]);
  }
}

// A checkerboard of 0 and 255 continues itself only in averages. The source is black.
TEST(energyComparesAverages) {
  const std::vector<std::uint8_t> black(64);
  const std::vector<float> even(64, 1.0f);
  Scene scene{8, 8, 1, black, black, even, even};
  for (std::size_t i = 0; i < 64; i++) scene.target[i] = (i / 8 + i) % 2 == 0 ? 255 : 0;
  PuzzleSettings settings;
  CHECK_EQUAL(energyOf(scene.pair(0.5, 2), settings)->down[0], 150 + 75 / 2);  // averages: tt = ss = 0, ts = st = 1/2
  settings.neighbour = 1;
  CHECK_EQUAL(energyOf(scene.pair(0.5, 2), settings)->down[0], 150);  // pixels: tt = 1, ss = 0, ts = st = 1/2
}

// As the released code has it for ImageNet: squares of 2 where a side is longer than 64.
TEST(energyOfLargeImages) {
  check::Numbers numbers(11);
  PuzzleSettings two, four;
  two.neighbour = two.neighbourOfLarge = 2;
  four.neighbour = four.neighbourOfLarge = 4;
  for (const auto& [height, width, large] : {std::array{64, 64, 0}, {64, 80, 1}, {96, 32, 1}, {224, 224, 1}}) {
    const Scene scene = randomScene(numbers, height, width, 1);
    const PuzzlePair pair = scene.pair(0.5, 4);
    const auto found = energyOf(pair), wanted = energyOf(pair, large ? two : four), other = energyOf(pair, large ? four : two);
    const auto same = [&](const PuzzleEnergy& energy) {
      return std::equal(found->down.begin(), found->down.begin() + 12, energy.down.begin());
    };
    CHECK(same(*wanted) && !same(*other));
  }
}

TEST(mapsWithoutUse) {
  CellValues pooled;
  const float nan = std::nanf(""), infinity = std::numeric_limits<float>::infinity();
  for (const std::vector<float>& map : {std::vector<float>{0, 0, 0, 0}, {-1, -2, nan, 0}, {1, 2, infinity, 4}}) {
    poolSaliency(map.data(), 2, 2, 2, 2, pooled);
    CHECK(std::all_of(pooled.begin(), pooled.begin() + 4, [](double value) { return value == 0.25; }));
  }
  poolSaliency(std::vector<float>{-5, 1, nan, 3}.data(), 2, 2, 2, 2, pooled);
  CHECK(pooled[0] == 0.0 && pooled[1] == 0.25 && pooled[2] == 0.0 && pooled[3] == 0.75);
}

TEST(equalImagesAreHalfAndHalf) {
  check::Numbers numbers(7);
  for (const int grid : {2, 4, 8, 16}) {
    Scene scene = randomScene(numbers, 32, 32, 3);
    scene.source = scene.target;
    scene.sourceMap = scene.targetMap;
    const PuzzlePlan plan = planOf(scene.pair(0.5, grid));
    CHECK_EQUAL(plan.share, 0.5);
    CHECK(std::all_of(plan.mask.begin(), plan.mask.begin() + grid * grid, [](float value) { return value == 0.5f; }));
    CHECK(std::equal(plan.target.begin(), plan.target.begin() + plan.rows * plan.cols, plan.source.begin()));
  }
}

// As far as no saliency outweighs the prior: by 200 * 18.42 / 1000 = 3.7 times a cell's even share.
TEST(lambdasAtTheEnds) {
  check::Numbers numbers(8);
  for (const int grid : {2, 4, 8, 16}) {
    Scene scene = randomScene(numbers, 32, 48, 1);
    for (auto* map : {&scene.targetMap, &scene.sourceMap}) {
      for (float& value : *map) value = 1.0f + static_cast<float>(numbers.uniform());
    }
    CHECK_EQUAL(planOf(scene.pair(0.0, grid)).share, 0.0);
    CHECK_EQUAL(planOf(scene.pair(1.0, grid)).share, 1.0);
  }
  Scene scene = randomScene(numbers, 32, 32, 3);
  std::fill(scene.sourceMap.begin(), scene.sourceMap.end(), 0.0f);
  scene.sourceMap[5] = 1.0f;
  CHECK(planOf(scene.pair(1.0, 16)).share < 1.0);
}

TEST(cellsThatMove) {
  const PuzzleSettings settings;
  const auto check = [&](int height, int width, int grid, int rows, int cols) {
    const int longer = std::max(height, width);
    CHECK_EQUAL(movedCells(height, longer, grid, settings), rows);
    CHECK_EQUAL(movedCells(width, longer, grid, settings), cols);
  };
  check(32, 32, 2, 8, 8);
  check(32, 32, 8, 8, 8);
  check(32, 32, 16, 16, 16);  // of 2 pixels
  check(64, 32, 2, 2, 2);
  check(64, 64, 16, 16, 16);
  check(28, 28, 2, 2, 2);  // blocks of 14, which squares of 4 don't fill
  check(28, 28, 4, 4, 4);
  check(224, 224, 2, 2, 2);
  check(128, 32, 4, 4, 4);
}

// The place in the image of a place in a moved image, cells of height x width.
static std::array<int, 2> origin(const Moves& moves, int cols, int height, int width, int y, int x) {
  const int cell = moves[static_cast<std::size_t>(y / height * cols + x / width)];
  CHECK(cell >= 0);
  return {cell / cols * height + y % height, cell % cols * width + x % width};
}

static std::vector<std::uint8_t> mixedBy(const PuzzlePlan& plan, const Scene& scene, int height, int width, int channels) {
  std::vector<std::uint8_t> batch = scene.target;
  batch.insert(batch.end(), scene.source.begin(), scene.source.end());
  std::vector<std::uint8_t> mixed(scene.target.size());
  MaskedMixing<std::uint8_t>({batch.data(), 2, height, width, channels}, {plan.grid, plan.grid}, {plan.rows, plan.cols})
      .mix({0, 1, plan.mask.data(), plan.target.data(), plan.source.data()}, mixed.data());
  return mixed;
}

TEST(planAndValues) {
  check::Numbers numbers(9);
  struct Size {
    int height, width, channels, grid;
  };
  for (const Size& size : {Size{32, 32, 3, 2}, {32, 32, 3, 4}, {32, 32, 1, 16}, {64, 32, 3, 8}, {16, 48, 3, 4}, {12, 20, 1, 4},
                           {80, 96, 3, 16}, {2, 2, 3, 2}}) {
    for (int i = 0; i < 20; i++) {
      const Scene scene = randomScene(numbers, size.height, size.width, size.channels);
      const PuzzlePair pair = scene.pair(numbers.uniform(), size.grid);
      const PuzzlePlan plan = planOf(pair);
      const std::vector<std::uint8_t> mixed = mixedBy(plan, scene, size.height, size.width, size.channels);
      double sum = 0.0;
      for (int y = 0; y < size.height; y++) {
        for (int x = 0; x < size.width; x++) {
          const int block = y * size.grid / size.height * size.grid + x * size.grid / size.width;
          const float mask = plan.mask[static_cast<std::size_t>(block)];
          sum += mask;
          const auto byte = [&](const std::vector<std::uint8_t>& image, const Moves& moves) {
            const auto [row, col] = origin(moves, plan.cols, size.height / plan.rows, size.width / plan.cols, y, x);
            return static_cast<int>(image[static_cast<std::size_t>((row * size.width + col) * size.channels)]);
          };
          // With halves, floor(t / 2 + s / 2 + 1/2).
          const int expected = mask == 1.0f   ? byte(scene.target, plan.target)
                               : mask == 0.0f ? byte(scene.source, plan.source)
                                              : (byte(scene.target, plan.target) + byte(scene.source, plan.source) + 1) / 2;
          CHECK_EQUAL(mixed[static_cast<std::size_t>((y * size.width + x) * size.channels)], expected);
        }
      }
      CHECK_EQUAL(plan.share, sum / (size.height * size.width));
    }
  }
}

// A solver's plan does not depend on what it solved before.
TEST(plansDoNotDependOnEarlierOnes) {
  check::Numbers numbers(10);
  for (int i = 0; i < 20; i++) {
    const int grid = 2 << numbers.below(4);
    const Scene scene = randomScene(numbers, 32, 32, 3);
    const PuzzlePair pair = scene.pair(numbers.uniform(), grid);
    const auto fresh = std::make_unique<PuzzleSolver>();
    PuzzlePlan first;
    fresh->plan(pair, {}, first);
    const PuzzlePlan second = planOf(pair);
    const auto same = [](const auto& a, const auto& b, int n) { return std::equal(a.begin(), a.begin() + n, b.begin()); };
    CHECK(same(first.mask, second.mask, grid * grid) && first.share == second.share);
    const int cells = first.rows * first.cols;
    CHECK(same(first.target, second.target, cells) && same(first.source, second.source, cells));
  }
}

// More lambda, more of the target: each step to a larger label becomes cheaper.
TEST(sharesGrowWithLambda) {
  check::Numbers numbers(11);
  const Scene scene = randomScene(numbers, 32, 32, 3);
  double before = 0.0;
  for (int i = 0; i <= 10; i++) {
    const double share = planOf(scene.pair(i / 10.0, 8)).share;
    CHECK(share >= before);
    before = share;
  }
  CHECK(before > 0.5);
}
