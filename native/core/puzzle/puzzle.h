// PuzzleMix of one pair: a mask that says how much of the target each block shows, and where the parts of either image are
// moved so that what is salient is seen (settings.h names the source). As in its released code, the mask stays as the cut found
// it, whatever is moved, and the target's share of the label is the mean of that mask, not lambda.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/image.h"
#include "core/puzzle/energy.h"
#include "core/puzzle/ordered_cut.h"
#include "core/puzzle/settings.h"
#include "core/puzzle/transport.h"

namespace saliencymix {

// All that is needed to mix the pair by masked.h. Tables are row-major, and filled as far as their grid goes.
struct PuzzlePlan {
  int grid;                                 // of the mask: grid x grid blocks
  std::array<float, kPuzzleMaxCells> mask;  // the target's part of a block: 0, 1/2 or 1
  double share;                             // of the target: the mask's mean
  int rows, cols;                           // of the moves: multiples of `grid`
  Moves target, source;                     // the cell that is shown at each place; kNoCell where the mask shows none of it
};

// Cells along a side that are moved: squares of `moved` pixels in small images, or a block's side where that is smaller or
// they don't fill it; whole blocks in larger images. At most kPuzzleMaxGrid: with the defaults 32 / 4.
inline int movedCells(int length, int longerSide, int grid, const PuzzleSettings& settings) {
  const int block = length / grid;
  const bool fits = settings.moved < block && block % settings.moved == 0;
  const bool small = longerSide <= settings.smallImage && length / settings.moved <= kPuzzleMaxGrid;
  return small && fits ? length / settings.moved : grid;
}

// Space for one pair at a time, without allocation (about 115 KB): a thread keeps one.
class PuzzleSolver {
 public:
  // The same pair and settings give the same plan everywhere.
  void plan(const PuzzlePair& pair, const PuzzleSettings& settings, PuzzlePlan& plan) {
    const int height = pair.target.height, width = pair.target.width, longer = height > width ? height : width;
    poolSaliency(pair.targetMap, height, width, pair.grid, pair.grid, targetSaliency_);
    poolSaliency(pair.sourceMap, height, width, pair.grid, pair.grid, sourceSaliency_);
    energy_.compute(pair, targetSaliency_, sourceSaliency_, settings);
    cut_.solve(pair.grid, pair.grid, energy_.unary.data(), energy_.down.data(), energy_.right.data(), labels_.data());
    plan.grid = pair.grid;
    plan.rows = movedCells(height, longer, pair.grid, settings);
    plan.cols = movedCells(width, longer, pair.grid, settings);
    int halves = 0;
    for (int cell = 0; cell < pair.grid * pair.grid; cell++) {
      const std::uint8_t label = labels_[static_cast<std::size_t>(cell)];
      plan.mask[static_cast<std::size_t>(cell)] = static_cast<float>(label) / 2;
      halves += label;
    }
    plan.share = halves / (2.0 * pair.grid * pair.grid);
    if (plan.rows != plan.grid || plan.cols != plan.grid) {
      poolSaliency(pair.targetMap, height, width, plan.rows, plan.cols, targetSaliency_);
      poolSaliency(pair.sourceMap, height, width, plan.rows, plan.cols, sourceSaliency_);
    }
    // An image is seen wherever the label is not the other's alone.
    move(targetSaliency_, 0, settings, plan, plan.target);
    move(sourceSaliency_, 2, settings, plan, plan.source);
  }

 private:
  void move(const CellValues& saliency, std::uint8_t hidden, const PuzzleSettings& settings, const PuzzlePlan& plan,
            Moves& moves) {
    for (int row = 0; row < plan.rows; row++) {
      for (int col = 0; col < plan.cols; col++) {
        const int block = row * plan.grid / plan.rows * plan.grid + col * plan.grid / plan.cols;
        seen_[static_cast<std::size_t>(row * plan.cols + col)] = labels_[static_cast<std::size_t>(block)] != hidden;
      }
    }
    transport_.solve(plan.rows, plan.cols, saliency, seen_, settings.epsilon, moves);
  }

  PuzzleEnergy energy_;
  OrderedCut cut_;
  PuzzleTransport transport_;
  std::array<std::uint8_t, kPuzzleMaxCells> labels_;
  std::array<bool, kPuzzleMaxCells> seen_;
  CellValues targetSaliency_;
  CellValues sourceSaliency_;
};

}  // namespace saliencymix
