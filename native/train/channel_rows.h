// Tensors whose last axis is the channels, seen as rows of so many floats: N·H·W rows of C for an image batch.
#pragma once

#include <algorithm>
#include <cstddef>

namespace saliencymix::train {

struct ChannelRows {
  std::size_t rows;
  std::size_t channels;
  std::size_t size() const { return rows * channels; }
};

// Few channels would leave most of a vector register empty. So several rows are taken as one wide row, in which every channel
// occurs `repeat` times; what is known of each channel is repeated as often. Depends on the channels alone.
struct WideRow {
  std::size_t repeat;
  std::size_t width;  // floats: repeat * channels
};

inline WideRow wideRowOf(std::size_t channels) {
  constexpr std::size_t kMinWidth = 256;
  const std::size_t repeat = channels >= kMinWidth ? 1 : (kMinWidth + channels - 1) / channels;
  return {repeat, repeat * channels};
}

// The parts in which rows are worked off. They depend on the shape alone, so that sums have the same bits on any number of
// threads. Each part but the last has whole wide rows.
class RowBlocks {
 public:
  // About `floats` of them in a block, and at least `minWideRows` wide rows.
  RowBlocks(const ChannelRows& shape, std::size_t floats, std::size_t minWideRows)
      : channels_(shape.channels), wide_(wideRowOf(shape.channels)), rows_(shape.rows) {
    rowsPerBlock_ = std::max(floats / wide_.width, minWideRows) * wide_.repeat;
    count_ = (rows_ + rowsPerBlock_ - 1) / rowsPerBlock_;
  }

  std::size_t count() const { return count_; }
  std::size_t width() const { return wide_.width; }
  std::size_t repeat() const { return wide_.repeat; }
  std::size_t rowsOf(std::size_t block) const { return std::min(rowsPerBlock_, rows_ - block * rowsPerBlock_); }
  // Of the block's first float, and how many it has.
  std::size_t offsetOf(std::size_t block) const { return block * rowsPerBlock_ * channels_; }
  std::size_t sizeOf(std::size_t block) const { return rowsOf(block) * channels_; }

 private:
  std::size_t channels_;
  WideRow wide_;
  std::size_t rows_;
  std::size_t rowsPerBlock_;
  std::size_t count_;
};

}  // namespace saliencymix::train
