// The discrete Fourier transform in two dimensions, of any height and width, unscaled, complex float64: radix 2 for the
// factors of two in a length, the plain sum for the odd rest. Real and imaginary parts lie apart, and a column is one lane
// of every loop, so that compilers compute many columns at once; each number's operations and their order are the same
// however many.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "core/dft.h"

namespace saliencymix::guided {

// rows x cols complex numbers, row-major.
struct Plane {
  std::vector<double> real;
  std::vector<double> imaginary;

  void resize(std::size_t size) {
    real.resize(size);
    imaginary.resize(size);
  }
};

// What the transform of one length needs: length = odd * 2^n.
class DftLength {
 public:
  void set(std::size_t length) {
    if (length == length_) return;
    length_ = length;
    odd_ = length;
    while (odd_ % 2 == 0) odd_ /= 2;
    real_.resize(length);
    imaginary_.resize(length);
    for (std::size_t k = 0; k < length; k++) {
      const double angle = -2.0 * 3.14159265358979323846 * static_cast<double>(k) / static_cast<double>(length);
      real_[k] = std::cos(angle);
      imaginary_[k] = std::sin(angle);
    }
  }

  // Each column of `in`, length x cols, into `out`.
  void columns(const Plane& in, std::size_t cols, Transform direction, Plane& out) const {
    const std::size_t blocks = length_ / odd_;
    for (std::size_t block = 0; block < blocks; block++) plainBlock(in, cols, direction, block, blocks, out);
    for (std::size_t half = odd_; half < length_; half *= 2) {
      for (std::size_t start = 0; start < length_; start += 2 * half) {
        const std::size_t step = length_ / (2 * half);
        for (std::size_t k = 0; k < half; k++) butterflyRows(out, start + k, half, cols, k * step, direction);
      }
    }
  }

 private:
  struct Twiddle {
    double real;
    double imaginary;
  };

  // e^(-2 pi i k / length), or its conjugate on the way back.
  Twiddle twiddle(std::size_t k, Transform direction) const {
    return {real_[k], direction == Transform::forward ? imaginary_[k] : -imaginary_[k]};
  }

  // Radix 2 begins with the numbers of equal index mod `blocks`, in the order of the index's reversed bits.
  static std::size_t reversed(std::size_t index, std::size_t blocks) {
    std::size_t result = 0;
    for (std::size_t bit = 1; bit < blocks; bit *= 2) result = 2 * result + ((index & bit) != 0 ? 1 : 0);
    return result;
  }

  // The plain sums of odd_ rows, `blocks` apart: X[k] = sum over j of x[j] e^(-2 pi i j k / odd_).
  void plainBlock(const Plane& in, std::size_t cols, Transform direction, std::size_t block, std::size_t blocks,
                  Plane& out) const {
    const std::size_t first = reversed(block, blocks);
    for (std::size_t k = 0; k < odd_; k++) {
      double* const real = out.real.data() + (block * odd_ + k) * cols;
      double* const imaginary = out.imaginary.data() + (block * odd_ + k) * cols;
      std::copy_n(in.real.data() + first * cols, cols, real);
      std::copy_n(in.imaginary.data() + first * cols, cols, imaginary);
      for (std::size_t j = 1; j < odd_; j++) {
        const double* const xReal = in.real.data() + (first + j * blocks) * cols;
        const double* const xImaginary = in.imaginary.data() + (first + j * blocks) * cols;
        const Twiddle w = twiddle(j * k % odd_ * blocks, direction);
        for (std::size_t x = 0; x < cols; x++) {
          real[x] += xReal[x] * w.real - xImaginary[x] * w.imaginary;
          imaginary[x] += xReal[x] * w.imaginary + xImaginary[x] * w.real;
        }
      }
    }
  }

  // Rows (a, a + half) -> (a + b w, a - b w).
  void butterflyRows(Plane& plane, std::size_t row, std::size_t half, std::size_t cols, std::size_t k,
                     Transform direction) const {
    const Twiddle w = twiddle(k, direction);
    double* const aReal = plane.real.data() + row * cols;
    double* const aImaginary = plane.imaginary.data() + row * cols;
    double* const bReal = aReal + half * cols;
    double* const bImaginary = aImaginary + half * cols;
    for (std::size_t x = 0; x < cols; x++) {
      saliencymix::detail::butterfly(aReal[x], aImaginary[x], bReal[x], bImaginary[x], w.real, w.imaginary);
    }
  }

  std::size_t length_ = 0;
  std::size_t odd_ = 0;
  std::vector<double> real_;
  std::vector<double> imaginary_;
};

// A plane with its transform. Tables and memory are kept, and made anew only where the size changes.
class Dft {
 public:
  // What the plane contains afterwards is undefined.
  void resize(int rows, int cols) {
    rows_ = static_cast<std::size_t>(rows);
    cols_ = static_cast<std::size_t>(cols);
    vertical_.set(rows_);
    horizontal_.set(cols_);
    plane_.resize(rows_ * cols_);
    other_.resize(rows_ * cols_);
  }

  Plane& plane() { return plane_; }

  void transform(Transform direction) {
    vertical_.columns(plane_, cols_, direction, other_);
    transpose(other_, rows_, cols_, plane_);
    horizontal_.columns(plane_, rows_, direction, other_);
    transpose(other_, cols_, rows_, plane_);
  }

 private:
  static void transpose(const Plane& in, std::size_t rows, std::size_t cols, Plane& out) {
    transpose(in.real.data(), rows, cols, out.real.data());
    transpose(in.imaginary.data(), rows, cols, out.imaginary.data());
  }

  // In squares, so that what is read and what is written both stay in the cache.
  static void transpose(const double* in, std::size_t rows, std::size_t cols, double* out) {
    constexpr std::size_t kSide = 8;
    for (std::size_t top = 0; top < rows; top += kSide) {
      for (std::size_t left = 0; left < cols; left += kSide) {
        for (std::size_t y = top; y < std::min(top + kSide, rows); y++) {
          for (std::size_t x = left; x < std::min(left + kSide, cols); x++) out[x * rows + y] = in[y * cols + x];
        }
      }
    }
  }

  std::size_t rows_ = 0;
  std::size_t cols_ = 0;
  DftLength vertical_;
  DftLength horizontal_;
  Plane plane_;
  Plane other_;
};

}  // namespace saliencymix::guided
