#include <stdexcept>

#include "train/batch_norm.h"
#include "train/channel_factors.h"
#include "train/channel_sums.h"
#include "train/streaming.h"
#include "train/tasks.h"

namespace saliencymix::train {

namespace {

// What the blocks leave in the workspace, `width` floats of each for each block.
struct PartialSums {
  float* bias;     // Σ g
  float* centred;  // Σ g * (x - mean)
};

PartialSums layOut(ArenaLayout& arena, const RowBlocks& blocks) {
  const std::size_t count = blocks.count() * blocks.width();
  return {arena.take<float>(count), arena.take<float>(count)};
}

const float* moved(const float* from, std::size_t by) { return from != nullptr ? from + by : nullptr; }
float* moved(float* from, std::size_t by) { return from != nullptr ? from + by : nullptr; }

GradientBlock blockOf(const RowBlocks& blocks, std::size_t i, const Arriving& gradient, const float* x,
                      const Factors& factors, bool streams) {
  const std::size_t at = blocks.offsetOf(i);
  return {{blocks.sizeOf(i), blocks.width()},
          {gradient.dy + at, moved(gradient.other, at), gradient.mask, moved(gradient.y, at)},
          moved(x, at),
          factors,
          streams};
}

// sums[channel] = factor(channel) * the sum over the blocks.
template <class Factor>
void combine(const TrainRun& run, const float* partial, const RowBlocks& blocks, std::size_t channels, float* sums,
             const Factor& factor) {
  forEachChannels(run, channels, [&](std::size_t begin, std::size_t end) {
    double total[kCombinedChannels] = {};
    for (std::size_t block = 0; block < blocks.count(); block++) {
      const float* of = partial + block * blocks.width();
      for (std::size_t c = begin; c < end; c++) total[c - begin] += double{of[c]};
    }
    for (std::size_t c = begin; c < end; c++) sums[c] = static_cast<float>(total[c - begin] * factor(c));
  });
}
double one(std::size_t) { return 1; }

void sumBlocks(const TrainRun& run, const RowBlocks& blocks, const Arriving& gradient, const float* x, const Factors& factors,
               std::size_t channels, const PartialSums& partial, float* passing, bool streams) {
  forEachBlock(run, blocks.count(), [&](std::size_t i) {
    float* bias = partial.bias + i * blocks.width();
    float* centred = partial.centred + i * blocks.width();
    run.kernels.layers.gradientSums(blockOf(blocks, i, gradient, x, factors, streams), bias, centred,
                                    moved(passing, blocks.offsetOf(i)));
    foldWideRow(bias, channels, blocks.repeat());
    if (x != nullptr) foldWideRow(centred, channels, blocks.repeat());
  });
}

}  // namespace

std::size_t gradientSumsWorkspaceBytes(const ChannelRows& shape) {
  ArenaLayout arena(nullptr);
  layOut(arena, summedBlocks(shape));
  return arena.used() + factorsBytes(shape.channels);
}

void normaliseGradientSums(const TrainRun& run, const Arriving& gradient, const float* x, const Normalisation& norm,
                           const ChannelRows& shape, const GradientSums& sums) {
  const RowBlocks blocks = summedBlocks(shape);
  ArenaLayout arena = workspaceOf(run, gradientSumsWorkspaceBytes(shape));
  const PartialSums partial = layOut(arena, blocks);
  const Factors factors = factorsOf(norm, shape.channels, arena);
  const bool streams = isStreamed(sums.passing, shape.size(), blocks.width());
  sumBlocks(run, blocks, gradient, x, factors, shape.channels, partial, sums.passing, streams);
  combine(run, partial.bias, blocks, shape.channels, sums.bias, one);
  combine(run, partial.centred, blocks, shape.channels, sums.scale, [&](std::size_t c) { return double{norm.inverse[c]}; });
}

void biasGradient(const TrainRun& run, const Arriving& gradient, const ChannelRows& shape, float* bias, float* passing) {
  if (gradient.mask == Mask::ofNormalised) throw std::invalid_argument("the mask of a bias gradient is of the result or none");
  const RowBlocks blocks = summedBlocks(shape);
  ArenaLayout arena = workspaceOf(run, gradientSumsWorkspaceBytes(shape));
  const PartialSums partial = layOut(arena, blocks);
  sumBlocks(run, blocks, gradient, nullptr, Factors{}, shape.channels, partial, passing, false);
  combine(run, partial.bias, blocks, shape.channels, bias, one);
}

std::size_t normaliseGradientWorkspaceBytes(const ChannelRows& shape) {
  checkSize(shape);
  return wideRowsBytes(shape.channels, 5);
}

void normaliseGradient(const TrainRun& run, const Arriving& gradient, const float* x, const Normalisation& norm,
                       const ChannelRows& shape, const GradientSums& sums, float* dx) {
  const RowBlocks blocks = passedBlocks(shape);
  ArenaLayout arena = workspaceOf(run, normaliseGradientWorkspaceBytes(shape));
  const Factors factors = factorsOf(norm, shape.channels, arena);
  const double rows = static_cast<double>(shape.rows);
  const auto slope = [&](std::size_t c) { return double{norm.inverse[c]} * double{norm.scale[c]}; };
  const GradientFactors gradientFactors = {
      wideRowOfValues(shape.channels, arena,
                      [&](std::size_t c) {
                        return static_cast<float>(-slope(c) * double{norm.inverse[c]} * double{sums.scale[c]} / rows);
                      }),
      wideRowOfValues(shape.channels, arena,
                      [&](std::size_t c) { return static_cast<float>(-slope(c) * double{sums.bias[c]} / rows); })};
  const bool streams = isStreamed(dx, shape.size(), blocks.width());
  forEachBlock(run, blocks.count(), [&](std::size_t i) {
    run.kernels.layers.normaliseGradient(blockOf(blocks, i, gradient, x, factors, streams), gradientFactors, dx + blocks.offsetOf(i));
  });
}

}  // namespace saliencymix::train
