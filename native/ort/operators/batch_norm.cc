#include "ort/operators/batch_norm.h"

#include "ort/operators/norm_nodes.h"

namespace saliencymix::ort {

namespace {

struct OnProcessor {
  using Rows = train::ChannelRows;

  static Rows shapeOf(const Call::Input& x) {
    if (x.shape.empty()) throw Error("a tensor has no channels");
    const auto channels = static_cast<std::size_t>(x.side(x.shape.size() - 1));
    if (channels == 0) throw Error("a tensor has no channels");
    return {x.size() / channels, channels};
  }
  static std::size_t channelsOf(const Rows& shape) { return shape.channels; }
  static Rows shapeOfRows(int rows, std::size_t channels) { return {static_cast<std::size_t>(rows), channels}; }

  static float* spare(Call&, std::size_t count, std::vector<float>& own) {
    own.resize(count);
    return own.data();
  }
  static void batchStatistics(Call& call, const float* x, const Rows& shape, float epsilon,
                              const train::BatchStatistics& statistics) {
    train::batchStatistics(call.run(train::batchStatisticsWorkspaceBytes(shape)), x, shape, epsilon, statistics);
  }
  static void runningStatistics(Call&, const train::BatchStatistics& batch, const Rows& shape, double momentum,
                                const train::RunningStatistics& running) {
    train::updateRunningStatistics(batch, shape, momentum, running);
  }
  static void normalise(Call& call, const train::NormaliseInputs& inputs, const Rows& shape, float* y) {
    train::normalise(call.run(train::normaliseWorkspaceBytes(shape)), inputs, shape, y);
  }
  static void normaliseGradientSums(Call& call, const train::Arriving& gradient, const float* x,
                                    const train::Normalisation& norm, const Rows& shape, const train::GradientSums& sums) {
    train::normaliseGradientSums(call.run(train::gradientSumsWorkspaceBytes(shape)), gradient, x, norm, shape, sums);
  }
  static void normaliseGradient(Call& call, const train::Arriving& gradient, const float* x, const train::Normalisation& norm,
                                const Rows& shape, const train::GradientSums& sums, float* dx) {
    train::normaliseGradient(call.run(train::normaliseGradientWorkspaceBytes(shape)), gradient, x, norm, shape, sums, dx);
  }
};

}  // namespace

const Operator kBatchStatistics = NormOperators<OnProcessor>::batchStatistics();
const Operator kRunningStatistics = NormOperators<OnProcessor>::runningStatistics();
const Operator kNormalise = NormOperators<OnProcessor>::normalise();
const Operator kNormaliseGradientSums = NormOperators<OnProcessor>::normaliseGradientSums();
const Operator kNormaliseGradient = NormOperators<OnProcessor>::normaliseGradient();

}  // namespace saliencymix::ort
