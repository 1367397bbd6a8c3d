// A step of an optimizer on a graphics card, for all parameters at once. The numbers of the step are read there.
#include "ort/card/operators.h"
#include "ort/card/run.h"
#include "ort/operators/update_nodes.h"

namespace saliencymix::ort::card {

namespace {

struct OnCard {
  static void update(Call& call, const train::Sgd& sgd, const UpdateTensors& tensors) {
    run(call, cuda::SgdStep{sgd, numberAt(call, 0)}, tensors);
  }
  static void update(Call& call, const train::AdamW& adamw, const UpdateTensors& tensors) {
    run(call, cuda::AdamWStep{adamw, numberAt(call, 0), numberAt(call, 1), numberAt(call, 2)}, tensors);
  }

 private:
  template <class Step>
  static void run(Call& call, const Step& step, const UpdateTensors& tensors) {
    call.card().operators().update(step, tensors.parameters, tensors.checked, call.output(0, {}));
  }
};

}  // namespace

const Operator kSgd = sgdOn<OnCard>();
const Operator kAdamW = adamwOn<OnCard>();

}  // namespace saliencymix::ort::card
