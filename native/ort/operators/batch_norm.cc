#include "ort/operators/batch_norm.h"

#include "ort/operators/normalisation.h"

namespace saliencymix::ort {

namespace {

using train::ChannelRows;

ChannelRows rowsOf(const Call::Input& x) {
  if (x.shape.empty()) throw Error("a tensor has no channels");
  const auto channels = static_cast<std::size_t>(x.side(x.shape.size() - 1));
  if (channels == 0) throw Error("a tensor has no channels");
  return {x.size() / channels, channels};
}

std::int64_t channelsOf(const ChannelRows& rows) { return static_cast<std::int64_t>(rows.channels); }

class BatchStatistics final : public Node {
 public:
  explicit BatchStatistics(const Attributes& attributes) : epsilon_(attributes.real("epsilon")) {}
  void compute(Call& call) const override {
    const Call::Input x = call.input(0);
    const ChannelRows rows = rowsOf(x);
    const train::BatchStatistics statistics = statisticsIn(call.output(0, {3, channelsOf(rows)}), rows.channels);
    batchStatistics(call.run(train::batchStatisticsWorkspaceBytes(rows)), x.data, rows, epsilon_, statistics);
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
    updateRunningStatistics(inputs.batch, {static_cast<std::size_t>(rows_), inputs.channels}, momentum_, inputs.running);
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
    const ChannelRows rows = rowsOf(x);
    const train::NormaliseInputs inputs = normaliseInputsOf(call, relu_, rows.channels);
    normalise(call.run(train::normaliseWorkspaceBytes(rows)), inputs, rows, call.output(0, x.shape));
  }

 private:
  bool relu_;
};

class NormaliseGradientSums final : public Node {
 public:
  explicit NormaliseGradientSums(const Attributes& attributes) : mask_(maskOf(attributes)) {}
  void compute(Call& call) const override {
    const Call::Input x = call.input(1);
    const ChannelRows rows = rowsOf(x);
    const train::Normalisation norm = normalisationAt(call, 2, rows.channels);
    const train::Arriving arriving = arrivingAt(call, mask_, 5);
    float* const bias = call.output(0, {channelsOf(rows)});
    float* const scale = call.output(1, {channelsOf(rows)});
    float* const passing = call.output(2, x.shape);
    normaliseGradientSums(call.run(train::gradientSumsWorkspaceBytes(rows)), arriving, x.data, norm, rows,
                          {bias, scale, passing});
  }

 private:
  train::Mask mask_;
};

class NormaliseGradient final : public Node {
 public:
  explicit NormaliseGradient(const Attributes& attributes) : mask_(maskOf(attributes)) {}
  void compute(Call& call) const override {
    const Call::Input x = call.input(1), bias = call.input(5), scale = call.input(6);
    const ChannelRows rows = rowsOf(x);
    const train::Normalisation norm = normalisationAt(call, 2, rows.channels);
    expectShape(bias, {channelsOf(rows)}, "dbias");
    expectShape(scale, {channelsOf(rows)}, "dscale");
    const train::Arriving arriving = arrivingAt(call, mask_, 7);
    // Only read.
    const train::GradientSums sums{const_cast<float*>(bias.data), const_cast<float*>(scale.data)};
    normaliseGradient(call.run(train::normaliseGradientWorkspaceBytes(rows)), arriving, x.data, norm, rows, sums,
                      call.output(0, x.shape));
  }

 private:
  train::Mask mask_;
};

}  // namespace

constexpr Element f32 = Element::float32;

const Operator kBatchStatistics = {"BatchStatistics", {f32}, 1, {f32}, makeNode<BatchStatistics>};
const Operator kRunningStatistics = {"RunningStatistics", {f32, f32, f32}, 3, {f32, f32}, makeNode<RunningStatistics>};
const Operator kNormalise = {
    "Normalise", {f32, f32, f32, f32, f32, f32, f32, f32}, 4, {f32}, makeNode<Normalise>};
const Operator kNormaliseGradientSums = {
    "NormaliseGradientSums", {f32, f32, f32, f32, f32, f32, f32}, 5, {f32, f32, f32}, makeNode<NormaliseGradientSums>};
const Operator kNormaliseGradient = {
    "NormaliseGradient", {f32, f32, f32, f32, f32, f32, f32, f32, f32}, 7, {f32}, makeNode<NormaliseGradient>};

}  // namespace saliencymix::ort
