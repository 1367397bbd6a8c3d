// The operators of training as nodes on a graphics card: those of ort/operators by name, attributes, inputs and outputs, but with
// images N×C×H×W, and all tensors in the card's memory. Convolutions are ONNX's own.
#pragma once

#include <span>

#include "ort/operator.h"

namespace saliencymix::ort {

std::span<const Operator> cardOperators();

namespace card {

// batch_norm.cc
extern const Operator kBatchStatistics, kRunningStatistics, kNormalise, kNormaliseGradientSums, kNormaliseGradient;
// pooling.cc
extern const Operator kMaxPool, kMaxPoolGradient, kAveragePool, kAveragePoolGradient;
// unfold.cc
extern const Operator kUnfold;
// losses.cc
extern const Operator kSoftmaxCrossEntropy, kDropout;
// update.cc
extern const Operator kSgd, kAdamW;

}  // namespace card

}  // namespace saliencymix::ort
