#include "ort/operators/convolution.h"

#include <optional>

#include "ort/operators/normalisation.h"
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
template <class Bytes, class... More>
train::TrainRun runOf(Call& call, const ConvolutionShape& shape, const Bytes& bytes, More... more) {
  return call.run(bytes(shape, call.run(0).kernels, call.threads(), more...));
}

// From input `first` on: how x is normalised, if the node has these inputs.
class NormAt {
 public:
  NormAt(const Call& call, std::size_t first, const ConvolutionShape& shape, bool relu) {
    if (call.input(first).data != nullptr) norm_ = {normalisationAt(call, first, static_cast<std::size_t>(shape.channels)), relu};
  }
  const train::InputNorm* get() const { return norm_ ? &*norm_ : nullptr; }
  explicit operator bool() const { return norm_.has_value(); }

 private:
  std::optional<train::InputNorm> norm_;
};

class Convolution final : public Node {
 public:
  explicit Convolution(const Attributes& attributes)
      : window_(windowOf(attributes)), relu_(attributes.whole("relu") != 0) {}
  void compute(Call& call) const override {
    const Call::Input x = call.input(0), w = call.input(1), bias = call.input(2);
    ConvolutionShape shape = window_;
    setWeights(shape, w);
    setInput(shape, x);
    checkShape(shape);
    expectShape(w, weightShape(shape), "w");
    if (bias.data != nullptr) expectShape(bias, {shape.outputs}, "bias");
    const NormAt norm(call, 3, shape, relu_);
    float* const y = call.output(0, outputShape(shape));
    const train::TrainRun run = runOf(call, shape, train::convolutionWorkspaceBytes, bool{norm});
    convolution(shape, x.data, w.data, bias.data, y, run, norm.get());
  }

 private:
  ConvolutionShape window_;
  bool relu_;
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
      : window_(windowOf(attributes)), kernel_(attributes.wholes("kernel", 2)), relu_(attributes.whole("relu") != 0) {}
  void compute(Call& call) const override {
    const Call::Input x = call.input(0), dy = call.input(1);
    ConvolutionShape shape = window_;
    setInput(shape, x);
    shape.kernelHeight = kernel_[0];
    shape.kernelWidth = kernel_[1];
    shape.outputs = dy.side(3);
    checkShape(shape);
    expectShape(dy, outputShape(shape), "dy");
    const NormAt norm(call, 2, shape, relu_);
    float* const dw = call.output(0, weightShape(shape));
    float* const dbias = call.output(1, {shape.outputs});
    const train::TrainRun run = runOf(call, shape, train::convolutionByWeightsWorkspaceBytes, bool{norm});
    convolutionByWeights(shape, x.data, dy.data, dw, dbias, run, norm.get());
  }

 private:
  ConvolutionShape window_;
  std::vector<int> kernel_;
  bool relu_;
};

}  // namespace

constexpr Element f32 = Element::float32;

const Operator kConvolution = {"Conv", {f32, f32, f32, f32, f32, f32}, 2, {f32}, makeNode<Convolution>};
const Operator kConvolutionByInput = {"ConvInputGradient", {f32, f32}, 2, {f32}, makeNode<ConvolutionByInput>};
const Operator kConvolutionByWeights = {
    "ConvWeightGradient", {f32, f32, f32, f32, f32}, 2, {f32, f32}, makeNode<ConvolutionByWeights>};

}  // namespace saliencymix::ort
