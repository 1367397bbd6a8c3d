#include "core/saliency/linear_of_srgb.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "core/fused_product.h"
#include "core/saliency/frequency_tuned.h"

namespace saliencymix {

namespace {

constexpr std::size_t kCoefficients = LinearOfSrgb::kCoefficients;
using Cubic = std::array<double, kCoefficients>;

std::size_t pieceOf(float byte) { return std::bit_cast<std::uint32_t>(byte) >> 21 & (LinearOfSrgb::kPieces - 1); }

// Through four points, by Newton's divided differences.
Cubic cubicThrough(const std::array<double, 4>& x, std::array<double, 4> y) {
  for (std::size_t order = 1; order < 4; order++) {
    for (std::size_t i = 3; i >= order; i--) y[i] = (y[i] - y[i - 1]) / (x[i] - x[i - order]);
  }
  Cubic cubic{y[3], 0.0, 0.0, 0.0};
  for (std::size_t point = 3; point-- > 0;) {
    for (std::size_t k = kCoefficients - 1; k > 0; k--) cubic[k] = cubic[k - 1] - x[point] * cubic[k];
    cubic[0] = y[point] - x[point] * cubic[0];
  }
  return cubic;
}

// The cubic through the exact values at the four bytes nearest to the zeros of Chebyshev's polynomial, which keeps the errors
// between them small. In a piece of at most four bytes it meets all of them.
Cubic cubicOfPiece(const std::array<double, 256>& exact, double begin, double length) {
  constexpr std::array<double, 4> kZeros = {-0.92388, -0.38268, 0.38268, 0.92388};
  const double bytes = std::max(length, 4.0);
  std::array<double, 4> x;
  std::array<double, 4> y;
  for (std::size_t i = 0; i < 4; i++) {
    x[i] = std::ceil(begin) + std::round((bytes - 1) / 2 + kZeros[i] * bytes / 2);
    y[i] = exact[static_cast<std::size_t>(x[i])];
  }
  return cubicThrough(x, y);
}

float valueAt(const LinearOfSrgb& linear, float byte) {
  const std::size_t piece = pieceOf(byte);
  float value = linear.coefficients[kCoefficients - 1][piece];
  for (std::size_t k = kCoefficients - 1; k-- > 0;) value = productPlus(value, byte, linear.coefficients[k][piece]);
  return value;
}

}  // namespace

LinearOfSrgb::LinearOfSrgb() : coefficients{}, values{} {
  const std::array<double, 256> exact = FrequencyTuned::linearOfSrgb();
  // Byte 0 is in the piece of byte 2, whose cubic is the line that goes through 0.
  for (double power = 1; power < 256; power *= 2) {
    for (int quarter = 0; quarter < 4; quarter++) {
      const double begin = power + quarter * power / 4;
      const Cubic cubic = cubicOfPiece(exact, begin, power / 4);
      const std::size_t piece = pieceOf(static_cast<float>(begin));
      for (std::size_t k = 0; k < kCoefficients; k++) coefficients[k][piece] = static_cast<float>(cubic[k]);
    }
  }
  for (std::size_t byte = 0; byte < 256; byte++) values[byte] = valueAt(*this, static_cast<float>(byte));
}

}  // namespace saliencymix
