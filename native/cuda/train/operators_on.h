// The operators of training (operators.h) on a Queue of any kind, which takes a device's work in order:
//   launch(kernel), zero(at, bytes)    as in device_call.h
// There is one over a stream of a card (card/stream.cuh), and tests have one that runs on the host.
#pragma once

#include <utility>

#include "cuda/train/batch_statistics.h"
#include "cuda/train/checks.h"
#include "cuda/train/cross_entropy.h"
#include "cuda/train/dropout.h"
#include "cuda/train/normalise.h"
#include "cuda/train/operators.h"
#include "cuda/train/plane_averages.h"
#include "cuda/train/pooling.h"
#include "cuda/train/unfold.h"
#include "cuda/train/update_tables.h"

namespace saliencymix::cuda {

template <class Queue>
class TrainOperatorsOn final : public TrainOperators {
 public:
  explicit TrainOperatorsOn(Queue queue) : queue_(std::move(queue)) {}

  void batchStatistics(const float* x, const Planes& shape, float epsilon, const train::BatchStatistics& statistics,
                       Workspace workspace) override {
    ArenaLayout arena = arenaOf(workspace, batchStatisticsWorkspaceBytes(shape));
    const Moments moments(arena, shape);
    inVectors(shape, {x}, [&]<int width>() {
      queue_.launch(SumMoments<width>{x, ChannelParts<width>(shape), epsilon, moments, statistics});
    });
    if (partCountOf(shape).parts > 1) queue_.launch(CombineMoments{moments, CombinedChannels(shape), epsilon, statistics});
  }

  void updateRunningStatistics(const train::BatchStatistics& batch, const Planes& shape, double momentum,
                               const train::RunningStatistics& running) override {
    checkPlanes(shape);
    if (shape.rows() < 2) throw std::invalid_argument("running statistics of a batch with one value per channel");
    const double rows = static_cast<double>(shape.rows());
    queue_.launch(UpdateRunning{batch.mean, batch.variance, shape.channels, static_cast<float>(1 - momentum),
                                static_cast<float>(momentum), static_cast<float>(momentum * rows / (rows - 1)), running});
  }

  void normalise(const train::NormaliseInputs& in, const Planes& shape, float* y) override {
    checkPlanes(shape);
    const train::Normalisation residualNorm = in.residualNorm.value_or(train::Normalisation{});
    inVectors(shape, {in.x, in.residual, y}, [&]<int width>() {
      queue_.launch(NormaliseMap<width>{in.x, in.norm, in.residual, residualNorm, in.relu, y, MapVectors<width>(shape)});
    });
  }

  void normaliseGradientSums(const train::Arriving& gradient, const float* x, const train::Normalisation& norm,
                             const Planes& shape, const train::GradientSums& sums, Workspace workspace) override {
    ArenaLayout arena = arenaOf(workspace, gradientSumsWorkspaceBytes(shape));
    const PartialSums partial(arena, shape);
    inVectors(shape, {gradient.dy, gradient.other, gradient.y, x, sums.passing}, [&]<int width>() {
      queue_.launch(SumGradients<width>{gradient, x, norm, ChannelParts<width>(shape), partial, sums});
    });
    if (partCountOf(shape).parts == 1) return;
    queue_.launch(CombineGradients{partial, CombinedChannels(shape), norm.inverse, sums.bias, sums.scale});
  }

  void normaliseGradient(const train::Arriving& gradient, const float* x, const train::Normalisation& norm, const Planes& shape,
                         const train::GradientSums& sums, float* dx) override {
    checkPlanes(shape);
    const float share = static_cast<float>(1 / static_cast<double>(shape.rows()));
    inVectors(shape, {gradient.dy, gradient.other, gradient.y, x, dx}, [&]<int width>() {
      queue_.launch(NormaliseGradientMap<width>{gradient, x, norm, sums.bias, sums.scale, share, dx, MapVectors<width>(shape)});
    });
  }

  void maxPool(const train::PoolShape& shape, const float* x, float* y, std::uint8_t* places) override {
    checkMaxPooling(shape);
    queue_.launch(MaxPoolWindows{PoolPlanes(shape), windowsOf(shape), x, y, places});
  }
  void maxPoolGradient(const train::PoolShape& shape, const float* dy, const std::uint8_t* places, float* dx) override {
    checkMaxPooling(shape);
    queue_.launch(GatherMaxPool{PoolPlanes(shape), elementsOf(shape), dy, places, dx});
  }

