// The operators of the domain `saliencymix`. A new one: its file in ort/operators, and a line here.
#include <array>

#include "ort/operators/batch_norm.h"
#include "ort/operators/convolution.h"
#include "ort/operators/cross_entropy.h"
#include "ort/operators/dropout.h"
#include "ort/operators/pooling.h"
#include "ort/operators/update.h"

namespace saliencymix::ort {

std::span<const Operator> operators() {
  // Made when first asked for: each is an object of another file.
  static const std::array all = {kConvolution,
                                 kConvolutionByInput,
                                 kConvolutionByWeights,
                                 kBatchStatistics,
                                 kRunningStatistics,
                                 kNormalise,
                                 kNormaliseGradientSums,
                                 kNormaliseGradient,
                                 kMaxPool,
                                 kMaxPoolGradient,
                                 kAveragePool,
                                 kAveragePoolGradient,
                                 kSoftmaxCrossEntropy,
                                 kDropout,
                                 kSgd,
                                 kAdamW};
  return all;
}

}  // namespace saliencymix::ort
