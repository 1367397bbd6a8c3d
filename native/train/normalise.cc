#include "train/batch_norm.h"
#include "train/channel_factors.h"
#include "train/channel_sums.h"
#include "train/streaming.h"
#include "train/tasks.h"

namespace saliencymix::train {

std::size_t normaliseWorkspaceBytes(const ChannelRows& shape) {
  checkSize(shape);
  return 2 * factorsBytes(shape.channels);
}

void normalise(const TrainRun& run, const NormaliseInputs& inputs, const ChannelRows& shape, float* y) {
  const RowBlocks blocks = passedBlocks(shape);
  ArenaLayout arena = workspaceOf(run, normaliseWorkspaceBytes(shape));
  const Factors factors = factorsOf(inputs.norm, shape.channels, arena);
  const bool both = inputs.residual != nullptr && inputs.residualNorm;
  const Factors residualFactors = both ? factorsOf(*inputs.residualNorm, shape.channels, arena) : Factors{};
  const bool streams = isStreamed(y, shape.size(), blocks.width());
  forEachBlock(run, blocks.count(), [&](std::size_t i) {
    const std::size_t at = blocks.offsetOf(i);
    const float* residual = inputs.residual != nullptr ? inputs.residual + at : nullptr;
    run.kernels.layers.normalise({{blocks.sizeOf(i), blocks.width()}, inputs.x + at, factors, residual, residualFactors,
                                  inputs.relu, y + at, streams});
  });
}

}  // namespace saliencymix::train
