// The tables by which vector code brings images of one size to another (core/resize_crop.h): the same weights, in the order in
// which the code reads them.
//
// A weight has 22 bits, but vector code multiplies numbers of 16 bits: so it is kept as two parts, weight = 2^11 high + low.
// Neighbouring columns, or rows, are multiplied in pairs. A step takes two pairs of columns, and every column of the result
// has as many steps as the one with the most weights needs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/resize_crop.h"

namespace saliencymix::cpu {

// Plain data: vector code reads it, and may not use the standard library.
struct ResizeCropTables {
  static constexpr int kPartBits = 11;
  static constexpr int kMaxPixels = 4;     // columns of the result that a register holds, each in 128 bits
  static constexpr int kStepColumns = 4;   // of the input
  static constexpr int kLaneWeights = 8;   // 16-bit numbers in 128 bits
  static constexpr int kMaxPairs = 64;

  int height;  // of the result
  int width;
  int bottom;     // the input's rows from here on are not needed
  int firstPair;  // rows 2 firstPair and 2 firstPair + 1 are the first
  int steps;      // of columns, for a column of the result
  int pairs;      // of rows, for a row of the result
  // Per column of the result: at which byte of a row its first step begins. Padded to a multiple of kMaxPixels.
  const std::int32_t* offsets;
  // The weights of the columns of the result; columns that share a register stand side by side. Of each step: the high parts
  // of its first pair, the low ones, then those of its second pair. Each pair stands there three times, for the channels,
  // followed by zeros.
  const std::int16_t* across;
  // Per row of the result: the number of its first pair of rows; and of each of its pairs the high parts and the low ones.
  const std::int32_t* pairOf;
  const std::int16_t* down;

  // Scratch memory: `pairs` rows as wide as the result, of 32 bits a value, and a register more for each. What is not written
  // of a row is among the last kBehind values.
  static constexpr std::size_t kBehind = 32;
  std::size_t rowLength() const { return (static_cast<std::size_t>(width) * 3 + kBehind - 1) / 16 * 16; }
  std::size_t scratchBytes() const { return static_cast<std::size_t>(pairs) * rowLength() * sizeof(std::int32_t); }
};

class ResizeCropPlanner {
 public:
  // `pixels`: columns of the result that a register holds.
  ResizeCropPlanner(int inHeight, int inWidth, const ResizeCropPlan& plan, int pixels);

  // nullptr where vector code cannot do it: the input is narrower than its steps, or too many of its rows make up one of the
  // result.
  const ResizeCropTables* tables() const { return fits_ ? &tables_ : nullptr; }

 private:
  void planColumns(const Taps& taps, int inWidth, int pixels);
  void planRows(const Taps& taps, int inHeight);

  bool fits_ = false;
  ResizeCropTables tables_{};
  std::vector<std::int32_t> offsets_;
  std::vector<std::int16_t> across_;
  std::vector<std::int32_t> pairOf_;
  std::vector<std::int16_t> down_;
};

}  // namespace saliencymix::cpu
