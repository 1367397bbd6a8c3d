#include <cmath>
#include <stdexcept>

#include "train/batch_norm.h"
#include "train/channel_sums.h"
#include "train/tasks.h"

namespace saliencymix::train {

namespace {

// What the blocks leave in the workspace, `width` floats of each for each block, of which the first are the channels.
struct Moments {
  float* shift;   // near the block's mean
  float* first;   // Σ (x - shift)
  float* second;  // Σ (x - shift)²
};

Moments layOut(ArenaLayout& arena, const RowBlocks& blocks) {
  const std::size_t count = blocks.count() * blocks.width();
  return {arena.take<float>(count), arena.take<float>(count), arena.take<float>(count)};
}

void momentsOfBlock(const LayerKernels& kernels, const float* x, const RowBlocks& blocks, std::size_t channels,
                    std::size_t block, const Moments& moments) {
  const WideRows rows{blocks.sizeOf(block), blocks.width()};
  const float* from = x + blocks.offsetOf(block);
  const std::size_t at = block * blocks.width();
  float* shift = moments.shift + at;
  kernels.sumRows(rows, from, shift);
  foldWideRow(shift, channels, blocks.repeat());
  const float count = static_cast<float>(blocks.rowsOf(block));
  for (std::size_t c = 0; c < channels; c++) shift[c] /= count;
  spreadOverWideRow(shift, channels, blocks.repeat());
  kernels.sumMoments(rows, from, shift, moments.first + at, moments.second + at);
  foldWideRow(moments.first + at, channels, blocks.repeat());
  foldWideRow(moments.second + at, channels, blocks.repeat());
}

// The channels begin .. end - 1, of at most kCombinedChannels. The mean of a block is its shift and the mean of what is left.
// The sum of squares around the mean of all is, block by block, that around the block's own mean and what lies between the two
// means.
void combine(const Moments& moments, const RowBlocks& blocks, std::size_t rows, std::size_t begin, std::size_t end,
             float epsilon, const BatchStatistics& statistics) {
  double mean[kCombinedChannels] = {};
  double squares[kCombinedChannels] = {};
  const auto forEach = [&](const auto& body) {
    for (std::size_t block = 0; block < blocks.count(); block++) {
      const double count = static_cast<double>(blocks.rowsOf(block));
      for (std::size_t c = begin; c < end; c++) {
        const std::size_t at = block * blocks.width() + c;
        const double first = double{moments.first[at]};
        body(c - begin, count, double{moments.shift[at]} + first / count,
             double{moments.second[at]} - first * first / count);
      }
    }
  };
  const double all = static_cast<double>(rows);
  forEach([&](std::size_t c, double count, double blockMean, double) { mean[c] += count * blockMean; });
  for (double& value : mean) value /= all;
  forEach([&](std::size_t c, double count, double blockMean, double blockSquares) {
    const double apart = blockMean - mean[c];
    squares[c] += blockSquares + count * apart * apart;
  });
  for (std::size_t c = begin; c < end; c++) {
    // Not below 0 by roundings; NaN stays.
    const double squared = squares[c - begin];
    const double variance = (squared < 0 ? 0 : squared) / all;
    statistics.mean[c] = static_cast<float>(mean[c - begin]);
    statistics.variance[c] = static_cast<float>(variance);
    statistics.inverse[c] = static_cast<float>(1 / std::sqrt(variance + double{epsilon}));
  }
}

}  // namespace

std::size_t batchStatisticsWorkspaceBytes(const ChannelRows& shape) {
  const RowBlocks blocks = summedBlocks(shape);
  ArenaLayout arena(nullptr);
  layOut(arena, blocks);
  return arena.used();
}

void batchStatistics(const TrainRun& run, const float* x, const ChannelRows& shape, float epsilon,
                     const BatchStatistics& statistics) {
  if (shape.rows == 0) throw std::invalid_argument("batch statistics of no values");
  const RowBlocks blocks = summedBlocks(shape);
  ArenaLayout arena = workspaceOf(run, batchStatisticsWorkspaceBytes(shape));
  const Moments moments = layOut(arena, blocks);
  forEachBlock(run, blocks.count(), [&](std::size_t block) {
    momentsOfBlock(run.kernels.layers, x, blocks, shape.channels, block, moments);
  });
  forEachChannels(run, shape.channels, [&](std::size_t begin, std::size_t end) {
    combine(moments, blocks, shape.rows, begin, end, epsilon, statistics);
  });
}

void updateRunningStatistics(const BatchStatistics& batch, const ChannelRows& shape, double momentum,
                             const RunningStatistics& running) {
  if (shape.rows < 2) throw std::invalid_argument("running statistics of a batch with one value per channel");
  // Rounded to float32 where the graph of the standard operators does it.
  const double rows = static_cast<double>(shape.rows);
  const float kept = static_cast<float>(1 - momentum);
  const float meanShare = static_cast<float>(momentum);
  const float varianceShare = static_cast<float>(momentum * rows / (rows - 1));
  for (std::size_t c = 0; c < shape.channels; c++) {
    running.nextMean[c] = running.mean[c] * kept + batch.mean[c] * meanShare;
    running.nextVariance[c] = running.variance[c] * kept + batch.variance[c] * varianceShare;
  }
}

void inverseDeviations(const float* variance, std::size_t channels, float epsilon, float* inverse) {
  for (std::size_t c = 0; c < channels; c++) {
    inverse[c] = static_cast<float>(1 / std::sqrt(double{variance[c]} + double{epsilon}));
  }
}

}  // namespace saliencymix::train