  void averagePool(const train::PoolShape& shape, const float* x, float* y) override {
    checkPooling(shape);
    if (isGlobal(shape)) queue_.launch(AveragePlanes(x, shape.images * shape.channels, shape.height * shape.width, y));
    else queue_.launch(AverageWindows{PoolPlanes(shape), windowsOf(shape), x, y});
  }
  void averagePoolGradient(const train::PoolShape& shape, const float* dy, float* dx) override {
    checkPooling(shape);
    if (!isGlobal(shape)) return queue_.launch(GatherAveragePool{PoolPlanes(shape), elementsOf(shape), dy, dx});
    const Planes planes{shape.images, shape.channels, shape.height * shape.width};
    const float share = 1.0f / static_cast<float>(planes.pixels);
    inVectors(planes, {dx}, [&]<int width>() { queue_.launch(SpreadAverage<width>{dy, share, dx, MapVectors<width>(planes)}); });
  }

  void unfold(const UnfoldShape& shape, const float* x, float* y) override {
    checkUnfold(shape);
    if (inFours(static_cast<std::size_t>(shape.outWidth()), {y})) queue_.launch(UnfoldWindows<4>(shape, x, y));
    else queue_.launch(UnfoldWindows<1>(shape, x, y));
  }

  void softmaxCrossEntropy(const float* logits, const float* labels, int rows, int classes, float* loss, float* dlogits,
                           Workspace workspace) override {
    checkPlanes({rows, classes, 1});
    double* const losses =
        arenaOf(workspace, crossEntropyWorkspaceBytes(rows)).template take<double>(static_cast<std::size_t>(rows));
    queue_.launch(CrossEntropyRows(logits, labels, rows, classes, losses, dlogits));
    queue_.launch(MeanLoss{losses, rows, loss});
  }

  void dropout(const DeviceMask& mask, int images, int elements, const float* x, float* y) override {
    if (mask.dropped > 65536) throw std::invalid_argument("dropout: more than all elements are dropped");
    const Planes shape{images, 1, elements};
    checkPlanes(shape);
    inVectors(shape, {x, y}, [&]<int width>() { queue_.launch(DropElements<width>(mask, images, elements, x, y)); });
  }

  void update(const SgdStep& step, std::span<const DeviceUpdated> parameters, std::span<const train::Checked> checked,
              float* verdict) override {
    updateBy(step, tablesOf<SgdStep>(parameters, step.sgd.momentum == 0 ? 0 : 1), tablesOf(checked), verdict);
  }
  void update(const AdamWStep& step, std::span<const DeviceUpdated> parameters, std::span<const train::Checked> checked,
              float* verdict) override {
    updateBy(step, tablesOf<AdamWStep>(parameters, 2), tablesOf(checked), verdict);
  }

 private:
  static bool isGlobal(const train::PoolShape& shape) {
    return shape.kernelHeight == shape.height && shape.kernelWidth == shape.width && shape.padding == 0;
  }
  static ElementsOfPlanes elementsOf(const train::PoolShape& shape) {
    return {shape.images * shape.channels, shape.height, shape.width};
  }
  static ElementsOfPlanes windowsOf(const train::PoolShape& shape) {
    return {shape.images * shape.channels, shape.outHeight(), shape.outWidth()};
  }

  // launch.template operator()<width>() with the width of vector that these maps allow.
  template <class Launch>
  static void inVectors(const Planes& shape, std::initializer_list<const void*> maps, const Launch& launch) {
    if (inFours(static_cast<std::size_t>(shape.pixels), maps)) launch.template operator()<4>();
    else launch.template operator()<1>();
  }

  template <class Step>
  void updateBy(const Step& step, const std::vector<UpdatedTable<Step>>& updated, const std::vector<CheckedTable>& checked,
                float* verdict) {
    const Verdict said{reinterpret_cast<std::uint32_t*>(verdict)};
    queue_.zero(verdict, sizeof(float));
    for (const CheckedTable& table : checked) queue_.launch(CheckFinite{said, table});
    for (const auto& table : updated) queue_.launch(UpdateTensors<Step, false>{step, said, table});
    for (const auto& table : updated) queue_.launch(UpdateTensors<Step, true>{step, said, table});
  }

  Queue queue_;
};

}  // namespace saliencymix::cuda
