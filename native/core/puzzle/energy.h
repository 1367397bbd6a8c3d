// What PuzzleMix minimises to find a pair's mask (settings.h names its source), as whole numbers for OrderedCut. Cells are the
// blocks of a g x g grid over the images; a cell's label is how many halves of it are the target's.
//
//   saliency   of each image by blocks: a block's mean, divided by the sum of all. A cell costs what it hides of both images.
//   data       |difference| across the border of two cells, where each shows the target or the source: four combinations.
//              beta' gamma times these; over labels m_i, m_j of two cells
//                sum of m_i^a m_j^b D_ab  with  a, b: target (m) or source (1 - m)
//              is, for m of 0 and 1 and but for a constant, what either cell pays alone, (D_ts + D_tt) / 2 where the first one
//              shows the target and so on, plus (D_ts + D_st - D_tt - D_ss) / 2 (m_i - m_j)^2; that is taken for 1/2 too
//   labels     beta' (m_i - m_j)^2, beta' = beta / (16 g)
//   prior      eta / g^2 times -log of how likely two draws, each the target with probability lambda, give the label
//
// All in float64, in a fixed order. The released code scales by 1000 g^2 and cuts fractions off, both in a cell's cost by label
// and in an edge's weight, which there counts (m_i - m_j)^2, a quarter of OrderedCut's (x_i - x_j)^2. So cells' costs are
// multiplied by four here after their fractions are gone, and nothing more is rounded.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "core/image.h"
#include "core/puzzle/ordered_cut.h"
#include "core/puzzle/settings.h"

namespace saliencymix {

constexpr int kPuzzleMaxGrid = OrderedCut::kMaxSide;
constexpr int kPuzzleMaxCells = OrderedCut::kMaxNodes;

// One value for each cell of a grid, row-major.
using CellValues = std::array<double, kPuzzleMaxCells>;

// Images and maps are of one size; g is 2, 4, 8 or 16 and divides both sides.
struct PuzzlePair {
  ImageView target;
  ImageView source;
  const float* targetMap;
  const float* sourceMap;
  double lambda;  // wanted share of the target
  int grid;       // cells a side, g
};

// Means of a map over the cells of rows x cols, which divide its sides, each divided by the sum of all. Values below 0 and
// what is no number count as 0. Where nothing is left, or the sum is infinite, all cells are alike.
inline void poolSaliency(const float* map, int height, int width, int rows, int cols, CellValues& pooled) {
  const int cellHeight = height / rows, cellWidth = width / cols, cells = rows * cols;
  std::fill_n(pooled.begin(), cells, 0.0);
  for (int y = 0; y < height; y++) {
    for (int col = 0; col < cols; col++) {
      double sum = 0.0;
      for (int x = 0; x < cellWidth; x++, map++) sum += *map > 0.0f ? static_cast<double>(*map) : 0.0;
      pooled[static_cast<std::size_t>(y / cellHeight * cols + col)] += sum;
    }
  }
  // All cells are of one area, which the division by the sum takes out.
  double total = 0.0;
  for (int i = 0; i < cells; i++) total += pooled[static_cast<std::size_t>(i)];
  const bool useful = total > 0.0 && std::isfinite(total);
  for (int i = 0; i < cells; i++) {
    double& value = pooled[static_cast<std::size_t>(i)];
    value = useful ? value / total : 1.0 / cells;
  }
}

// The natural logarithm of a normal number above 0, the same in every C library: the cost that it goes into is cut off.
// log(2^e m) = e log 2 + 2 atanh(s), s = (m - 1) / (m + 1), with m in [sqrt(1/2), sqrt(2)) and so s^2 < 0.03.
inline double portableLog(double value) {
  constexpr double kSqrtHalf = 0.70710678118654752, kLog2 = 0.69314718055994531;
  int exponent;
  double m = std::frexp(value, &exponent);
  if (m < kSqrtHalf) {
    m *= 2.0;
    exponent--;
  }
  const double s = (m - 1.0) / (m + 1.0), square = s * s;
  double series = 0.0;
  for (int k = 23; k >= 1; k -= 2) series = series * square + 1.0 / k;
  return exponent * kLog2 + 2.0 * s * series;
}

// The largest side of squares, at most `side`, that fill a block of this length.
inline int fittingSide(int side, int block) {
  int fitting = side < block ? side : block;
  while (block % fitting != 0) fitting--;
  return fitting;
}

class PuzzleEnergy {
 public:
  using Cost = OrderedCut::Cost;

  std::array<OrderedCut::Unary, kPuzzleMaxCells> unary;  // by label
  std::array<Cost, kPuzzleMaxCells> down;
  std::array<Cost, kPuzzleMaxCells> right;

  // The saliency of both images by blocks, as poolSaliency gives it.
  void compute(const PuzzlePair& pair, const CellValues& targetSaliency, const CellValues& sourceSaliency,
               const PuzzleSettings& settings) {
    const int g = pair.grid;
    // A cell that shows the target hides the source's part, and the other way round.
    ofTarget_ = sourceSaliency;
    ofSource_ = targetSaliency;
    const Borders borders(pair, settings.neighbourIn(pair.target.height, pair.target.width));
    const double beta = settings.beta / g / 16, scale = 1000.0 * g * g;
    for (int row = 0; row < g; row++) {
      for (int col = 0; col < g; col++) {
        const std::size_t cell = index(row, col, g), edge = index(row, col, g - 1);
        const std::size_t below = index(row + 1, col, g);
        if (row + 1 < g) down[cell] = addEdge(borders.below(row, col), cell, below, beta, settings.gamma, scale);
        if (col + 1 < g) right[edge] = addEdge(borders.beside(row, col), cell, cell + 1, beta, settings.gamma, scale);
      }
    }
    const std::array<double, OrderedCut::kLabels> prior = priorOf(pair.lambda, settings.eta / (g * g));
    for (int cell = 0; cell < g * g; cell++) setUnary(static_cast<std::size_t>(cell), prior, scale);
  }

