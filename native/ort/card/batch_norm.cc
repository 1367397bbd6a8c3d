// Batch normalisation on a graphics card.
#include "ort/card/operators.h"
#include "ort/card/run.h"
#include "ort/operators/normalisation.h"

namespace saliencymix::ort::card {

namespace {

using cuda::Planes;

// Of N×C×H×W, or of N×C.
Planes planesOf(const Call::Input& x) {
  const int channels = x.side(1);
  const std::size_t all = static_cast<std::size_t>(x.side(0)) * static_cast<std::size_t>(channels);
  if (all == 0) throw Error("a tensor has no channels");
  return {x.side(0), channels, static_cast<int>(x.size() / all)};
}

class BatchStatistics final : public Node {
 public:
  explicit BatchStatistics(const Attributes& attributes) : epsilon_(attributes.real("epsilon")) {}
  void compute(Call& call) const override {
    const Call::Input x = call.input(0);
    const Planes shape = planesOf(x);
    float* const statistics = call.output(0, {3, shape.channels});
    call.card().operators().batchStatistics(x.data, shape, epsilon_,
                                            statisticsIn(statistics, static_cast<std::size_t>(shape.channels)),
                                            call.card().workspace(cuda::batchStatisticsWorkspaceBytes(shape)));
  }

 private:
  float epsilon_;
};

class RunningStatistics final : public Node {
 public:
  explicit RunningStatistics(const Attributes& attributes)
      : rows_(attributes.whole("rows")), momentum_(attributes.real("momentum")) {
    if (rows_ < 2) throw Error("running statistics need two rows or more");
  }
  void compute(Call& call) const override {
    const RunningInputs inputs = runningInputsOf(call);
    call.card().operators().updateRunningStatistics(inputs.batch, {rows_, static_cast<int>(inputs.channels), 1}, momentum_,
                                                    inputs.running);
  }

 private:
  int rows_;
  double momentum_;
};

class Normalise final : public Node {
 public:
  explicit Normalise(const Attributes& attributes) : relu_(attributes.whole("relu") != 0) {}
  void compute(Call& call) const override {
    const Call::Input x = call.input(0);
    const Planes shape = planesOf(x);
    const train::NormaliseInputs inputs = normaliseInputsOf(call, relu_, static_cast<std::size_t>(shape.channels));
    call.card().operators().normalise(inputs, shape, call.output(0, x.shape));
  }

 private:
  bool relu_;
};

class NormaliseGradientSums final : public Node {
 public:
  explicit NormaliseGradientSums(const Attributes& attributes) : mask_(maskOf(attributes)) {}
  void compute(Call& call) const override {
    const Call::Input x = call.input(1);
    const Planes shape = planesOf(x);
    const train::Normalisation norm = normalisationAt(call, 2, static_cast<std::size_t>(shape.channels));
    const train::Arriving arriving = arrivingAt(call, mask_, 5);
    const train::GradientSums sums{call.output(0, {shape.channels}), call.output(1, {shape.channels}), call.output(2, x.shape)};
    call.card().operators().normaliseGradientSums(arriving, x.data, norm, shape, sums,
                                                  call.card().workspace(cuda::gradientSumsWorkspaceBytes(shape)));
  }

 private:
  train::Mask mask_;
};

class NormaliseGradient final : public Node {
 public:
  explicit NormaliseGradient(const Attributes& attributes) : mask_(maskOf(attributes)) {}
  void compute(Call& call) const override {
    const Call::Input x = call.input(1), bias = call.input(5), scale = call.input(6);
    const Planes shape = planesOf(x);
    const train::Normalisation norm = normalisationAt(call, 2, static_cast<std::size_t>(shape.channels));
    expectShape(bias, {shape.channels}, "dbias");
    expectShape(scale, {shape.channels}, "dscale");
    // Only read.
    const train::GradientSums sums{const_cast<float*>(bias.data), const_cast<float*>(scale.data)};
    call.card().operators().normaliseGradient(arrivingAt(call, mask_, 7), x.data, norm, shape, sums, call.output(0, x.shape));
  }

 private:
  train::Mask mask_;
};

constexpr Element f32 = Element::float32;

}  // namespace

const Operator kBatchStatistics = {"BatchStatistics", {f32}, 1, {f32}, makeNode<BatchStatistics>};
const Operator kRunningStatistics = {"RunningStatistics", {f32, f32, f32}, 3, {f32, f32}, makeNode<RunningStatistics>};
const Operator kNormalise = {
    "Normalise", {f32, f32, f32, f32, f32, f32, f32, f32}, 4, {f32}, makeNode<Normalise>};
const Operator kNormaliseGradientSums = {
    "NormaliseGradientSums", {f32, f32, f32, f32, f32, f32, f32}, 5, {f32, f32, f32}, makeNode<NormaliseGradientSums>};
const Operator kNormaliseGradient = {
    "NormaliseGradient", {f32, f32, f32, f32, f32, f32, f32, f32, f32}, 7, {f32}, makeNode<NormaliseGradient>};

}  // namespace saliencymix::ort::card
