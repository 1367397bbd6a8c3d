// The nodes of batch normalisation, on the processor and on a graphics card. A Side computes them:
//   shapeOf(x), channelsOf(shape), shapeOfRows(rows, channels)   a tensor's channels, and the values of each
//   batchStatistics(call, x, shape, epsilon, statistics)                and the others, of train/batch_norm.h
//   spare(call, count, own)      floats for a result that nobody asks for; they may be those of `own`, which is kept for the call
#pragma once

#include <vector>

#include "ort/operators/normalisation.h"

namespace saliencymix::ort {

template <class Side>
class BatchStatisticsNode final : public Node {
 public:
  explicit BatchStatisticsNode(const Attributes& attributes) : epsilon_(attributes.real("epsilon")) {}
  void compute(Call& call) const override {
    const Call::Input x = call.input(0);
    const auto shape = Side::shapeOf(x);
    const std::size_t channels = Side::channelsOf(shape);
    float* const statistics = call.output(0, {3, static_cast<std::int64_t>(channels)});
    Side::batchStatistics(call, x.data, shape, epsilon_, statisticsIn(statistics, channels));
  }

 private:
  float epsilon_;
};

template <class Side>
class RunningStatisticsNode final : public Node {
 public:
  explicit RunningStatisticsNode(const Attributes& attributes)
      : rows_(attributes.whole("rows")), momentum_(attributes.real("momentum")) {
    if (rows_ < 2) throw Error("running statistics need two rows or more");
  }
  void compute(Call& call) const override {
    const RunningInputs inputs = runningInputsOf(call);
    Side::runningStatistics(call, inputs.batch, Side::shapeOfRows(rows_, inputs.channels), momentum_, inputs.running);
  }

 private:
  int rows_;
  double momentum_;
};

template <class Side>
class NormaliseNode final : public Node {
 public:
  explicit NormaliseNode(const Attributes& attributes) : relu_(attributes.whole("relu") != 0) {}
  void compute(Call& call) const override {
    const Call::Input x = call.input(0);
    const auto shape = Side::shapeOf(x);
    const train::NormaliseInputs inputs = normaliseInputsOf(call, relu_, Side::channelsOf(shape));
    Side::normalise(call, inputs, shape, call.output(0, x.shape));
  }

 private:
  bool relu_;
};

template <class Side>
class NormaliseGradientSumsNode final : public Node {
 public:
  explicit NormaliseGradientSumsNode(const Attributes& attributes) : mask_(maskOf(attributes)) {}
  void compute(Call& call) const override {
    const Call::Input x = call.input(1);
    const auto shape = Side::shapeOf(x);
    const std::size_t channels = Side::channelsOf(shape);
    const train::Normalisation norm = normalisationAt(call, 2, channels);
    const train::Arriving arriving = arrivingAt(call, mask_, 5);
    const Shape perChannel{static_cast<std::int64_t>(channels)};
    std::vector<float> own;
    float* const bias = call.askedOutput(0, perChannel);
    float* const scaleAsked = call.output(1, perChannel);
    float* const scale = scaleAsked != nullptr ? scaleAsked : Side::spare(call, channels, own);
    float* const passing = call.output(2, x.shape);
    Side::normaliseGradientSums(call, arriving, x.data, norm, shape, {bias, scale, passing});
  }

 private:
  train::Mask mask_;
};

template <class Side>
class NormaliseGradientNode final : public Node {
 public:
  explicit NormaliseGradientNode(const Attributes& attributes) : mask_(maskOf(attributes)) {}
  void compute(Call& call) const override {
    const Call::Input x = call.input(1), bias = call.input(5), scale = call.input(6);
    const auto shape = Side::shapeOf(x);
    const std::size_t channels = Side::channelsOf(shape);
    const train::Normalisation norm = normalisationAt(call, 2, channels);
    const Shape perChannel{static_cast<std::int64_t>(channels)};
    expectShape(bias, perChannel, "dbias");
    expectShape(scale, perChannel, "dscale");
    // Only read.
    const train::GradientSums sums{const_cast<float*>(bias.data), const_cast<float*>(scale.data)};
    Side::normaliseGradient(call, arrivingAt(call, mask_, 7), x.data, norm, shape, sums, call.output(0, x.shape));
  }

 private:
  train::Mask mask_;
};

template <class Side>
struct NormOperators {
  static Operator batchStatistics() { return {"BatchStatistics", {f32}, 1, {f32}, makeNode<BatchStatisticsNode<Side>>}; }
  static Operator runningStatistics() {
    return {"RunningStatistics", {f32, f32, f32}, 3, {f32, f32}, makeNode<RunningStatisticsNode<Side>>};
  }
  static Operator normalise() {
    return {"Normalise", {f32, f32, f32, f32, f32, f32, f32, f32}, 4, {f32}, makeNode<NormaliseNode<Side>>};
  }
  static Operator normaliseGradientSums() {
    return {"NormaliseGradientSums",
            {f32, f32, f32, f32, f32, f32, f32},
            5,
            {f32, f32, f32},
            makeNode<NormaliseGradientSumsNode<Side>>};
  }
  static Operator normaliseGradient() {
    return {"NormaliseGradient",
            {f32, f32, f32, f32, f32, f32, f32, f32, f32},
            7,
            {f32},
            makeNode<NormaliseGradientNode<Side>>};
  }

 private:
  static constexpr Element f32 = Element::float32;
};

}  // namespace saliencymix::ort
