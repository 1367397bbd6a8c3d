// The operators of the domain `saliencymix`. A new one: its file in ort/operators, and a line here.
#include <array>

#include "ort/operators/convolution.h"

namespace saliencymix::ort {

std::span<const Operator> operators() {
  static const std::array<Operator, 3> all = {kConvolution, kConvolutionByInput, kConvolutionByWeights};
  return all;
}

}  // namespace saliencymix::ort
