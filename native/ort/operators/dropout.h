// Dropout as a node (train/dropout.h).
#pragma once

#include "ort/operator.h"

namespace saliencymix::ort {

// Dropout(x, random) -> y. x: N×H×W×C or N×C; random: the trainer's seed and the number of the step. Attributes: number (of the
// mask in the network), dropped (so many of 2^16 elements), scale (of the others). Of the gradient of y it makes that of x.
extern const Operator kDropout;

}  // namespace saliencymix::ort
