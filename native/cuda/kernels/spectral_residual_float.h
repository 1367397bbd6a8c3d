// Spectral residual saliency in float32, with the bits of the processor's vector code (cpu/kernels/spectral_residual.inc). A block
// makes an image, in its 64 KiB of shared memory:
//   pixels -> gray at 64 x 64 -> spectrum -> residual -> inverse -> smoothed, squared, over the maximum
// An image that needs float64 is marked, and left to Spectrum.
#pragma once

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "core/resize.h"
#include "core/saliency/spectral_residual_float.h"
#include "cuda/block.h"
#include "cuda/bytes.h"
#include "cuda/chunk.h"
#include "cuda/kernels/axis_tap.h"
#include "cuda/kernels/dft64.h"
#include "cuda/tuning.h"

namespace saliencymix::cuda {

// Tables, which do not depend on the pixels.
struct FloatSpectrumTables {
  float twiddles[spectralFloat::kTwiddles];
  float gaussian[3];  // the middle's is the last
};

struct FloatSpectrum {
  static constexpr int kThreads = tuning::kFloatSpectrumThreads;

  Chunk chunk;
  const AxisTap* rows;  // image -> 64
  const AxisTap* cols;
  const FloatSpectrumTables* tables;
  float* squares;             // count x 64 x 64: the result
  std::int32_t* isUncertain;  // count: which images are left to float64

  std::size_t sharedBytes() const { return 4 * kArea * sizeof(float); }
  int blocks() const { return chunk.count; }

  template <class Block>
  SALIENCYMIX_HOST_DEVICE void operator()(const Block& block) const {
    float* const a = reinterpret_cast<float*>(block.shared());
    float* const b = a + kArea;
    float* const c = b + kArea;
    float* const d = c + kArea;
    auto* const uncertain = reinterpret_cast<std::int64_t*>(d);

    shrink(block, a, reinterpret_cast<std::uint8_t*>(b));
    block.each(1, [&](int) { *uncertain = 0; });
    dft().forward(block, a, b);
    takeLogarithms(block, {b}, c, uncertain);
    const bool isLeft = *uncertain >= spectralFloat::kManySmall;
    block.each(1, [&](int) { isUncertain[block.index()] = isLeft ? 1 : 0; });
    if (isLeft) return;
    addAcross(block, c, a);
    keepResidual(block, {b}, a, {c, d});
    backDownColumns(block, {c, d}, {a, b});
    backAlongRows(block, {a, b}, {c, d}, a);
    smoothAcross(block, a, b);
    smoothDown(block, b, c, d);
    reduce(block, d, 1, kThreads, Max());
    squareOverMax(block, c, d[0]);
  }

 private:
  using Number = Dft64::Number;
  using Parts = Dft64::Parts;
  using HalfColumns = Dft64::HalfColumns;
  static constexpr int kSide = Square64::kSide;
  static constexpr int kArea = Square64::kArea;
  static constexpr int kHalf = kSide / 2;
  static constexpr int kStrip = 16;  // successive values of one thread

  SALIENCYMIX_HOST_DEVICE Dft64 dft() const { return {tables->twiddles}; }

  // ---- the image at 64 x 64

  // spare: memory for as many bytes as numbers.
  template <class Block>
  SALIENCYMIX_HOST_DEVICE void shrink(const Block& block, float* to, std::uint8_t* spare) const {
    const ImageView image = chunk.image(block.index());
    if (chunk.pixels() > kArea) {
      return sample(block, to, [&](int y, int x) { return grayAt(image, y, x); });
    }
    // Where it is enlarged every pixel is needed several times.
    block.each(static_cast<int>(chunk.pixels()), [&](int i) { spare[i] = grayAt(image, 0, i); });
    sample(block, to, [&](int y, int x) { return spare[y * chunk.width + x]; });
  }
  template <class Block, class Gray>
  SALIENCYMIX_HOST_DEVICE void sample(const Block& block, float* to, const Gray& gray) const {
    block.each(kThreads, [&](int thread) {
      const int x = thread % kSide;
      const AxisTap col = cols[x];
      for (int y = thread / kSide; y < kSide; y += kThreads / kSide) {
        const AxisTap row = rows[y];
        to[Square64::at(y, x)] = blendExact(gray(row.first, col.first), gray(row.first, col.second), gray(row.second, col.first),
                                            gray(row.second, col.second), col.weight256, row.weight256);
      }
    });
  }

  // ---- its residual

  SALIENCYMIX_HOST_DEVICE static float lengthOf(const Number& z) { return std::sqrt(z.re * z.re + z.im * z.im); }

