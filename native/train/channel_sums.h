// Sums per channel: those of each block of rows are left in the workspace, and added up in double in the blocks' order.
#pragma once

#include <algorithm>
#include <cstddef>

#include "train/channel_rows.h"
#include "train/sizes.h"
#include "train/tasks.h"

namespace saliencymix::train {

// Throws std::length_error where the tensor, or a few rows of its channels, do not fit into memory.
inline void checkSize(const ChannelRows& shape) { product({16, std::max<std::size_t>(shape.rows, 1), shape.channels}); }

// Blocks that are summed: a few dozen rows that stay in the second-level cache.
inline RowBlocks summedBlocks(const ChannelRows& shape) {
  checkSize(shape);
  return RowBlocks(shape, std::size_t{1} << 14, 32);
}

// Blocks that are only gone through.
inline RowBlocks passedBlocks(const ChannelRows& shape) {
  checkSize(shape);
  return RowBlocks(shape, std::size_t{1} << 15, 1);
}

// Adds the parts of a wide row, so that its first `channels` floats are the sums of the channels: the second half to the first,
// again and again.
inline void foldWideRow(float* wide, std::size_t channels, std::size_t repeat) {
  while (repeat > 1) {
    const std::size_t half = (repeat + 1) / 2;
    const float* second = wide + half * channels;
    for (std::size_t i = 0; i < (repeat - half) * channels; i++) wide[i] += second[i];
    repeat = half;
  }
}

// Repeats the first `channels` floats over the whole wide row.
inline void spreadOverWideRow(float* wide, std::size_t channels, std::size_t repeat) {
  for (std::size_t part = 1; part < repeat; part++) {
    for (std::size_t c = 0; c < channels; c++) wide[part * channels + c] = wide[c];
  }
}

// Calls task(begin, end) for channels begin .. end - 1, of which one thread combines at most kCombinedChannels at a time.
constexpr std::size_t kCombinedChannels = 64;
template <class Task>
void forEachChannels(const TrainRun& run, std::size_t channels, const Task& task) {
  forEachBlock(run, (channels + kCombinedChannels - 1) / kCombinedChannels, [&](std::size_t i) {
    const std::size_t begin = i * kCombinedChannels;
    task(begin, std::min(begin + kCombinedChannels, channels));
  });
}

}  // namespace saliencymix::train
