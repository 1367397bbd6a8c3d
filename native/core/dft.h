// The 64 x 64 discrete Fourier transform, in place, unscaled, complex float64: radix 2, decimation in time.
#pragma once

#include <array>
#include <cmath>
#include <complex>
#include <cstddef>
#include <utility>

#include "core/host_device.h"

namespace saliencymix {

constexpr int kDftSize = 64;
constexpr std::size_t kDftArea = 64 * 64;

using Complex = std::complex<double>;
using ComplexSquare = std::array<Complex, kDftArea>;  // row-major

enum class Transform { forward, inverse };

namespace detail {

// e^(-2 pi i k / 64) for k = 0 .. 31.
inline const std::array<Complex, kDftSize / 2>& twiddles() {
  static const std::array<Complex, kDftSize / 2> table = [] {
    std::array<Complex, kDftSize / 2> t;
    for (int k = 0; k < kDftSize / 2; k++) {
      const double angle = -2.0 * 3.14159265358979323846 * k / kDftSize;
      t[static_cast<std::size_t>(k)] = {std::cos(angle), std::sin(angle)};
    }
    return t;
  }();
  return table;
}

SALIENCYMIX_HOST_DEVICE inline int reverseBits(int index) {
  int reversed = 0;
  for (int bit = 1; bit < kDftSize; bit <<= 1) reversed = (reversed << 1) | ((index & bit) ? 1 : 0);
  return reversed;
}

// (a, b) -> (a + b w, a - b w). Written out: the library's complex product checks for infinities that cannot occur here.
SALIENCYMIX_HOST_DEVICE inline void butterfly(double& aReal, double& aImaginary, double& bReal, double& bImaginary,
                                              double wReal, double wImaginary) {
  const double turnedReal = bReal * wReal - bImaginary * wImaginary;
  const double turnedImaginary = bReal * wImaginary + bImaginary * wReal;
  bReal = aReal - turnedReal;
  bImaginary = aImaginary - turnedImaginary;
  aReal += turnedReal;
  aImaginary += turnedImaginary;
}

// 64 numbers, `stride` apart.
inline void dftLine(Complex* line, int stride, Transform direction) {
  for (int i = 0; i < kDftSize; i++) {
    const int j = reverseBits(i);
    if (i < j) std::swap(line[i * stride], line[j * stride]);
  }
  for (int half = 1; half < kDftSize; half *= 2) {
    const int step = kDftSize / (2 * half);
    for (int start = 0; start < kDftSize; start += 2 * half) {
      for (int k = 0; k < half; k++) {
        const Complex forward = twiddles()[static_cast<std::size_t>(k * step)];
        const Complex w = direction == Transform::forward ? forward : std::conj(forward);
        // A complex number is an array of its two parts.
        auto& a = reinterpret_cast<double(&)[2]>(line[(start + k) * stride]);
        auto& b = reinterpret_cast<double(&)[2]>(line[(start + k + half) * stride]);
        butterfly(a[0], a[1], b[0], b[1], w.real(), w.imag());
      }
    }
  }
}

}  // namespace detail

inline void dft64(ComplexSquare& square, Transform direction) {
  for (int row = 0; row < kDftSize; row++) detail::dftLine(square.data() + row * kDftSize, 1, direction);
  for (int col = 0; col < kDftSize; col++) detail::dftLine(square.data() + col, kDftSize, direction);
}

}  // namespace saliencymix
