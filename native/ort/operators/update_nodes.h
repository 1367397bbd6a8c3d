// What the nodes of optimizers take, on the processor and on a graphics card: the tensors of update.h, in their order, and the
// attributes.
#pragma once

#include <cstddef>
#include <vector>

#include "ort/operator.h"
#include "train/update.h"

namespace saliencymix::ort {

struct UpdateTensors {
  std::vector<train::UpdatedBeside> parameters;
  std::vector<train::Checked> checked;
};

inline float* nextOf(Call& call, const Call::Input& input, std::size_t output) {
  float* const memory = call.output(output, input.shape);
  if (memory == nullptr) throw Error("a result of the optimizer is missing");
  return memory;
}

// Of the inputs from `first` on, of which `parameters` are weights, each with `kept` tensors beside it.
inline UpdateTensors updateTensorsOf(Call& call, std::size_t first, std::size_t parameters, std::size_t kept) {
  UpdateTensors tensors;
  const std::size_t after = first + parameters * (2 + kept);
  if (call.inputCount() < after || call.outputCount() != 1 + parameters * (1 + kept)) throw Error("tensors are missing");
  for (std::size_t i = 0; i < parameters; i++) {
    const Call::Input weight = call.input(first + i), gradient = call.input(first + parameters + i);
    expectShape(gradient, weight.shape, "a gradient");
    train::UpdatedBeside one{weight.size(), weight.data, gradient.data, {}, nextOf(call, weight, 1 + i), {}};
    for (std::size_t k = 0; k < kept; k++) {
      const Call::Input slot = call.input(first + parameters * (2 + k) + i);
      expectShape(slot, weight.shape, "what an optimizer keeps");
      one.kept[k] = slot.data;
      one.nextKept[k] = nextOf(call, slot, 1 + parameters * (1 + k) + i);
    }
    tensors.parameters.push_back(one);
  }
  for (std::size_t i = after; i < call.inputCount(); i++) {
    const Call::Input input = call.input(i);
    tensors.checked.push_back({input.size(), input.data});
  }
  return tensors;
}

// Where a number of the optimizer is, which changes from step to step.
inline const float* numberAt(const Call& call, std::size_t index) {
  const Call::Input scalar = call.input(index);
  expectShape(scalar, {}, "a number of the optimizer");
  return scalar.data;
}

inline std::size_t parametersIn(const Attributes& attributes) {
  const int count = attributes.whole("parameters");
  if (count < 0) throw Error("the attribute parameters is negative");
  return static_cast<std::size_t>(count);
}

// Side::update(call, sgd, tensors): the numbers of the step are inputs 0 and on.
template <class Side>
class SgdNode final : public Node {
 public:
  explicit SgdNode(const Attributes& attributes)
      : parameters_(parametersIn(attributes)),
        sgd_{attributes.real("momentum"), attributes.whole("nesterov") != 0, attributes.real("weight_decay"), 0} {}
  void compute(Call& call) const override {
    Side::update(call, sgd_, updateTensorsOf(call, 1, parameters_, sgd_.momentum == 0 ? 0 : 1));
  }

 private:
  std::size_t parameters_;
  train::Sgd sgd_;
};

// Likewise for AdamW.
template <class Side>
class AdamWNode final : public Node {
 public:
  explicit AdamWNode(const Attributes& attributes) : parameters_(parametersIn(attributes)), adamw_(0, 0, 0) {
    adamw_.beta1 = attributes.real("beta1");
    adamw_.newShare1 = attributes.real("new_share1");
    adamw_.beta2 = attributes.real("beta2");
    adamw_.newShare2 = attributes.real("new_share2");
    adamw_.epsilon = attributes.real("epsilon");
  }
  void compute(Call& call) const override { Side::update(call, adamw_, updateTensorsOf(call, 3, parameters_, 2)); }

 private:
  std::size_t parameters_;
  train::AdamW adamw_;
};

template <class Side>
Operator sgdOn() {
  constexpr Element f32 = Element::float32;
  return {"Sgd", {f32, f32}, 2, {f32, f32}, makeNode<SgdNode<Side>>, true};
}
template <class Side>
Operator adamwOn() {
  constexpr Element f32 = Element::float32;
  return {"AdamW", {f32, f32, f32, f32}, 4, {f32, f32}, makeNode<AdamWNode<Side>>, true};
}

}  // namespace saliencymix::ort
