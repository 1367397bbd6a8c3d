// The loss, and dropout, on a graphics card.
#include "ort/card/operators.h"
#include "ort/card/run.h"

namespace saliencymix::ort::card {

namespace {

class SoftmaxCrossEntropy final : public Node {
 public:
  explicit SoftmaxCrossEntropy(const Attributes&) {}
  void compute(Call& call) const override {
    const Call::Input logits = call.input(0), labels = call.input(1);
    if (logits.shape.size() != 2) throw Error("logits must be rows×classes");
    expectShape(labels, logits.shape, "labels");
    const int rows = logits.side(0);
    float* const loss = call.output(0, {});
    call.card().operators().softmaxCrossEntropy(logits.data, labels.data, rows, logits.side(1), loss,
                                                call.output(1, logits.shape),
                                                call.card().workspace(cuda::crossEntropyWorkspaceBytes(rows)));
  }
};

class Dropout final : public Node {
 public:
  explicit Dropout(const Attributes& attributes)
      : number_(static_cast<std::uint32_t>(attributes.whole("number"))),
        dropped_(static_cast<std::uint32_t>(attributes.whole("dropped"))), scale_(attributes.real("scale")) {}

  void compute(Call& call) const override {
    const Call::Input x = call.input(0), random = call.input(1);
    expectShape(random, {2}, "random");
    const int images = x.side(0);
    if (images == 0) throw Error("dropout of no images");
    const int elements = static_cast<int>(x.size() / static_cast<std::size_t>(images));
    call.card().operators().dropout({random.wholes, number_, dropped_, scale_}, images, elements, x.data,
                                    call.output(0, x.shape));
  }

 private:
  std::uint32_t number_;
  std::uint32_t dropped_;
  float scale_;
};

constexpr Element f32 = Element::float32;

}  // namespace

const Operator kSoftmaxCrossEntropy = {
    "SoftmaxCrossEntropy", {f32, f32}, 2, {f32, f32}, makeNode<SoftmaxCrossEntropy>};
const Operator kDropout = {"Dropout", {f32, Element::int64}, 2, {f32}, makeNode<Dropout>};

}  // namespace saliencymix::ort::card
