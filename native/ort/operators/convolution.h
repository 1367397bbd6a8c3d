// Convolution and its gradients as nodes (train/convolution.h). Images are NHWC, weights HWIO.
#pragma once

#include "ort/operator.h"

namespace saliencymix::ort {

// Conv(x, w, bias?) -> y. Attributes of all three: strides, dilations (2 numbers each), pads (top, left, bottom, right), group,
// winograd (1: in that form where the shape allows it).
extern const Operator kConvolution;
// ConvInputGradient(dy, w) -> dx. Also: size (height and width of x).
extern const Operator kConvolutionByInput;
// ConvWeightGradient(x, dy) -> dw, dbias?. Also: kernel (height and width).
extern const Operator kConvolutionByWeights;

}  // namespace saliencymix::ort
