// The operators of training on a graphics card: those of native/train, with the same semantics, for maps of N×C×H×W float32 in
// the card's memory. This header has nothing of CUDA: whoever calls the operators is compiled by any compiler.
//
// How the node of an operator calls them:
//
//   const auto device = trainOperatorsOn(stream);       a cudaStream_t as void*; costs an allocation, so make one per call
//   const Planes shape{n, c, h * w};
//   const std::size_t bytes = batchStatisticsWorkspaceBytes(shape);
//   device->batchStatistics(x, shape, epsilon, {s, s + c, s + 2 * c}, {workspace, bytes});
//
// Every call checks the shape, puts kernels into the stream and returns; it waits for nothing. So all pointers are addresses of
// the card, and the memory must be there until the stream has come so far. A later call on the same stream may have the same
// workspace. Numbers that change from step to step (rates, the step of dropout) are read from the card's memory by the kernels:
// nothing goes through the host, and a stream can be recorded as a graph.
//
//   node                   call                      inputs, then outputs; N×C×H×W where the processor's have N×H×W×C
//   BatchStatistics        batchStatistics           x; 3×C: mean, variance, inverse deviation
//   RunningStatistics      updateRunningStatistics   3×C, mean, variance; next mean, next variance
//   Normalise              normalise                 x, 3×C, scale, bias, residual, its 3×C, scale, bias; y
//   NormaliseGradientSums  normaliseGradientSums     dy, x, 3×C, scale, bias, other, y; dbias, dscale, passing
//   NormaliseGradient      normaliseGradient         dy, x, 3×C, scale, bias, dbias, dscale, other, y; dx
//   MaxPool, …Gradient     maxPool, …Gradient        x; y, places of uint8.  dy, places; dx
//   AveragePool, …         averagePool, …Gradient    x; y.  dy; dx
//   Unfold                 unfold                    x; y (a card's alone)
//   SoftmaxCrossEntropy    softmaxCrossEntropy       logits, labels; loss, dlogits
//   Dropout                dropout                   x, {seed, step} as int64; y
//   Sgd, AdamW             update                    see DeviceUpdated
//
// What may be null, and what may have the same memory, is as in native/train. Results have the same bits on every card and in
// every run: no sum depends on the order in which blocks run, and none is made of atomic additions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "cuda/train/arguments.h"
#include "train/batch_norm.h"
#include "train/pooling.h"
#include "train/update.h"

namespace saliencymix::cuda {

using Workspace = std::span<std::byte>;

std::size_t batchStatisticsWorkspaceBytes(const Planes& shape);
std::size_t gradientSumsWorkspaceBytes(const Planes& shape);
std::size_t crossEntropyWorkspaceBytes(int rows);

class TrainOperators {
 public:
  virtual ~TrainOperators() = default;

  virtual void batchStatistics(const float* x, const Planes& shape, float epsilon, const train::BatchStatistics& statistics,
                               Workspace workspace) = 0;
  virtual void updateRunningStatistics(const train::BatchStatistics& batch, const Planes& shape, double momentum,
                                       const train::RunningStatistics& running) = 0;

  virtual void normalise(const train::NormaliseInputs& inputs, const Planes& shape, float* y) = 0;
  virtual void normaliseGradientSums(const train::Arriving& gradient, const float* x, const train::Normalisation& norm,
                                     const Planes& shape, const train::GradientSums& sums, Workspace workspace) = 0;
  virtual void normaliseGradient(const train::Arriving& gradient, const float* x, const train::Normalisation& norm,
                                 const Planes& shape, const train::GradientSums& sums, float* dx) = 0;

  virtual void maxPool(const train::PoolShape& shape, const float* x, float* y, std::uint8_t* places) = 0;
  virtual void maxPoolGradient(const train::PoolShape& shape, const float* dy, const std::uint8_t* places, float* dx) = 0;
  virtual void averagePool(const train::PoolShape& shape, const float* x, float* y) = 0;
  virtual void averagePoolGradient(const train::PoolShape& shape, const float* dy, float* dx) = 0;

  // What each element of the kernel meets as its window moves: y[(c, i, j), (n, row, column)] is the value of channel c in line
  // row·stride + i − padding and column·stride + j − padding of the n-th image that is asked for, or zero where that lies outside
  // of it; y is (C·h·w) × (count·H'·W'). So a convolution is a product with the weights, and the gradient of the weights one with
  // dy. A kernel of one element and stride 1 puts channels first.
  virtual void unfold(const UnfoldShape& shape, const float* x, float* y) = 0;

  // rows × classes; `loss` is one float. `dlogits` may be null.
  virtual void softmaxCrossEntropy(const float* logits, const float* labels, int rows, int classes, float* loss, float* dlogits,
                                   Workspace workspace) = 0;

  // Of images × elements; the same call gives the gradient. `y` may be x.
  virtual void dropout(const DeviceMask& mask, int images, int elements, const float* x, float* y) = 0;

  // Takes the step if all new weights and all checked values are finite; else all new values are the old ones. `verdict`, one
  // float, becomes 0, or NaN where they are not.
  virtual void update(const SgdStep& step, std::span<const DeviceUpdated> parameters, std::span<const train::Checked> checked,
                      float* verdict) = 0;
  virtual void update(const AdamWStep& step, std::span<const DeviceUpdated> parameters, std::span<const train::Checked> checked,
                      float* verdict) = 0;
};

// Kernels in a stream of the card that is current. Throws std::runtime_error in a build without CUDA. So does a call whose
// kernels the card refuses.
std::unique_ptr<TrainOperators> trainOperatorsOn(void* stream);

}  // namespace saliencymix::cuda
