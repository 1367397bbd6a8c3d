// A step of an optimizer on a graphics card, for all parameters at once: the inputs and results of ort/operators/update.h.
#include "ort/card/operators.h"
#include "ort/card/run.h"

namespace saliencymix::ort::card {

namespace {

struct Tensors {
  std::vector<cuda::DeviceUpdated> updated;
  std::vector<train::Checked> checked;
};

float* resultAt(Call& call, const Call::Input& input, std::size_t output) {
  float* const memory = call.output(output, input.shape);
  if (memory == nullptr) throw Error("a result of the optimizer is missing");
  return memory;
}

// Of the inputs from `first` on, of which `parameters` are weights, each with `kept` tensors beside it.
Tensors tensorsOf(Call& call, std::size_t first, std::size_t parameters, std::size_t kept) {
  Tensors tensors;
  const std::size_t after = first + parameters * (2 + kept);
  if (call.inputCount() < after || call.outputCount() != 1 + parameters * (1 + kept)) throw Error("tensors are missing");
  for (std::size_t i = 0; i < parameters; i++) {
    const Call::Input weight = call.input(first + i), gradient = call.input(first + parameters + i);
    expectShape(gradient, weight.shape, "a gradient");
    cuda::DeviceUpdated one{weight.size(), weight.data, gradient.data, {}, resultAt(call, weight, 1 + i), {}};
    for (std::size_t k = 0; k < kept; k++) {
      const Call::Input slot = call.input(first + parameters * (2 + k) + i);
      expectShape(slot, weight.shape, "what an optimizer keeps");
      one.kept[k] = slot.data;
      one.nextKept[k] = resultAt(call, slot, 1 + parameters * (1 + k) + i);
    }
    tensors.updated.push_back(one);
  }
  for (std::size_t i = after; i < call.inputCount(); i++) {
    const Call::Input input = call.input(i);
    tensors.checked.push_back({input.size(), input.data});
  }
  return tensors;
}

// In the card's memory.
const float* scalarAt(const Call& call, std::size_t index) {
  const Call::Input scalar = call.input(index);
  expectShape(scalar, {}, "a number of the optimizer");
  return scalar.data;
}

std::size_t countIn(const Attributes& attributes) {
  const int count = attributes.whole("parameters");
  if (count < 0) throw Error("the attribute parameters is negative");
  return static_cast<std::size_t>(count);
}

class SgdUpdate final : public Node {
 public:
  explicit SgdUpdate(const Attributes& attributes)
      : parameters_(countIn(attributes)),
        sgd_{attributes.real("momentum"), attributes.whole("nesterov") != 0, attributes.real("weight_decay"), 0} {}
  void compute(Call& call) const override {
    const Tensors tensors = tensorsOf(call, 1, parameters_, sgd_.momentum == 0 ? 0 : 1);
    const cuda::SgdStep step{sgd_, scalarAt(call, 0)};
    call.card().operators().update(step, tensors.updated, tensors.checked, call.output(0, {}));
  }

 private:
  std::size_t parameters_;
  train::Sgd sgd_;
};

class AdamWUpdate final : public Node {
 public:
  explicit AdamWUpdate(const Attributes& attributes) : parameters_(countIn(attributes)), adamw_(0, 0, 0) {
    adamw_.beta1 = attributes.real("beta1");
    adamw_.newShare1 = attributes.real("new_share1");
    adamw_.beta2 = attributes.real("beta2");
    adamw_.newShare2 = attributes.real("new_share2");
    adamw_.epsilon = attributes.real("epsilon");
  }
  void compute(Call& call) const override {
    const Tensors tensors = tensorsOf(call, 3, parameters_, 2);
    const cuda::AdamWStep step{adamw_, scalarAt(call, 0), scalarAt(call, 1), scalarAt(call, 2)};
    call.card().operators().update(step, tensors.updated, tensors.checked, call.output(0, {}));
  }

 private:
  std::size_t parameters_;
  train::AdamW adamw_;
};

constexpr Element f32 = Element::float32;

}  // namespace

const Operator kSgd = {"Sgd", {f32, f32}, 2, {f32, f32}, makeNode<SgdUpdate>, true};
const Operator kAdamW = {"AdamW", {f32, f32, f32, f32}, 4, {f32, f32}, makeNode<AdamWUpdate>, true};

}  // namespace saliencymix::ort::card
