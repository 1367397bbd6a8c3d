#include "ort/operators/pooling.h"

#include "ort/operators/pool_shape.h"

namespace saliencymix::ort {

namespace {

using train::PoolShape;

class Forward : public Node {
 public:
  explicit Forward(const Attributes& attributes) : pooling_(attributes, kChannelsLast) {}

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
    maxPool(call.run(0), shape, x.data, y, call.outputBytes(1, pooling_.resultShape(shape)));
  }
};

class MaxPoolGradient final : public Backward {
 public:
  using Backward::Backward;
  void compute(Call& call) const override {
    const Call::Input dy = call.input(0), places = call.input(1);
    const PoolShape shape = pooling_.ofResult(dy, size_);
    expectShape(places, dy.shape, "places");
    maxPoolGradient(call.run(0), shape, dy.data, places.bytes, call.output(0, pooling_.inputShape(shape)));
  }
};

class AveragePool final : public Forward {
 public:
  using Forward::Forward;
  void compute(Call& call) const override {
    const Call::Input x = call.input(0);
    const PoolShape shape = pooling_.ofInput(x);
    averagePool(call.run(0), shape, x.data, call.output(0, pooling_.resultShape(shape)));
  }
};

class AveragePoolGradient final : public Backward {
 public:
  using Backward::Backward;
  void compute(Call& call) const override {
    const Call::Input dy = call.input(0);
    const PoolShape shape = pooling_.ofResult(dy, size_);
    averagePoolGradient(call.run(0), shape, dy.data, call.output(0, pooling_.inputShape(shape)));
  }
};

}  // namespace

constexpr Element f32 = Element::float32;
constexpr Element u8 = Element::uint8;

const Operator kMaxPool = {"MaxPool", {f32}, 1, {f32, u8}, makeNode<MaxPool>};
const Operator kMaxPoolGradient = {"MaxPoolGradient", {f32, u8}, 2, {f32}, makeNode<MaxPoolGradient>};
const Operator kAveragePool = {"AveragePool", {f32}, 1, {f32}, makeNode<AveragePool>};
const Operator kAveragePoolGradient = {"AveragePoolGradient", {f32}, 1, {f32}, makeNode<AveragePoolGradient>};

}  // namespace saliencymix::ort
