#include "ort/operators/update.h"

#include <algorithm>
#include <limits>

#include "train/update.h"

namespace saliencymix::ort {

namespace {

struct Tensors {
  std::vector<train::Updated> updated;
  std::vector<train::Checked> checked;
};

// The memory of a result, with the values of the input that it takes the place of. They have the same memory where a run writes
// over its state (engine.h).
float* changed(Call& call, const Call::Input& input, std::size_t output) {
  float* const memory = call.output(output, input.shape);
  if (memory == nullptr) throw Error("a result of the optimizer is missing");
  if (memory != input.data) std::copy_n(input.data, input.size(), memory);
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
    train::Updated one{weight.size(), changed(call, weight, 1 + i), gradient.data, {}};
    for (std::size_t k = 0; k < kept; k++) {
      const Call::Input slot = call.input(first + parameters * (2 + k) + i);
      expectShape(slot, weight.shape, "what an optimizer keeps");
      one.kept[k] = changed(call, slot, 1 + parameters * (1 + k) + i);
    }
    tensors.updated.push_back(one);
  }
  for (std::size_t i = after; i < call.inputCount(); i++) {
    const Call::Input input = call.input(i);
    tensors.checked.push_back({input.size(), input.data});
  }
  return tensors;
}

float scalarAt(const Call& call, std::size_t index) {
  const Call::Input scalar = call.input(index);
  expectShape(scalar, {}, "a number of the optimizer");
  return *scalar.data;
}

template <class Optimizer>
void runUpdate(Call& call, const Optimizer& optimizer, const Tensors& tensors) {
  const bool finite = update(call.run(0), optimizer, tensors.updated, tensors.checked);
  *call.output(0, {}) = finite ? 0 : std::numeric_limits<float>::quiet_NaN();
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
    train::Sgd sgd = sgd_;
    sgd.stepSize = scalarAt(call, 0);
    runUpdate(call, sgd, tensorsOf(call, 1, parameters_, sgd.momentum == 0 ? 0 : 1));
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
    train::AdamW adamw = adamw_;
    adamw.decay = scalarAt(call, 0);
    adamw.stepSize = scalarAt(call, 1);
    adamw.bias2 = scalarAt(call, 2);
    runUpdate(call, adamw, tensorsOf(call, 3, parameters_, 2));
  }

 private:
  std::size_t parameters_;
  train::AdamW adamw_;
};

}  // namespace

constexpr Element f32 = Element::float32;

const Operator kSgd = {"Sgd", {f32, f32}, 2, {f32, f32}, makeNode<SgdUpdate>, true};
const Operator kAdamW = {"AdamW", {f32, f32, f32, f32}, 4, {f32, f32}, makeNode<AdamWUpdate>, true};

}  // namespace saliencymix::ort
