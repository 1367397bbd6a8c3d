// a * b + c in float32, rounded once, to the same bits everywhere: also where a processor or its library has no such instruction.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

#include "core/host_device.h"

namespace saliencymix {

// What is left of a double when it becomes a float are all but these bits. Where they are a half, it is in the middle between
// two floats, and whether it had to be rounded to get there decides which of them is nearer.
constexpr std::uint64_t kBitsBeyondFloat = 0x1fffffff;
constexpr std::uint64_t kHalfBeyondFloat = 0x10000000;

// Finite numbers whose result is 0 or not below the least normal float.
SALIENCYMIX_HOST_DEVICE inline float productPlus(float a, float b, float c) {
#if defined(__CUDA_ARCH__)
  return fmaf(a, b, c);
#else
  const double product = static_cast<double>(a) * b;  // exact
  const double sum = product + c;
  const auto bits = std::bit_cast<std::uint64_t>(sum);
  if ((bits & kBitsBeyondFloat) != kHalfBeyondFloat) return static_cast<float>(sum);
  // What the sum has lost by rounding (Knuth's two-sum), which moves it off the middle.
  const double ofC = sum - product;
  const double lost = (product - (sum - ofC)) + (c - ofC);
  if (lost == 0.0) return static_cast<float>(sum);
  return static_cast<float>(std::bit_cast<double>((lost > 0.0) == (sum > 0.0) ? bits + 1 : bits - 1));
#endif
}

}  // namespace saliencymix
