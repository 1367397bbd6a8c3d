// Batch normalisation on a graphics card.
#include "ort/card/operators.h"
#include "ort/card/run.h"
#include "ort/operators/norm_nodes.h"

namespace saliencymix::ort::card {

namespace {

struct OnCard {
  using Planes = cuda::Planes;

  // Of N×C×H×W, or of N×C.
  static Planes shapeOf(const Call::Input& x) {
    const int channels = x.side(1);
    const std::size_t all = static_cast<std::size_t>(x.side(0)) * static_cast<std::size_t>(channels);
    if (all == 0) throw Error("a tensor has no channels");
    return {x.side(0), channels, static_cast<int>(x.size() / all)};
  }
  static std::size_t channelsOf(const Planes& shape) { return static_cast<std::size_t>(shape.channels); }
  static Planes shapeOfRows(int rows, std::size_t channels) { return {rows, static_cast<int>(channels), 1}; }

  static float* spare(Call& call, std::size_t count, std::vector<float>&) {
    return reinterpret_cast<float*>(call.card().workspace(count * sizeof(float)).data());
  }
  static void batchStatistics(Call& call, const float* x, const Planes& shape, float epsilon,
                              const train::BatchStatistics& statistics) {
    call.card().operators().batchStatistics(x, shape, epsilon, statistics,
                                            call.card().workspace(cuda::batchStatisticsWorkspaceBytes(shape)));
  }
  static void runningStatistics(Call& call, const train::BatchStatistics& batch, const Planes& shape, double momentum,
                                const train::RunningStatistics& running) {
    call.card().operators().updateRunningStatistics(batch, shape, momentum, running);
  }
  static void normalise(Call& call, const train::NormaliseInputs& inputs, const Planes& shape, float* y) {
    call.card().operators().normalise(inputs, shape, y);
  }
  static void normaliseGradientSums(Call& call, const train::Arriving& gradient, const float* x,
                                    const train::Normalisation& norm, const Planes& shape, const train::GradientSums& sums) {
    call.card().operators().normaliseGradientSums(gradient, x, norm, shape, sums,
                                                  call.card().workspace(cuda::gradientSumsWorkspaceBytes(shape)));
  }
  static void normaliseGradient(Call& call, const train::Arriving& gradient, const float* x, const train::Normalisation& norm,
                                const Planes& shape, const train::GradientSums& sums, float* dx) {
    call.card().operators().normaliseGradient(gradient, x, norm, shape, sums, dx);
  }
};

}  // namespace

const Operator kBatchStatistics = NormOperators<OnCard>::batchStatistics();
const Operator kRunningStatistics = NormOperators<OnCard>::runningStatistics();
const Operator kNormalise = NormOperators<OnCard>::normalise();
const Operator kNormaliseGradientSums = NormOperators<OnCard>::normaliseGradientSums();
const Operator kNormaliseGradient = NormOperators<OnCard>::normaliseGradient();

}  // namespace saliencymix::ort::card
