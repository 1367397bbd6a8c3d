// A step of an optimizer as a node, for all parameters at once (train/update.h).
//
// The tensors are, in this order: all weights; their gradients; for each weight what the optimizer keeps, first of one kind,
// then of the other; then any that only count for `finite`. Of the attribute `parameters` there are as many weights.
// The results: finite (a scalar: 0 where all new weights and those others are finite, else NaN), the next weights, and what is
// kept next, in the order of the inputs; they are as before where not all is finite.
#pragma once

#include "ort/operator.h"

namespace saliencymix::ort {

// Sgd(stepSize, tensors…) -> finite, next…. Attributes: momentum, nesterov, weight_decay.
extern const Operator kSgd;
// AdamW(decay, stepSize, bias2, tensors…) -> finite, next…. Attributes: beta1, new_share1, beta2, new_share2, epsilon.
extern const Operator kAdamW;

}  // namespace saliencymix::ort
