// The 64 x 64 discrete Fourier transform in float32, unscaled, by a block, with the bits of cpu/kernels/transform.inc, which says
// how the transform of real numbers takes half the work. Of 64 numbers it goes eight times eight: over `high` of
// n = 8 high + low, then over `low`.
#pragma once

#include "core/host_device.h"
#include "cuda/kernels/dft8.h"
#include "cuda/kernels/square64.h"

namespace saliencymix::cuda {

struct Dft64 {
  using Number = ComplexFloat;
  static constexpr int kSide = Square64::kSide;
  static constexpr int kHalf = kSide / 2;

  const float* twiddles;  // spectralFloat::fillTwiddles

  // Complex numbers whose parts lie in squares of their own.
  struct Parts {
    float* real;
    float* imaginary;
    SALIENCYMIX_HOST_DEVICE Number at(int place) const { return {real[place], imaginary[place]}; }
    SALIENCYMIX_HOST_DEVICE void put(int place, const Number& z) const {
      real[place] = z.re;
      imaginary[place] = z.im;
    }
  };

  // Half as many, in one square: each imaginary part half a square away from its real part.
  template <class Way>
  struct Halves {
    float* values;
    SALIENCYMIX_HOST_DEVICE Number at(int place) const { return {values[place], values[place ^ kAway]}; }
    SALIENCYMIX_HOST_DEVICE void put(int place, const Number& z) const {
      values[place] = z.re;
      values[place ^ kAway] = z.im;
    }
    static constexpr int kAway = kHalf * Way::kStep;
  };
  using HalfColumns = Halves<Square64::AlongRows>;  // 32 columns of 64, their imaginary parts on the right
  using HalfRows = Halves<Square64::DownColumns>;   // 32 rows of 64, their imaginary parts below

  // f(line, part): for every part, 0 .. 7, of every line. Neighbouring threads have neighbouring lines.
  template <int lines, class Block, class F>
  SALIENCYMIX_HOST_DEVICE static void eachEighth(const Block& block, const F& f) {
    block.each(8 * lines, [&](int i) { f(i % lines, i / lines); });
  }

  // Numbers low, 8 + low, ... of a line that begins at the place `start`, which the other step finds in `to`.
  template <bool forward, class Way, class To>
  SALIENCYMIX_HOST_DEVICE void overHigh(Number (&v)[8], int start, int low, const To& to) const {
    dft8<forward>(v);
    const int first = start ^ (low * Way::kStep);
    to.put(first, v[0]);
    SALIENCYMIX_UNROLL
    for (int k = 1; k < 8; k++) {
      const float* const twiddle = twiddles + 2 * (8 * low + k);
      const float cosine = twiddle[0];
      const float sine = forward ? -twiddle[1] : twiddle[1];
      to.put(first ^ (8 * k * Way::kStep), {v[k].re * cosine - v[k].im * sine, v[k].re * sine + v[k].im * cosine});
    }
  }
  template <bool forward, class Way, class From, class To>
  SALIENCYMIX_HOST_DEVICE void overHigh(const From& from, int start, int low, const To& to) const {
    Number v[8];
    SALIENCYMIX_UNROLL
    for (int high = 0; high < 8; high++) v[high] = from.at(start ^ (low * Way::kStep) ^ (8 * high * Way::kStep));
    overHigh<forward, Way>(v, start, low, to);
  }

  // put(k, z): frequency first + 8 k of a line.
  template <bool forward, class Way, class From, class Put>
  SALIENCYMIX_HOST_DEVICE static void overLow(const From& from, int start, int first, const Put& put) {
    Number v[8];
    SALIENCYMIX_UNROLL
    for (int low = 0; low < 8; low++) v[low] = from.at(start ^ (8 * first * Way::kStep) ^ (low * Way::kStep));
    dft8<forward>(v);
    SALIENCYMIX_UNROLL
    for (int k = 0; k < 8; k++) put(k, v[k]);
  }

