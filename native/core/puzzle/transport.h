// Where PuzzleMix moves the parts of an image (settings.h names its source): salient cells go where the mask shows the image,
// if that is near. For moving cell i to cell j the cost is
//   epsilon C_ij - u_i z_j,   C_ij: squared distance, each axis by its number of cells - 1;  u: saliency, of sum 1;
//                             z: 1 where the mask shows anything of the image, 0 elsewhere
// In each of as many rounds as there are cells along the longer side, every cell claims the place of least cost, the first of
// ties; a place goes to the cheapest claim, of ties to the first cell's; and what lost costs 1 more from then on. The last
// round counts.
//
// The released code lets a claim compete with the zeros of cells that claim another place, so one of cost 0 or more never wins
// (one of cost 0 may be the first of these zeros; in what is seen that changes nothing but for costs of exactly 0). Thus
//  - no claim wins where z is 0: such places show no cell, and nobody sees them;
//  - a claim that lost never wins later, as u is at most 1: cells go through the places of cost below 0, from the cheapest on;
//  - a cell starts with its own place if z is 1 there, and that cost is below 0 unless its saliency is 0; and a place once
//    taken stays taken, as its cell claims it until a cheaper claim wins. So a place that is seen lacks a cell only where its
//    own cell has no saliency. There the released code shows 0 (of normalised images: the mean); here the place shows its own
//    cell, which is shown nowhere else.
// The result is no permutation: a cell may be shown once or not at all.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/puzzle/energy.h"

namespace saliencymix {

constexpr std::int32_t kNoCell = -1;

// For each place of the grid the cell that is shown there, or kNoCell.
using Moves = std::array<std::int32_t, kPuzzleMaxCells>;

// Space for one image at a time.
class PuzzleTransport {
 public:
  // rows, cols: 2 .. kPuzzleMaxGrid. saliency: of sum 1, none below 0. seen: whether the mask shows the image there.
  void solve(int rows, int cols, const CellValues& saliency, const std::array<bool, kPuzzleMaxCells>& seen, double epsilon,
             Moves& shown) {
    rows_ = rows;
    cols_ = cols;
    setDistances(epsilon);
    const int cells = rows * cols;
    int waiting = 0;
    for (int cell = 0; cell < cells; cell++) {
      shown[at(cell)] = kNoCell;
      claims_[at(cell)] = {0.0, kNoCell};
      if (saliency[at(cell)] > 0.0) losers_[at(waiting++)] = cell;
    }
    const int rounds = rows > cols ? rows : cols;
    for (int round = 0; round < rounds && waiting > 0; round++) waiting = claim(waiting, saliency, seen, shown);
    for (int cell = 0; cell < cells; cell++) {
      if (seen[at(cell)] && shown[at(cell)] == kNoCell) shown[at(cell)] = cell;
    }
  }

 private:
  struct Claim {
    double cost;
    std::int32_t place;  // kNoCell before the first one
  };

  static std::size_t at(int index) { return static_cast<std::size_t>(index); }

  // epsilon C by steps along either axis. Whole numbers up to the division, so equal distances are equal here.
  void setDistances(double epsilon) {
    const int down = (rows_ - 1) * (rows_ - 1), right = (cols_ - 1) * (cols_ - 1);
    for (int y = 0; y < rows_; y++) {
      for (int x = 0; x < cols_; x++) {
        const double distance = static_cast<double>(y * y * right + x * x * down) / (down * right);
        distances_[at(y)][at(x)] = epsilon * distance;
      }
    }
  }

  // One round: those that lost the last one make their next claim. Gives how many lost now.
  int claim(int waiting, const CellValues& saliency, const std::array<bool, kPuzzleMaxCells>& seen, Moves& shown) {
    int lost = 0;
    for (int i = 0; i < waiting; i++) {
      const std::int32_t cell = losers_[at(i)];
      Claim& claim = claims_[at(cell)];
      claim = nextClaim(cell, saliency[at(cell)], seen);
      if (claim.place == kNoCell) continue;
      std::int32_t& holder = shown[at(claim.place)];
      const bool wins = holder == kNoCell || claim.cost < claims_[at(holder)].cost ||
                        (claim.cost == claims_[at(holder)].cost && cell < holder);
      const std::int32_t loser = wins ? holder : cell;
      if (wins) holder = cell;
      // `lost` is at most i: this place of the list was read already.
      if (loser != kNoCell) losers_[at(lost++)] = loser;
    }
    return lost;
  }

  // The cheapest place, the first of ties, that comes after the last claim in this order and costs less than 0.
  Claim nextClaim(std::int32_t cell, double saliency, const std::array<bool, kPuzzleMaxCells>& seen) const {
    const Claim last = claims_[at(cell)];
    const int row = cell / cols_, col = cell % cols_;
    Claim best{0.0, kNoCell};
    for (int y = 0; y < rows_; y++) {
      const std::array<double, kPuzzleMaxGrid>& distances = distances_[at(y < row ? row - y : y - row)];
      if (distances[0] - saliency >= best.cost) continue;
      for (int x = 0; x < cols_; x++) {
        const int place = y * cols_ + x;
        const double cost = distances[at(x < col ? col - x : x - col)] - saliency;
        if (cost >= best.cost || !seen[at(place)]) continue;
        const bool after = last.place == kNoCell || cost > last.cost || (cost == last.cost && place > last.place);
        if (after) best = {cost, place};
      }
    }
    return best;
  }

  int rows_ = 0;
  int cols_ = 0;
  std::array<std::array<double, kPuzzleMaxGrid>, kPuzzleMaxGrid> distances_;
  std::array<Claim, kPuzzleMaxCells> claims_;
  std::array<std::int32_t, kPuzzleMaxCells> losers_;  // those to claim in this round, and behind them those of the next
};

}  // namespace saliencymix
