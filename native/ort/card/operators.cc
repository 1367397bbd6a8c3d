#include "ort/card/operators.h"

#include <array>

namespace saliencymix::ort {

std::span<const Operator> cardOperators() {
  // Made when first asked for: each is an object of another file.
  static const std::array all = {card::kBatchStatistics,
                                 card::kRunningStatistics,
                                 card::kNormalise,
                                 card::kNormaliseGradientSums,
                                 card::kNormaliseGradient,
                                 card::kMaxPool,
                                 card::kMaxPoolGradient,
                                 card::kAveragePool,
                                 card::kAveragePoolGradient,
                                 card::kUnfold,
                                 card::kSoftmaxCrossEntropy,
                                 card::kDropout,
                                 card::kSgd,
                                 card::kAdamW};
  return all;
}

}  // namespace saliencymix::ort
