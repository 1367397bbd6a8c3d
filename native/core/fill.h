// What erased pixels are filled with. A sample's `fill` is one value for every channel. Of pixels, which are bytes or floats in their unit, it may also be
// negative, and then holds a value for each channel: the mean that a normalisation subtracts, rounded to bytes, as
// ~(red | green << 8 | blue << 16). Where the output has a mean subtracted, these pixels are not the rounded mean but exactly 0.
#pragma once

#include <cstdint>
#include <type_traits>

#include "core/convert.h"
#include "core/host_device.h"
#include "core/plan.h"

namespace saliencymix {

template <class T>
SALIENCYMIX_HOST_DEVICE T fillValue(int fill, int channel) {
  if constexpr (std::is_same_v<T, std::uint8_t> || std::is_same_v<T, float>) {
    if (fill < 0) return static_cast<T>((~fill >> (8 * channel)) & 0xff);
  }
  return static_cast<T>(fill);
}

SALIENCYMIX_HOST_DEVICE inline bool subtractsMean(const OutputFormat& format) {
  return format.dtype != Dtype::uint8 && (format.offset[0] != 0.0f || format.offset[1] != 0.0f || format.offset[2] != 0.0f);
}

// Whether the sample's box is 0 in an output of this format. Of the kinds only those that erase look at `fill`.
SALIENCYMIX_HOST_DEVICE inline bool clearsBox(const MixSample& sample, const OutputFormat& format) {
  const bool erases = sample.kind == MixKind::erase || sample.kind == MixKind::cut;
  return erases && sample.fill < 0 && subtractsMean(format);
}

// Writes 0 to what rows begin .. end - 1 of the sample's box are in an image of the format.
void clearBox(const MixSample& sample, int begin, int end, const BatchView& shape, const OutputFormat& format, void* image);

}  // namespace saliencymix
