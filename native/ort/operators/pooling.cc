#include "ort/operators/pooling.h"

#include "train/pooling.h"

namespace saliencymix::ort {

namespace {

using train::PoolShape;

// What a node says of the shape; the rest comes with the tensors.
PoolShape windowOf(const Attributes& attributes) {
  const std::vector<int> kernel = attributes.wholes("kernel", 2);
  return {.images = 1, .height = 1, .width = 1, .channels = 1, .kernelHeight = kernel[0], .kernelWidth = kernel[1],
          .stride = attributes.whole("stride"), .padding = attributes.whole("padding")};
}

PoolShape ofInput(PoolShape shape, const Call::Input& x) {
  if (x.shape.size() != 4) throw Error("pooling takes N×H×W×C");
  shape.images = x.side(0);
  shape.height = x.side(1);
  shape.width = x.side(2);
  shape.channels = x.side(3);
  checkShape(shape);
  return shape;
}

Shape resultShape(const PoolShape& of) { return {of.images, of.outHeight(), of.outWidth(), of.channels}; }

// For the gradients, whose tensors are of the result.
class Backward : public Node {
 public:
  explicit Backward(const Attributes& attributes) : window_(windowOf(attributes)), size_(attributes.wholes("size", 2)) {}

 protected:
  PoolShape shapeOf(const Call::Input& dy) const {
    PoolShape shape = window_;
    shape.images = dy.side(0);
    shape.height = size_[0];
    shape.width = size_[1];
    shape.channels = dy.side(3);
    checkShape(shape);
    expectShape(dy, resultShape(shape), "dy");
    return shape;
  }
  static float* result(Call& call, const PoolShape& of) {
    return call.output(0, {of.images, of.height, of.width, of.channels});
  }

 private:
  PoolShape window_;
  std::vector<int> size_;
};

class MaxPool final : public Node {
 public:
  explicit MaxPool(const Attributes& attributes) : window_(windowOf(attributes)) {}
  void compute(Call& call) const override {
    const Call::Input x = call.input(0);
    const PoolShape shape = ofInput(window_, x);
    float* const y = call.output(0, resultShape(shape));
    maxPool(call.run(0), shape, x.data, y, call.outputBytes(1, resultShape(shape)));
  }

 private:
  PoolShape window_;
};

class MaxPoolGradient final : public Backward {
 public:
  using Backward::Backward;
  void compute(Call& call) const override {
    const Call::Input dy = call.input(0), places = call.input(1);
    const PoolShape shape = shapeOf(dy);
    expectShape(places, resultShape(shape), "places");
    maxPoolGradient(call.run(0), shape, dy.data, places.bytes, result(call, shape));
  }
};

class AveragePool final : public Node {
 public:
  explicit AveragePool(const Attributes& attributes) : window_(windowOf(attributes)) {}
  void compute(Call& call) const override {
    const Call::Input x = call.input(0);
    const PoolShape shape = ofInput(window_, x);
    averagePool(call.run(0), shape, x.data, call.output(0, resultShape(shape)));
  }

 private:
  PoolShape window_;
};

class AveragePoolGradient final : public Backward {
 public:
  using Backward::Backward;
  void compute(Call& call) const override {
    const Call::Input dy = call.input(0);
    const PoolShape shape = shapeOf(dy);
    averagePoolGradient(call.run(0), shape, dy.data, result(call, shape));
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
