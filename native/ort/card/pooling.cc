// Pooling on a graphics card.
#include "ort/card/operators.h"
#include "ort/card/run.h"
#include "ort/operators/pool_shape.h"

namespace saliencymix::ort::card {

namespace {

using train::PoolShape;

class Forward : public Node {
 public:
  explicit Forward(const Attributes& attributes) : pooling_(attributes, kChannelsFirst) {}

 protected:
  Pooling pooling_;
};

// Takes tensors of the result.
class Backward : public Forward {
 public:
  explicit Backward(const Attributes& attributes) : Forward(attributes), size_(attributes.wholes("size", 2)) {}

 protected:
  std::vector<int> size_;
};

class MaxPool final : public Forward {
 public:
  using Forward::Forward;
  void compute(Call& call) const override {
    const Call::Input x = call.input(0);
    const PoolShape shape = pooling_.ofInput(x);
    float* const y = call.output(0, pooling_.resultShape(shape));
    call.card().operators().maxPool(shape, x.data, y, call.outputBytes(1, pooling_.resultShape(shape)));
  }
};

class MaxPoolGradient final : public Backward {
 public:
  using Backward::Backward;
  void compute(Call& call) const override {
    const Call::Input dy = call.input(0), places = call.input(1);
    const PoolShape shape = pooling_.ofResult(dy, size_);
    expectShape(places, dy.shape, "places");
    call.card().operators().maxPoolGradient(shape, dy.data, places.bytes, call.output(0, pooling_.inputShape(shape)));
  }
};

class AveragePool final : public Forward {
 public:
  using Forward::Forward;
  void compute(Call& call) const override {
    const Call::Input x = call.input(0);
    const PoolShape shape = pooling_.ofInput(x);
    call.card().operators().averagePool(shape, x.data, call.output(0, pooling_.resultShape(shape)));
  }
};

class AveragePoolGradient final : public Backward {
 public:
  using Backward::Backward;
  void compute(Call& call) const override {
    const Call::Input dy = call.input(0);
    const PoolShape shape = pooling_.ofResult(dy, size_);
    call.card().operators().averagePoolGradient(shape, dy.data, call.output(0, pooling_.inputShape(shape)));
  }
};

constexpr Element f32 = Element::float32;
constexpr Element u8 = Element::uint8;

}  // namespace

const Operator kMaxPool = {"MaxPool", {f32}, 1, {f32, u8}, makeNode<MaxPool>};
const Operator kMaxPoolGradient = {"MaxPoolGradient", {f32, u8}, 2, {f32}, makeNode<MaxPoolGradient>};
const Operator kAveragePool = {"AveragePool", {f32}, 1, {f32}, makeNode<AveragePool>};
const Operator kAveragePoolGradient = {"AveragePoolGradient", {f32}, 1, {f32}, makeNode<AveragePoolGradient>};

}  // namespace saliencymix::ort::card
