#include "ort/operators/cross_entropy.h"

#include "train/cross_entropy.h"

namespace saliencymix::ort {

namespace {

class SoftmaxCrossEntropy final : public Node {
 public:
  explicit SoftmaxCrossEntropy(const Attributes&) {}
  void compute(Call& call) const override {
    const Call::Input logits = call.input(0), labels = call.input(1);
    if (logits.shape.size() != 2) throw Error("logits must be rows×classes");
    expectShape(labels, logits.shape, "labels");
    const auto rows = static_cast<std::size_t>(logits.side(0)), classes = static_cast<std::size_t>(logits.side(1));
    const train::TrainRun run = call.run(train::crossEntropyWorkspaceBytes(rows, classes));
    float* const loss = call.output(0, {});
    *loss = softmaxCrossEntropy(run, logits.data, labels.data, rows, classes, call.output(1, logits.shape));
  }
};

}  // namespace

constexpr Element f32 = Element::float32;

const Operator kSoftmaxCrossEntropy = {
    "SoftmaxCrossEntropy", {f32, f32}, 2, {f32, f32}, makeNode<SoftmaxCrossEntropy>};

}  // namespace saliencymix::ort