  template <int k>
  SALIENCYMIX_HOST_DEVICE static float logSeries(float f) {
    constexpr float coefficient = spectralFloat::kLogSeries[k];
    if constexpr (k == 8) return coefficient;
    else return logSeries<k + 1>(f) * f + coefficient;
  }
  // Of v >= 1, to 2e-7.
  SALIENCYMIX_HOST_DEVICE static float logarithm(float v) {
    using namespace spectralFloat;
    const std::int32_t bits = std::bit_cast<std::int32_t>(v) - kHalfRootBits;
    const float f = std::bit_cast<float>((bits & 0x7fffff) + kHalfRootBits) - 1.0f;
    return static_cast<float>(bits >> 23) * kLog2 + logSeries<0>(f) * f;
  }

  template <int k>
  SALIENCYMIX_HOST_DEVICE static float expSeries(float f) {
    constexpr float coefficient = spectralFloat::kExpSeries[k];
    if constexpr (k == 5) return coefficient;
    else return expSeries<k + 1>(f) * f + coefficient;
  }
  // e^-v for v in [0, 80], to 4e-7 of it.
  SALIENCYMIX_HOST_DEVICE static float exponentialOfMinus(float v) {
    const float power = v * -spectralFloat::kLog2OfE;
    const int whole = static_cast<int>(power - 0.5f);
    return expSeries<0>(power - static_cast<float>(whole)) * std::bit_cast<float>((whole + 127) << 23);
  }

  // The logarithms of all amplitudes; amplitudes opposite each other are the same. Counts those that speak for float64.
  template <class Block>
  SALIENCYMIX_HOST_DEVICE void takeLogarithms(const Block& block, const HalfColumns& spectrum, float* logs,
                                              std::int64_t* uncertain) const {
    using namespace spectralFloat;
    block.each(kThreads, [&](int thread) {
      int counted = 0;
      const auto logOf = [&](const Number& z, int times) {
        const float length = lengthOf(z);
        const bool vanishes = length < kVanishing;
        if (length < kSmall) counted += times + (!vanishes && length < kCertain ? kManySmall : 0);
        return logarithm((vanishes ? 0.0f : length) + 1.0f);
      };
      const auto take = [&](int m, int k, const Number& z, bool isPair) {
        const float found = logOf(z, isPair ? 2 : 1);
        logs[Square64::at(m, k)] = found;
        if (isPair) logs[Square64::at((kSide - m) % kSide, (kSide - k) % kSide)] = found;
      };
      const int k = thread % kHalf;
      for (int m = thread / kHalf; m < kSide && k > 0; m += kThreads / kHalf) {
        take(m, k, spectrum.at(Square64::at(m, k)), true);
      }
      if (const int m = thread; m <= kHalf) {
        const bool isPair = m % kHalf > 0;
        if (isPair) Dft64::separateEdges(spectrum, m);
        for (const int edge : {0, kHalf}) take(m, edge, Dft64::spectrumAt(spectrum, m / 8, m % 8, edge), isPair);
      }
      if (counted > 0) block.atomicAdd(uncertain, std::int64_t{counted});
    });
  }

  // Each value of a row and its neighbours on either side, added up.
  template <class Block>
  SALIENCYMIX_HOST_DEVICE void addAcross(const Block& block, const float* logs, float* sums) const {
    eachStrip(block, [&](int row, int begin) {
      const int start = Square64::at(row, begin);
      float before = logs[Square64::at(row, begin == 0 ? 1 : begin - 1)];
      float here = logs[start];
      SALIENCYMIX_UNROLL
      for (int i = 0; i < kStrip; i++) {
        const bool isInside = i + 1 < kStrip;
        const int end = begin + kStrip;
        const float behind = logs[isInside ? start ^ (i + 1) : Square64::at(row, end < kSide ? end : kSide - 2)];
        sums[start ^ i] = before + here + behind;
        before = here;
        here = behind;
      }
    });
  }

  // z -> exp(L - mean(L)) z / |z|, where exp(L) = |z| + 1. And the first half of the way back down the columns.
  template <class Block>
  SALIENCYMIX_HOST_DEVICE void keepResidual(const Block& block, const HalfColumns& spectrum, const float* sums,
                                            const Parts& to) const {
    Dft64::eachEighth<kSide>(block, [&](int k, int low) {
      Number v[8];
      SALIENCYMIX_UNROLL
      for (int high = 0; high < 8; high++) {
        const int m = 8 * high + low;
        const float sum = sums[Square64::at(m == 0 ? 1 : m - 1, k)] + sums[Square64::at(m, k)] +
                          sums[Square64::at(m == kSide - 1 ? kSide - 2 : m + 1, k)];
        v[high] = residualOf(Dft64::spectrumAt(spectrum, high, low, k), sum * (1.0f / 9.0f));
      }
      dft().overHigh<false, Square64::DownColumns>(v, k, low, to);
    });
  }
  SALIENCYMIX_HOST_DEVICE static Number residualOf(const Number& z, float average) {
    const float length = lengthOf(z);
    const float residual = exponentialOfMinus(average);
    const float factor = residual * (length + 1.0f) / length;
    const bool vanishes = length < spectralFloat::kVanishing;
    return {vanishes ? residual : z.re * factor, vanishes ? 0.0f : z.im * factor};
  }

