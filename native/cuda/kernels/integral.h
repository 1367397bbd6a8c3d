// The integral image in two steps: sums down the columns, then along the rows. Entry (y, x) of the (height + 1) x
// (width + 1) sums is that over rows < y and columns < x, modulo 2^32. Sums of windows, which are differences, are exact.
#pragma once

#include <cstddef>
#include <cstdint>

#include "cuda/block.h"
#include "cuda/tuning.h"

namespace saliencymix::cuda {

SALIENCYMIX_HOST_DEVICE inline std::size_t integralSize(int height, int width) {
  return (static_cast<std::size_t>(height) + 1) * (static_cast<std::size_t>(width) + 1);
}

// A block takes some columns of an image, and cuts them into segments, so that many threads read memory at once: each adds up
// its segment, then walks it again with the sum of those above it.
struct SumColumns {
  static constexpr int kSegments = tuning::kColumnSegments;
  static constexpr int kColumns = 32;
  static constexpr int kThreads = kSegments * kColumns;

  const std::uint8_t* planes;  // count x height x width
  int count;
  int height;
  int width;
  std::uint32_t* sums;  // count x (height + 1) x (width + 1); row 0 and column 0 become 0

  std::size_t sharedBytes() const { return kThreads * sizeof(std::uint32_t); }
  int blocks() const { return count * partsOf(width, kColumns); }

  template <class Block>
  SALIENCYMIX_HOST_DEVICE void operator()(const Block& block) const {
    const Piece columns(block.index(), width, kColumns);
    const int each = partsOf(height, kSegments);
    const std::size_t wide = static_cast<std::size_t>(width);
    const std::uint8_t* const plane = planes + static_cast<std::size_t>(columns.image) * static_cast<std::size_t>(height) * wide;
    std::uint32_t* const corner = sums + static_cast<std::size_t>(columns.image) * integralSize(height, width);
    std::uint32_t* const totals = reinterpret_cast<std::uint32_t*>(block.shared());  // kSegments x kColumns

    block.each(kThreads, [&](int thread) {
      const int x = columns.begin + thread % kColumns;
      const int begin = thread / kColumns * each;
      const int end = begin + each < height ? begin + each : height;
      std::uint32_t total = 0;
      if (x < columns.end) {
        SALIENCYMIX_UNROLL_BY_8
        for (int y = begin; y < end; y++) total += plane[static_cast<std::size_t>(y) * wide + static_cast<std::size_t>(x)];
      }
      totals[thread] = total;
    });
    block.each(kThreads, [&](int thread) {
      const int x = columns.begin + thread % kColumns;
      const int begin = thread / kColumns * each;
      const int end = begin + each < height ? begin + each : height;
      if (x >= columns.end) return;
      std::uint32_t total = 0;
      for (int above = thread % kColumns; above < thread / kColumns * kColumns; above += kColumns) total += totals[above];
      if (begin == 0) corner[x + 1] = 0;
      SALIENCYMIX_UNROLL_BY_8
      for (int y = begin; y < end; y++) {
        total += plane[static_cast<std::size_t>(y) * wide + static_cast<std::size_t>(x)];
        corner[static_cast<std::size_t>(y + 1) * (wide + 1) + static_cast<std::size_t>(x) + 1] = total;
      }
    });
    if (columns.begin > 0) return;
    block.each(height + 1, [&](int y) { corner[static_cast<std::size_t>(y) * (wide + 1)] = 0; });
  }
};

// In place. A block takes kRows rows, with kLanes threads for each row and kValues successive values for each thread. Wider rows
// are done in several strips.
struct SumRows {
  static constexpr int kThreads = tuning::kRowThreads;
  static constexpr int kLanes = tuning::kRowLanes;
  static constexpr int kRows = kThreads / kLanes;
  static constexpr int kValues = tuning::kRowValues;
  static constexpr int kStrip = kLanes * kValues;
  // Room for one more value for each thread, so that the threads of a warp, of two rows, use different banks of the shared memory.
  static constexpr int kPadded = kLanes * (kValues + 1);

  std::uint32_t* sums;  // rows x width, each row by itself
  int rows;
  int width;

  std::size_t sharedBytes() const { return kRows * (kPadded + kLanes + 2) * sizeof(std::uint32_t); }
  int blocks() const { return partsOf(rows, kRows); }

  template <class Block>
  SALIENCYMIX_HOST_DEVICE void operator()(const Block& block) const {
    std::uint32_t* const strip = reinterpret_cast<std::uint32_t*>(block.shared());  // kRows x kPadded
    std::uint32_t* const totals = strip + kRows * kPadded;                          // kRows x kLanes
    std::uint32_t* const carries = totals + kRows * kLanes;                         // kRows x 2
    const int firstRow = block.index() * kRows;
    const int here = rows - firstRow < kRows ? rows - firstRow : kRows;
    std::uint32_t* const first = sums + static_cast<std::size_t>(firstRow) * static_cast<std::size_t>(width);

    block.each(kRows, [&](int row) { carries[2 * row] = 0; });
    for (int begin = 0, turn = 0; begin < width; begin += kStrip, turn ^= 1) {
      const int length = width - begin < kStrip ? width - begin : kStrip;
      const auto global = [&](int row, int i) -> std::uint32_t& {
        return first[static_cast<std::size_t>(row) * static_cast<std::size_t>(width) + static_cast<std::size_t>(begin + i)];
      };
      const auto local = [&](int row, int i) -> std::uint32_t& { return strip[row * kPadded + i + i / kValues]; };
      eachOfRectangle(block, kThreads, here, kStrip, [&](int row, int i) { local(row, i) = i < length ? global(row, i) : 0; });
      const auto ofThread = [&](int i) { return strip + i / kLanes * kPadded + i % kLanes * (kValues + 1); };
      block.each(here * kLanes, [&](int i) {
        const std::uint32_t* const values = ofThread(i);
        std::uint32_t total = 0;
        SALIENCYMIX_UNROLL
        for (int k = 0; k < kValues; k++) total += values[k];
        totals[i] = total;
      });
      block.each(here * kLanes, [&](int i) {
        std::uint32_t* const values = ofThread(i);
        const int row = i / kLanes;
        const int lane = i % kLanes;
        std::uint32_t sum = carries[2 * row + turn];
        for (int before = 0; before < lane; before++) sum += totals[row * kLanes + before];
        SALIENCYMIX_UNROLL
        for (int k = 0; k < kValues; k++) values[k] = sum += values[k];
        if (lane == kLanes - 1) carries[2 * row + (turn ^ 1)] = sum;
      });
      eachOfRectangle(block, kThreads, here, length, [&](int row, int i) { global(row, i) = local(row, i); });
    }
  }
};

}  // namespace saliencymix::cuda
