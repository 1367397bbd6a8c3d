#include "ort/operators/dropout.h"

#include "train/dropout.h"

namespace saliencymix::ort {

namespace {

class Dropout final : public Node {
 public:
  explicit Dropout(const Attributes& attributes)
      : number_(static_cast<std::uint32_t>(attributes.whole("number"))),
        dropped_(static_cast<std::uint32_t>(attributes.whole("dropped"))), scale_(attributes.real("scale")) {}

  void compute(Call& call) const override {
    const Call::Input x = call.input(0), random = call.input(1);
    expectShape(random, {2}, "random");
    const train::DropoutMask mask{static_cast<std::uint64_t>(random.wholes[0]), static_cast<std::uint32_t>(random.wholes[1]),
                                  number_, dropped_, scale_};
    dropout(call.run(0), mask, shapeOf(x), x.data, call.output(0, x.shape));
  }

 private:
  static train::DropoutShape shapeOf(const Call::Input& x) {
    if (x.shape.size() == 2) return {x.side(0), 1, 1, x.side(1)};
    if (x.shape.size() != 4) throw Error("dropout takes N×H×W×C or N×C");
    return {x.side(0), x.side(1), x.side(2), x.side(3)};
  }

  std::uint32_t number_;
  std::uint32_t dropped_;
  float scale_;
};

}  // namespace

const Operator kDropout = {"Dropout", {Element::float32, Element::int64}, 2, {Element::float32}, makeNode<Dropout>};

}  // namespace saliencymix::ort