  // Of labels 0, 1, 2. The 1e-8 is the released code's: with lambda 0 or 1 a label costs much, but is not impossible.
  static std::array<double, OrderedCut::kLabels> priorOf(double lambda, double weight) {
    const double rest = 1.0 - lambda;
    return {-weight * portableLog(rest * rest + 1e-8), -weight * portableLog(2.0 * lambda * rest + 1e-8),
            -weight * portableLog(lambda * lambda + 1e-8)};
  }

 private:
  // Differences between the last squares of a cell and the first ones of the next, of the target (t) or source (s): sums over
  // bytes, and so exact, as is what they are divided by to be means in 0 .. 1.
  struct Difference {
    std::int64_t tt, ts, st, ss;
    double most;
  };

  class Borders {
   public:
    Borders(const PuzzlePair& pair, int neighbour) : pair_(pair) {
      blockHeight_ = pair.target.height / pair.grid;
      blockWidth_ = pair.target.width / pair.grid;
      height_ = fittingSide(neighbour, blockHeight_);
      width_ = fittingSide(neighbour, blockWidth_);
    }

    Difference below(int row, int col) const {
      const int y = (row + 1) * blockHeight_, x = col * blockWidth_;
      return between(y - height_, x, y, x, 0, width_, blockWidth_ / width_);
    }
    Difference beside(int row, int col) const {
      const int y = row * blockHeight_, x = (col + 1) * blockWidth_;
      return between(y, x - width_, y, x, height_, 0, blockHeight_ / height_);
    }

   private:
    // Over `count` pairs of squares that begin at (y, x) and (nextY, nextX), each pair (stepY, stepX) after the one before.
    Difference between(int y, int x, int nextY, int nextX, int stepY, int stepX, int count) const {
      Difference sum{0, 0, 0, 0, 255.0 * height_ * width_ * pair_.target.channels * count};
      for (int i = 0; i < count; i++) {
        const int dy = i * stepY, dx = i * stepX;
        const Sums t = sumsOf(pair_.target, y + dy, x + dx), s = sumsOf(pair_.source, y + dy, x + dx);
        const Sums nextT = sumsOf(pair_.target, nextY + dy, nextX + dx);
        const Sums nextS = sumsOf(pair_.source, nextY + dy, nextX + dx);
        for (std::size_t c = 0; c < t.size(); c++) {
          sum.tt += std::abs(t[c] - nextT[c]);
          sum.ts += std::abs(t[c] - nextS[c]);
          sum.st += std::abs(s[c] - nextT[c]);
          sum.ss += std::abs(s[c] - nextS[c]);
        }
      }
      return sum;
    }

    // By channel; of an image with one the others stay 0.
    using Sums = std::array<int, 3>;

    Sums sumsOf(const ImageView& image, int top, int left) const {
      Sums sums{};
      const auto channels = static_cast<std::size_t>(image.channels);
      for (int y = top; y < top + height_; y++) {
        const std::uint8_t* value = image.data + index(y, left, image.width) * channels;
        for (int x = 0; x < width_; x++) {
          for (std::size_t c = 0; c < channels; c++) sums[c] += *value++;
        }
      }
      return sums;
    }

    const PuzzlePair& pair_;
    int blockHeight_, blockWidth_;
    int height_, width_;  // of the squares that are averaged
  };

  static std::size_t index(int row, int col, int cols) { return static_cast<std::size_t>(row * cols + col); }

  // Adds to either cell what it pays alone, and gives the edge's weight. That is not negative for gamma in 0 .. 1, as the mean
  // differences are at most 1; beyond that it stops at 0.
  Cost addEdge(const Difference& d, std::size_t first, std::size_t second, double beta, double gamma, double scale) {
    const auto half = [&](std::int64_t sum) { return beta * gamma * (static_cast<double>(sum) / d.most) / 2; };
    ofTarget_[first] += half(d.ts + d.tt);
    ofSource_[first] += half(d.st + d.ss);
    ofTarget_[second] += half(d.st + d.tt);
    ofSource_[second] += half(d.ts + d.ss);
    return std::max(whole(scale * (half(d.ts + d.st - d.tt - d.ss) + beta)), Cost{0});
  }

  void setUnary(std::size_t cell, const std::array<double, OrderedCut::kLabels>& prior, double scale) {
    for (std::size_t label = 0; label < OrderedCut::kLabels; label++) {
      const double share = static_cast<double>(label) / 2;
      unary[cell][label] = 4 * whole(scale * (share * ofTarget_[cell] + (1.0 - share) * ofSource_[cell] + prior[label]));
    }
  }

  // Without its fraction. Settings far from any use must not leave the range of OrderedCut.
  static Cost whole(double value) {
    constexpr double kLimit = 1e12;
    return static_cast<Cost>(value > kLimit ? kLimit : value > -kLimit ? value : -kLimit);
  }

  CellValues ofTarget_;  // what a cell pays where it shows the target
  CellValues ofSource_;
};

}  // namespace saliencymix
