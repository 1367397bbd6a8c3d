// The nodes of pooling, on the processor and on a graphics card. A Side computes them:
//   kAxes                                                  where an image's channels, rows and columns are
//   maxPool(call, shape, x, y, places)                     and the others, of train/pooling.h
#pragma once

#include <vector>

#include "ort/operators/pool_shape.h"

namespace saliencymix::ort {

template <class Side>
class PoolingNode : public Node {
 public:
  explicit PoolingNode(const Attributes& attributes) : pooling_(attributes, Side::kAxes) {}

 protected:
  Pooling pooling_;
};

// Takes tensors of the result.
template <class Side>
class PoolingGradientNode : public PoolingNode<Side> {
 public:
  explicit PoolingGradientNode(const Attributes& attributes)
      : PoolingNode<Side>(attributes), size_(attributes.wholes("size", 2)) {}

 protected:
  std::vector<int> size_;
};

template <class Side>
class MaxPoolNode final : public PoolingNode<Side> {
 public:
  using PoolingNode<Side>::PoolingNode;
  void compute(Call& call) const override {
    const Call::Input x = call.input(0);
    const train::PoolShape shape = this->pooling_.ofInput(x);
    const Shape result = this->pooling_.resultShape(shape);
    float* const y = call.output(0, result);
    Side::maxPool(call, shape, x.data, y, call.outputBytes(1, result));
  }
};

template <class Side>
class MaxPoolGradientNode final : public PoolingGradientNode<Side> {
 public:
  using PoolingGradientNode<Side>::PoolingGradientNode;
  void compute(Call& call) const override {
    const Call::Input dy = call.input(0), places = call.input(1);
    const train::PoolShape shape = this->pooling_.ofResult(dy, this->size_);
    expectShape(places, dy.shape, "places");
    Side::maxPoolGradient(call, shape, dy.data, places.bytes, call.output(0, this->pooling_.inputShape(shape)));
  }
};

template <class Side>
class AveragePoolNode final : public PoolingNode<Side> {
 public:
  using PoolingNode<Side>::PoolingNode;
  void compute(Call& call) const override {
    const Call::Input x = call.input(0);
    const train::PoolShape shape = this->pooling_.ofInput(x);
    Side::averagePool(call, shape, x.data, call.output(0, this->pooling_.resultShape(shape)));
  }
};

template <class Side>
class AveragePoolGradientNode final : public PoolingGradientNode<Side> {
 public:
  using PoolingGradientNode<Side>::PoolingGradientNode;
  void compute(Call& call) const override {
    const Call::Input dy = call.input(0);
    const train::PoolShape shape = this->pooling_.ofResult(dy, this->size_);
    Side::averagePoolGradient(call, shape, dy.data, call.output(0, this->pooling_.inputShape(shape)));
  }
};

template <class Side>
Operator maxPoolOn() {
  return {"MaxPool", {Element::float32}, 1, {Element::float32, Element::uint8}, makeNode<MaxPoolNode<Side>>};
}
template <class Side>
Operator maxPoolGradientOn() {
  return {"MaxPoolGradient", {Element::float32, Element::uint8}, 2, {Element::float32}, makeNode<MaxPoolGradientNode<Side>>};
}
template <class Side>
Operator averagePoolOn() {
  return {"AveragePool", {Element::float32}, 1, {Element::float32}, makeNode<AveragePoolNode<Side>>};
}
template <class Side>
Operator averagePoolGradientOn() {
  return {"AveragePoolGradient", {Element::float32}, 1, {Element::float32}, makeNode<AveragePoolGradientNode<Side>>};
}

}  // namespace saliencymix::ort