  // The half spectrum of the real numbers in `a`, into `b` as HalfColumns: row m has the frequency m along the image's rows,
  // column k the frequency k down its columns.
  template <class Block>
  SALIENCYMIX_HOST_DEVICE void forward(const Block& block, float* a, float* b) const {
    using AlongRows = Square64::AlongRows;
    using DownColumns = Square64::DownColumns;
    const HalfColumns columns{a};
    const HalfColumns packed{b};
    const HalfRows lines{a};
    eachEighth<kHalf>(block, [&](int x, int low) { overHigh<true, DownColumns>(columns, x, low, columns); });
    eachEighth<kHalf>(block, [&](int x, int first) {
      const int to = x ^ (first * DownColumns::kStep);
      overLow<true, DownColumns>(columns, x, first,
                                 [&](int k, const Number& z) { packed.put(to ^ (8 * k * DownColumns::kStep), z); });
    });
    eachEighth<kHalf>(block, [&](int k, int low) {
      Number v[8];
      separate(packed, k, low, v);
      overHigh<true, AlongRows>(v, Square64::at(k, 0), low, lines);
    });
    eachEighth<kHalf>(block, [&](int k, int first) {
      const int to = k ^ (first * DownColumns::kStep);
      overLow<true, AlongRows>(lines, Square64::at(k, 0), first,
                               [&](int m, const Number& z) { packed.put(to ^ (8 * m * DownColumns::kStep), z); });
    });
  }

  // Columns low, 8 + low, ... of frequency k, out of two columns that were transformed as one. Frequencies 0 and 32, which are
  // real, make up one number.
  SALIENCYMIX_HOST_DEVICE static void separate(const HalfColumns& packed, int k, int low, Number (&v)[8]) {
    const int here = Square64::at(k, low);
    const int there = Square64::at((kSide - k) % kSide, low);
    SALIENCYMIX_UNROLL
    for (int high = 0; high < 4; high++) {
      const Number z = half(packed.at(here ^ (8 * high)));
      const Number y = half(packed.at(there ^ (8 * high)));
      v[high] = {z.re + y.re, z.im - y.im};
      v[high + 4] = {z.im + y.im, y.re - z.re};
    }
    if (k > 0) return;
    SALIENCYMIX_UNROLL
    for (int high = 0; high < 8; high++) v[high].im = packed.values[Square64::at(kHalf, 0) ^ low ^ (8 * high)];
  }
  SALIENCYMIX_HOST_DEVICE static Number half(const Number& z) { return {z.re * 0.5f, z.im * 0.5f}; }

  // Column 0 of the half spectrum, where frequencies k = 0 and k = 32 make up one number: as both are the conjugates of what
  // lies opposite, k = 0 goes to the rows up to 31, k = 32 opposite of them, from row 63 down. In rows 0 and 32, where both are
  // real, they stay together.
  SALIENCYMIX_HOST_DEVICE static void separateEdges(const HalfColumns& spectrum, int m) {
    const int here = Square64::at(m, 0);
    const int there = Square64::at(kSide - m, 0);
    const Number z = half(spectrum.at(here));
    const Number y = half(spectrum.at(there));
    spectrum.put(here, {z.re + y.re, z.im - y.im});
    spectrum.put(there, {z.im + y.im, y.re - z.re});
  }

  // Row m = 8 high + low of the whole spectrum. Frequencies k from 33 on are the conjugates of those that lie opposite.
  SALIENCYMIX_HOST_DEVICE static Number spectrumAt(const HalfColumns& spectrum, int high, int low, int k) {
    const bool isUpper = high < 4;
    const bool isOpposite = isUpper ? k >= kHalf : k == 0 || k > kHalf;
    const bool isConjugate = isUpper ? k > kHalf : k == 0 || k >= kHalf;
    const int m = 8 * high + low;
    const int col = k <= kHalf ? k % kHalf : kSide - k;
    const Number z = spectrum.at(Square64::at(isOpposite ? (kSide - m) % kSide : m, col));
    if (m % kHalf == 0 && col == 0) return {k == 0 ? z.re : z.im, 0.0f};
    return {z.re, isConjugate ? -z.im : z.im};
  }
};

}  // namespace saliencymix::cuda
