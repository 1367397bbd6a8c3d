// Dividing many numbers by one without a division: a product with its reciprocal, and one correction.
#pragma once

#include <cstdint>

#include "core/host_device.h"

namespace saliencymix {

// Of a divisor of at least 1.
SALIENCYMIX_HOST_DEVICE inline std::uint32_t reciprocalOf(std::uint32_t divisor) { return 0xffffffffu / divisor; }

// dividend / divisor, exactly, for every dividend: the reciprocal is less than 1 below 2^32 / divisor, so the product is
// the quotient or one less.
SALIENCYMIX_HOST_DEVICE inline std::uint32_t divide(std::uint32_t dividend, std::uint32_t divisor, std::uint32_t reciprocal) {
  const std::uint32_t quotient =
      static_cast<std::uint32_t>((static_cast<std::uint64_t>(dividend) * reciprocal) >> 32);
  return quotient + (dividend - quotient * divisor >= divisor ? 1 : 0);
}

}  // namespace saliencymix
