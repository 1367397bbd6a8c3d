#include "train/convolution_input.h"

#include "train/channel_factors.h"

namespace saliencymix::train {

InputMemory::InputMemory(const ConvolutionShape& shape, bool normalised, ArenaLayout& arena)
    : rows_{static_cast<std::size_t>(shape.batch) * static_cast<std::size_t>(shape.height) * static_cast<std::size_t>(shape.width),
            static_cast<std::size_t>(shape.channels)},
      inTiles_(train::inTiles(shape)) {
  if (!normalised) return;
  factorBytes_ = inTiles_ ? factorsBytes(rows_.channels) : normaliseWorkspaceBytes(rows_);
  factors_ = arena.take<std::byte>(factorBytes_);
  if (!inTiles_) pixels_ = arena.take<float>(rows_.size());
}

ReadInput InputMemory::read(const float* input, const InputNorm* norm, const TrainRun& run) const {
  if (norm == nullptr) return {input};
  if (!inTiles_) {
    normalise({run.kernels, run.threads, {factors_, factorBytes_}}, {input, norm->norm, nullptr, {}, norm->relu}, rows_, pixels_);
    return {pixels_};
  }
  ArenaLayout arena(factors_);
  const Factors factors = factorsOf(norm->norm, rows_.channels, arena);
  return {input, {factors.mean, factors.slope, factors.bias, norm->relu}};
}

}  // namespace saliencymix::train
