// Pooling on a graphics card.
#include "ort/card/operators.h"
#include "ort/card/run.h"
#include "ort/operators/pool_nodes.h"

namespace saliencymix::ort::card {

namespace {

using train::PoolShape;

struct OnCard {
  static constexpr Axes kAxes = kChannelsFirst;

  static void maxPool(Call& call, const PoolShape& shape, const float* x, float* y, std::uint8_t* places) {
    call.card().operators().maxPool(shape, x, y, places);
  }
  static void maxPoolGradient(Call& call, const PoolShape& shape, const float* dy, const std::uint8_t* places, float* dx) {
    call.card().operators().maxPoolGradient(shape, dy, places, dx);
  }
  static void averagePool(Call& call, const PoolShape& shape, const float* x, float* y) {
    call.card().operators().averagePool(shape, x, y);
  }
  static void averagePoolGradient(Call& call, const PoolShape& shape, const float* dy, float* dx) {
    call.card().operators().averagePoolGradient(shape, dy, dx);
  }
};

}  // namespace

const Operator kMaxPool = maxPoolOn<OnCard>();
const Operator kMaxPoolGradient = maxPoolGradientOn<OnCard>();
const Operator kAveragePool = averagePoolOn<OnCard>();
const Operator kAveragePoolGradient = averagePoolGradientOn<OnCard>();

}  // namespace saliencymix::ort::card
