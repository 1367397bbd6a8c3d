// Pooling as nodes (train/pooling.h). Images are NHWC. Attributes of all: kernel (height, width), stride, padding.
#pragma once

#include "ort/operator.h"

namespace saliencymix::ort {

// MaxPool(x) -> y, places?: for each value of y its place in its window, as the gradient needs them.
extern const Operator kMaxPool;
// MaxPoolGradient(dy, places) -> dx. Also: size (height and width of x).
extern const Operator kMaxPoolGradient;
// AveragePool(x) -> y.
extern const Operator kAveragePool;
// AveragePoolGradient(dy) -> dx. Also: size.
extern const Operator kAveragePoolGradient;

}  // namespace saliencymix::ort
