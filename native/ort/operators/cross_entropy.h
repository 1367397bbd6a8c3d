// The loss as a node (train/cross_entropy.h).
#pragma once

#include "ort/operator.h"

namespace saliencymix::ort {

// SoftmaxCrossEntropy(logits, labels), both rows×classes -> loss (a scalar), dlogits?: its gradient.
extern const Operator kSoftmaxCrossEntropy;

}  // namespace saliencymix::ort
