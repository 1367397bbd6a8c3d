#include "ort/operators/pooling.h"

#include "ort/operators/pool_nodes.h"

namespace saliencymix::ort {

namespace {

using train::PoolShape;

struct OnProcessor {
  static constexpr Axes kAxes = kChannelsLast;

  static void maxPool(Call& call, const PoolShape& shape, const float* x, float* y, std::uint8_t* places) {
    train::maxPool(call.run(0), shape, x, y, places);
  }
  static void maxPoolGradient(Call& call, const PoolShape& shape, const float* dy, const std::uint8_t* places, float* dx) {
    train::maxPoolGradient(call.run(0), shape, dy, places, dx);
  }
  static void averagePool(Call& call, const PoolShape& shape, const float* x, float* y) {
    train::averagePool(call.run(0), shape, x, y);
  }
  static void averagePoolGradient(Call& call, const PoolShape& shape, const float* dy, float* dx) {
    train::averagePoolGradient(call.run(0), shape, dy, dx);
  }
};

}  // namespace

const Operator kMaxPool = maxPoolOn<OnProcessor>();
const Operator kMaxPoolGradient = maxPoolGradientOn<OnProcessor>();
const Operator kAveragePool = averagePoolOn<OnProcessor>();
const Operator kAveragePoolGradient = averagePoolGradientOn<OnProcessor>();

}  // namespace saliencymix::ort
