// Exponential and logarithm in double whose digits depend on no library: the same on every processor and every graphics card.
#pragma once

#include <bit>
#include <cstdint>
#include <limits>

#include "core/host_device.h"

namespace saliencymix::train {

// e^x for x <= 0 or little above: 2^k * e^r with |r| <= ln 2 / 2, of which the Taylor series takes 14 terms. What is too small
// for a normal number is 0.
SALIENCYMIX_HOST_DEVICE inline double exponential(double x) {
  constexpr double kLn2 = 0.6931471805599453;
  // ln 2 in two parts: multiples of the first, whose last 32 bits are 0, are exact.
  constexpr double kLn2Upper = 0x1.62e42fee00000p-1;
  constexpr double kLn2Lower = 0x1.a39ef35793c76p-33;
  // 1 / 13! … 1 / 0!
  constexpr double kReciprocalFactorials[] = {1.0 / 6227020800, 1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880,
                                              1.0 / 40320,      1.0 / 5040,      1.0 / 720,      1.0 / 120,     1.0 / 24,
                                              1.0 / 6,          1.0 / 2,         1,              1};
  // NaN stays.
  if (!(x > -708)) return x == x ? 0 : x;
  const int k = static_cast<int>(x * (1 / kLn2) - 0.5);
  const double r = (x - k * kLn2Upper) - k * kLn2Lower;
  double sum = 0;
  SALIENCYMIX_UNROLL
  for (const double coefficient : kReciprocalFactorials) sum = sum * r + coefficient;
  return sum * std::bit_cast<double>(static_cast<std::uint64_t>(k + 1023) << 52);
}

// ln s for s >= 1, by Halley's method: each step triples the right digits of the first guess, of which two are right.
SALIENCYMIX_HOST_DEVICE inline double logarithm(double s) {
  constexpr double kLn2 = 0.6931471805599453;
  constexpr int kMantissa = 52;
  if (!(s < std::numeric_limits<double>::infinity())) return s;
  const std::uint64_t bits = std::bit_cast<std::uint64_t>(s);
  const int exponent = static_cast<int>(bits >> kMantissa) - 1023;
  const std::uint64_t below = bits & ((std::uint64_t{1} << kMantissa) - 1);
  const double mantissa = std::bit_cast<double>(below | (std::uint64_t{1023} << kMantissa));
  double y = (exponent + (mantissa - 1)) * kLn2;
  for (int i = 0; i < 3; i++) {
    const double ratio = s * exponential(-y);
    y += 2 * (ratio - 1) / (ratio + 1);
  }
  return y;
}

}  // namespace saliencymix::train
