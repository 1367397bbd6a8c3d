#include "ort/operators/update.h"

#include <algorithm>
#include <limits>

#include "ort/operators/update_nodes.h"

namespace saliencymix::ort {

namespace {

// The memory of what comes next, with the values that it takes the place of. They have the same memory where a run writes over
// its state (engine.h).
float* changed(const float* from, float* to, std::size_t size) {
  if (to != from) std::copy_n(from, size, to);
  return to;
}

struct OnProcessor {
  static void update(Call& call, train::Sgd sgd, const UpdateTensors& tensors) {
    sgd.stepSize = *numberAt(call, 0);
    run(call, sgd, tensors);
  }
  static void update(Call& call, train::AdamW adamw, const UpdateTensors& tensors) {
    adamw.decay = *numberAt(call, 0);
    adamw.stepSize = *numberAt(call, 1);
    adamw.bias2 = *numberAt(call, 2);
    run(call, adamw, tensors);
  }

 private:
  template <class Optimizer>
  static void run(Call& call, const Optimizer& optimizer, const UpdateTensors& tensors) {
    std::vector<train::Updated> updated;
    for (const train::UpdatedBeside& one : tensors.parameters) {
      train::Updated parameter{one.size, changed(one.weight, one.nextWeight, one.size), one.gradient, {}};
      for (int k = 0; k < 2; k++) {
        if (one.nextKept[k] != nullptr) parameter.kept[k] = changed(one.kept[k], one.nextKept[k], one.size);
      }
      updated.push_back(parameter);
    }
    const bool finite = train::update(call.run(0), optimizer, updated, tensors.checked);
    *call.output(0, {}) = finite ? 0 : std::numeric_limits<float>::quiet_NaN();
  }
};

}  // namespace

const Operator kSgd = sgdOn<OnProcessor>();
const Operator kAdamW = adamwOn<OnProcessor>();

}  // namespace saliencymix::ort