  // ---- back

  template <class Block>
  SALIENCYMIX_HOST_DEVICE void backDownColumns(const Block& block, const Parts& from, const Parts& to) const {
    using Way = Square64::DownColumns;
    Dft64::eachEighth<kSide>(block, [&](int k, int first) {
      const int start = k ^ (first * Way::kStep);
      Dft64::overLow<false, Way>(from, k, first, [&](int x, const Number& z) { to.put(start ^ (8 * x * Way::kStep), z); });
    });
  }

  // result: the magnitudes of the image's pixels. Rows are its columns until then.
  template <class Block>
  SALIENCYMIX_HOST_DEVICE void backAlongRows(const Block& block, const Parts& from, const Parts& between, float* result) const {
    using Way = Square64::AlongRows;
    Dft64::eachEighth<kSide>(block, [&](int x, int low) { dft().overHigh<false, Way>(from, Square64::at(x, 0), low, between); });
    Dft64::eachEighth<kSide>(block, [&](int x, int first) {
      const int start = x ^ (first * Square64::DownColumns::kStep);
      Dft64::overLow<false, Way>(between, Square64::at(x, 0), first, [&](int y, const Number& z) {
        result[start ^ (8 * y * Square64::DownColumns::kStep)] = lengthOf(z);
      });
    });
  }

  // ---- the map

  // f(line, begin): for the strips of every line. Neighbouring threads have neighbouring lines.
  template <class Block, class F>
  SALIENCYMIX_HOST_DEVICE static void eachStrip(const Block& block, const F& f) {
    block.each(kArea / kStrip, [&](int i) { f(i % kSide, i / kSide * kStrip); });
  }

  // [g0 g1 g2 g1 g0] along a strip of the line that begins at the place `line`, reflected at its ends.
  template <class Way, class Put>
  SALIENCYMIX_HOST_DEVICE void smoothStrip(const float* from, int line, int begin, const Put& put) const {
    const auto at = [&](int i) { return from[line ^ (i * Way::kStep)]; };
    const int start = line ^ (begin * Way::kStep);
    const int end = begin + kStrip;
    const float outer = tables->gaussian[0];
    const float inner = tables->gaussian[1];
    const float middle = tables->gaussian[2];
    float v[kStrip + 4];
    v[0] = at(begin == 0 ? 2 : begin - 2);
    v[1] = at(begin == 0 ? 1 : begin - 1);
    SALIENCYMIX_UNROLL
    for (int i = 0; i < kStrip; i++) v[i + 2] = from[start ^ (i * Way::kStep)];
    v[kStrip + 2] = at(end == kSide ? kSide - 2 : end);
    v[kStrip + 3] = at(end == kSide ? kSide - 3 : end + 1);
    SALIENCYMIX_UNROLL
    for (int i = 0; i < kStrip; i++) {
      put(start ^ (i * Way::kStep), (v[i] + v[i + 4]) * outer + (v[i + 1] + v[i + 3]) * inner + v[i + 2] * middle);
    }
  }

  template <class Block>
  SALIENCYMIX_HOST_DEVICE void smoothAcross(const Block& block, const float* from, float* to) const {
    eachStrip(block, [&](int y, int begin) {
      smoothStrip<Square64::AlongRows>(from, Square64::at(y, 0), begin, [&](int place, float value) { to[place] = value; });
    });
  }

  // maxima: a value for each thread.
  template <class Block>
  SALIENCYMIX_HOST_DEVICE void smoothDown(const Block& block, const float* from, float* to, float* maxima) const {
    static_assert(kArea / kStrip == kThreads);
    eachStrip(block, [&](int x, int begin) {
      float best = 0.0f;
      smoothStrip<Square64::DownColumns>(from, x, begin, [&](int place, float value) {
        to[place] = value;
        best = Max()(best, value);
      });
      maxima[begin / kStrip * kSide + x] = best;
    });
  }

  template <class Block>
  SALIENCYMIX_HOST_DEVICE void squareOverMax(const Block& block, const float* values, float maximum) const {
    const float scale = maximum > 0.0f ? 1.0f / maximum : 0.0f;
    auto* const result = reinterpret_cast<FourFloats*>(squares + static_cast<std::size_t>(block.index()) * kArea);
    block.each(kArea / 4, [&](int i) {
      const int first = Square64::at(4 * i / kSide, 4 * i % kSide);
      FourFloats squared;
      SALIENCYMIX_UNROLL
      for (int n = 0; n < 4; n++) {
        // The product can come out above 1 by its rounding.
        const float share = values[first ^ n] * scale;
        const float cut = share < 1.0f ? share : 1.0f;
        squared.of[n] = cut * cut;
      }
      result[i] = squared;
    });
  }
};

}  // namespace saliencymix::cuda
