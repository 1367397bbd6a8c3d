#include "ort/operators/convolution.h"

#include "train/convolution.h"

namespace saliencymix::ort {

namespace {

using train::ConvolutionShape;

// What a node says of the shape; the rest comes with the tensors.
ConvolutionShape windowOf(const Attributes& attributes) {
  ConvolutionShape shape;
  const std::vector<int> strides = attributes.wholes("strides", 2);
  const std::vector<int> dilations = attributes.wholes("dilations", 2);
  const std::vector<int> pads = attributes.wholes("pads", 4);
  shape.strideY = strides[0];
  shape.strideX = strides[1];
  shape.dilationY = dilations[0];
  shape.dilationX = dilations[1];
  shape.padTop = pads[0];
  shape.padLeft = pads[1];
  shape.padBottom = pads[2];
  shape.padRight = pads[3];
  shape.groups = attributes.whole("group");
  shape.form = attributes.whole("winograd") != 0 ? train::ConvolutionForm::winograd : train::ConvolutionForm::direct;
  return shape;
}

void setInput(ConvolutionShape& shape, const Call::Input& x) {
  shape.batch = x.side(0);
  shape.height = x.side(1);
  shape.width = x.side(2);
  shape.channels = x.side(3);
}

void setWeights(ConvolutionShape& shape, const Call::Input& w) {
  shape.kernelHeight = w.side(0);
  shape.kernelWidth = w.side(1);
  shape.channels = w.side(2) * shape.groups;
  shape.outputs = w.side(3);
}

Shape inputShape(const ConvolutionShape& of) { return {of.batch, of.height, of.width, of.channels}; }
Shape outputShape(const ConvolutionShape& of) { return {of.batch, of.outputHeight(), of.outputWidth(), of.outputs}; }
Shape weightShape(const ConvolutionShape& of) { return {of.kernelHeight, of.kernelWidth, of.groupChannels(), of.outputs}; }

// A run with the workspace that the function asks for.
template <class Bytes>
train::TrainRun runOf(Call& call, const ConvolutionShape& shape, const Bytes& bytes) {
  return call.run(bytes(shape, call.run(0).kernels, call.threads()));
}

class Convolution final : public Node {
 public:
  explicit Convolution(const Attributes& attributes) : window_(windowOf(attributes)) {}
  void compute(Call& call) const override {
    const Call::Input x = call.input(0), w = call.input(1), bias = call.input(2);
    ConvolutionShape shape = window_;
    setWeights(shape, w);
    setInput(shape, x);
    checkShape(shape);
    expectShape(w, weightShape(shape), "w");
    if (bias.data != nullptr) expectShape(bias, {shape.outputs}, "bias");
    float* const y = call.output(0, outputShape(shape));
    convolution(shape, x.data, w.data, bias.data, y, runOf(call, shape, train::convolutionWorkspaceBytes));
  }

 private:
  ConvolutionShape window_;
};

class ConvolutionByInput final : public Node {
 public:
  explicit ConvolutionByInput(const Attributes& attributes)
      : window_(windowOf(attributes)), size_(attributes.wholes("size", 2)) {}
  void compute(Call& call) const override {
    const Call::Input dy = call.input(0), w = call.input(1);
    ConvolutionShape shape = window_;
    setWeights(shape, w);
    shape.batch = dy.side(0);
    shape.height = size_[0];
    shape.width = size_[1];
    checkShape(shape);
    expectShape(w, weightShape(shape), "w");
    expectShape(dy, outputShape(shape), "dy");
    float* const dx = call.output(0, inputShape(shape));
    convolutionByInput(shape, dy.data, w.data, dx, runOf(call, shape, train::convolutionByInputWorkspaceBytes));
  }

 private:
  ConvolutionShape window_;
  std::vector<int> size_;
};

class ConvolutionByWeights final : public Node {
 public:
  explicit ConvolutionByWeights(const Attributes& attributes)
      : window_(windowOf(attributes)), kernel_(attributes.wholes("kernel", 2)) {}
  void compute(Call& call) const override {
    const Call::Input x = call.input(0), dy = call.input(1);
    ConvolutionShape shape = window_;
    setInput(shape, x);
    shape.kernelHeight = kernel_[0];
    shape.kernelWidth = kernel_[1];
    shape.outputs = dy.side(3);
    checkShape(shape);
    expectShape(dy, outputShape(shape), "dy");
    float* const dw = call.output(0, weightShape(shape));
    float* const dbias = call.output(1, {shape.outputs});
    convolutionByWeights(shape, x.data, dy.data, dw, dbias, runOf(call, shape, train::convolutionByWeightsWorkspaceBytes));
  }

 private:
  ConvolutionShape window_;
  std::vector<int> kernel_;
};

}  // namespace

constexpr Element f32 = Element::float32;

const Operator kConvolution = {"Conv", {f32, f32, f32}, 2, {f32}, makeNode<Convolution>};
const Operator kConvolutionByInput = {"ConvInputGradient", {f32, f32}, 2, {f32}, makeNode<ConvolutionByInput>};
const Operator kConvolutionByWeights = {"ConvWeightGradient", {f32, f32}, 2, {f32, f32}, makeNode<ConvolutionByWeights>};

}  // namespace saliencymix::ort
