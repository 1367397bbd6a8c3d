// What spectral residual needs for images of one shape: how they are reduced to 64 x 64, and the result enlarged again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "core/image.h"

namespace saliencymix::cpu {

// Plain data: vector code reads it, and may not use the standard library. Result sample d is
// (1 - weight[d]) * source[first[d]] + weight[d] * source[first[d] + 1]; where first is the last sample, weight is 0.
// The arrays go on, with zeros, up to a multiple of 16 samples.
template <class Weight>
struct ResizeAxis {
  int source;
  int result;
  const std::int32_t* first;
  const Weight* weight;
};

struct SpectralResidualTables {
  ResizeAxis<std::int32_t> downRows;  // image -> 64, weights in 256ths
  ResizeAxis<std::int32_t> downCols;
  ResizeAxis<float> upRows;  // 64 -> map
  ResizeAxis<float> upCols;
  const float* twiddles;  // spectralFloat::fillTwiddles
  const float* gaussian;  // 5 weights
  // The reference in float64, for images that float32 is not precise enough for.
  void (*precise)(const ImageView& image, float* map);
};

// For SaliencyKernel::prepare: a SpectralResidualTables.
std::shared_ptr<const void> prepareSpectralResidual(int height, int width);

}  // namespace saliencymix::cpu
