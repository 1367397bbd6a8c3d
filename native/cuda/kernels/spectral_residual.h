// Spectral residual saliency (core/saliency/spectral_residual.h).
//   FloatSpectrum (spectral_residual_float.h)   pixels -> 64 x 64 squares, of nearly every image
//   Spectrum                                    the same of those that are left, in float64 as the reference
//   SpreadSquares                               squares -> map, peak, low
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/dft.h"
#include "core/resize.h"
#include "core/saliency/spectral_residual.h"
#include "cuda/block.h"
#include "cuda/chunk.h"
#include "cuda/kernels/axis_tap.h"
#include "cuda/kernels/keys.h"
#include "cuda/tuning.h"

namespace saliencymix::cuda {

// Tables, which do not depend on the pixels.
struct SpectrumTables {
  double twiddles[kDftSize];  // real and imaginary part of e^(-2 pi i k / 64), k = 0 .. 31
  double gaussian[5];
};

// A block: images one after the other, each transformed in its 64 KiB of shared memory.
struct Spectrum {
  static constexpr int kThreads = tuning::kSpectrumThreads;
  static constexpr int kSide = kDftSize;
  static constexpr int kArea = static_cast<int>(kDftArea);

  Chunk chunk;
  const AxisTap* rows;  // image -> 64
  const AxisTap* cols;
  const SpectrumTables* tables;
  const std::int32_t* isUncertain;  // count: which images are wanted
  double* logAmplitudes;            // blocks x 64 x 64
  float* squares;                   // count x 64 x 64: the result

  std::size_t sharedBytes() const { return 2 * kDftArea * sizeof(double); }
  SALIENCYMIX_HOST_DEVICE int blocks() const { return blocksFor(chunk.count); }
  SALIENCYMIX_HOST_DEVICE static int blocksFor(int images) {
    return images < tuning::kSpectrumBlocks ? images : tuning::kSpectrumBlocks;
  }

  template <class Block>
  SALIENCYMIX_HOST_DEVICE void operator()(const Block& block) const {
    for (int i = block.index(); i < chunk.count; i += blocks()) {
      if (isUncertain[i] != 0) squareImage(block, i);
    }
  }

 private:
  template <class Block>
  SALIENCYMIX_HOST_DEVICE void squareImage(const Block& block, int index) const {
    const Complex64 z{reinterpret_cast<double*>(block.shared())};
    const ImageView image = chunk.image(index);
    double* const logAmplitude = logAmplitudes + static_cast<std::size_t>(block.index()) * kDftArea;
    float* const result = squares + static_cast<std::size_t>(index) * kDftArea;

    // Written where the transform needs them: at their positions with the bits reversed.
    block.each(kArea, [&](int i) {
      const int y = i / kSide;
      const int x = i % kSide;
      z.real(reverseBits6(y), reverseBits6(x)) = grayOfResized(image, rows[y], cols[x]);
      z.imaginary(y, x) = 0.0;
    });
    transform(block, z, 1.0);
    block.each(kArea, [&](int i) {
      const int y = i / kSide;
      const int x = i % kSide;
      logAmplitude[i] =
          SpectralResidual::logOf(SpectralResidual::amplitude(z.real(y, x), z.imaginary(y, x)));
    });
    block.each(kArea, [&](int i) {
      const int y = i / kSide;
      const int x = i % kSide;
      SpectralResidual::residual(z.real(y, x), z.imaginary(y, x), logAmplitude[i], averageOf(logAmplitude, y, x));
    });
    block.each(kArea, [&](int i) { z.reverse(i / kSide, i % kSide); });
    transform(block, z, -1.0);
    block.each(kArea, [&](int i) {
      const int y = i / kSide;
      const int x = i % kSide;
      z.real(y, x) = SpectralResidual::amplitude(z.real(y, x), z.imaginary(y, x));
    });
    block.each(kArea, [&](int i) {
      const int y = i / kSide;
      const int x = i % kSide;
      z.imaginary(y, x) = filtered([&](int k) { return z.real(y, reflect101(x + k, kSide)); });
    });
    block.each(kArea, [&](int i) {
      const int y = i / kSide;
      const int x = i % kSide;
      z.real(y, x) = filtered([&](int k) { return z.imaginary(reflect101(y + k, kSide), x); });
    });
    double* const maxima = z.imaginaryParts();
    block.each(kThreads, [&](int thread) {
      double best = 0.0;
      for (int i = thread; i < kArea; i += kThreads) best = Max()(best, z.real(i / kSide, i % kSide));
      maxima[thread] = best;
    });
    reduce(block, maxima, 1, kThreads, Max());
    block.each(kArea, [&](int i) { result[i] = SpectralResidual::squareOverMax(z.real(i / kSide, i % kSide), maxima[0]); });
  }

  // 64 x 64 complex numbers. The columns of each row have another order, so that neighbours in a row and neighbours in a
  // column lie in different banks of the shared memory.
  struct Complex64 {
    double* parts;

    SALIENCYMIX_HOST_DEVICE static int at(int row, int col) { return row * kSide + (col ^ row); }
    SALIENCYMIX_HOST_DEVICE double& real(int row, int col) const { return parts[at(row, col)]; }
    SALIENCYMIX_HOST_DEVICE double& imaginary(int row, int col) const { return parts[kArea + at(row, col)]; }
    SALIENCYMIX_HOST_DEVICE double* imaginaryParts() const { return parts + kArea; }

    // Exchanges (row, col) with the position of reversed bits. Does nothing for the second position of a pair.
    SALIENCYMIX_HOST_DEVICE void reverse(int row, int col) const {
      const int otherRow = reverseBits6(row);
      const int otherCol = reverseBits6(col);
      if (row * kSide + col >= otherRow * kSide + otherCol) return;
      exchange(real(row, col), real(otherRow, otherCol));
      exchange(imaginary(row, col), imaginary(otherRow, otherCol));
    }
    SALIENCYMIX_HOST_DEVICE static void exchange(double& a, double& b) {
      const double kept = a;
      a = b;
      b = kept;
    }
  };

  SALIENCYMIX_HOST_DEVICE static int reverseBits6(int index) { return detail::reverseBits(index); }

  SALIENCYMIX_HOST_DEVICE static double grayOfResized(const ImageView& image, const AxisTap& row, const AxisTap& col) {
    return blendExact(grayAt(image, row.first, col.first), grayAt(image, row.first, col.second),
                      grayAt(image, row.second, col.first), grayAt(image, row.second, col.second), col.weight256,
                      row.weight256);
  }

  // The steps of detail::dftLine for all rows at once, then for all columns. direction: 1 forward, -1 inverse.
  template <class Block>
  SALIENCYMIX_HOST_DEVICE void transform(const Block& block, const Complex64& z, double direction) const {
    for (int half = 1; half < kSide; half *= 2) {
      eachButterfly(block, half, direction, [&](int line, int a, int b, double real, double imaginary) {
        detail::butterfly(z.real(line, a), z.imaginary(line, a), z.real(line, b), z.imaginary(line, b), real, imaginary);
      });
    }
    for (int half = 1; half < kSide; half *= 2) {
      eachButterfly(block, half, direction, [&](int line, int a, int b, double real, double imaginary) {
        detail::butterfly(z.real(a, line), z.imaginary(a, line), z.real(b, line), z.imaginary(b, line), real, imaginary);
      });
    }
  }

  // f(line, a, b, w): the numbers a and b of a line are `half` apart. Neighbouring threads have neighbouring lines.
  template <class Block, class F>
  SALIENCYMIX_HOST_DEVICE void eachButterfly(const Block& block, int half, double direction, const F& f) const {
    block.each(kArea / 2, [&](int i) {
      const int line = i % kSide;
      const int pair = i / kSide;
      const int k = pair & (half - 1);
      const int a = 2 * (pair - k) + k;
      const double* const w = tables->twiddles + 2 * (k * (kSide / 2 / half));
      f(line, a, a + half, w[0], direction * w[1]);
    });
  }

  // The mean of 3 x 3, added up in the order of SpectralResidual::filter.
  SALIENCYMIX_HOST_DEVICE static double averageOf(const double* values, int y, int x) {
    constexpr double kThird = 1.0 / 3;
    double sum = 0.0;
    for (int dy = -1; dy <= 1; dy++) {
      const double* const row = values + reflect101(y + dy, kSide) * kSide;
      double across = 0.0;
      for (int dx = -1; dx <= 1; dx++) across += kThird * row[reflect101(x + dx, kSide)];
      sum += kThird * across;
    }
    return sum;
  }

  template <class F>
  SALIENCYMIX_HOST_DEVICE double filtered(const F& valueAt) const {
    double sum = 0.0;
    for (int k = -2; k <= 2; k++) sum += tables->gaussian[k + 2] * valueAt(k);
    return sum;
  }
};

// Resizes the 64 x 64 squares to the size of the image; finds the extremes of the map. A block: some rows of one image.
struct SpreadSquares {
  static constexpr int kThreads = tuning::kPixelThreads;

  const float* squares;  // count x 64 x 64
  const AxisTap* rows;   // 64 -> height
  const AxisTap* cols;   // 64 -> width
  Chunk chunk;

  std::size_t sharedBytes() const { return KeyReduction<kThreads>::kBytes; }
  SALIENCYMIX_HOST_DEVICE int rowsOfBlock() const {
    const int maxRows = kThreads * tuning::kPixelsOfThread / chunk.width;
    return maxRows < 1 ? 1 : (maxRows > chunk.height ? chunk.height : maxRows);
  }
  int blocks() const { return chunk.count * partsOf(chunk.height, rowsOfBlock()); }

  template <class Block>
  SALIENCYMIX_HOST_DEVICE void operator()(const Block& block) const {
    const Piece band(block.index(), chunk.height, rowsOfBlock());
    const int image = band.image;
    const float* const source = squares + static_cast<std::size_t>(image) * kDftArea;
    const KeyReduction<kThreads> keys(block.shared());
    block.each(kThreads, [&](int thread) {
      BestValues best;
      eachOfThread(thread, kThreads, band.count(), chunk.width, [&](int y, int x) {
        const AxisTap& down = rows[band.begin + y];
        const AxisTap& across = cols[x];
        const float* const above = source + down.first * kDftSize;
        const float* const below = source + down.second * kDftSize;
        const float value = blendFloat(blendFloat(above[across.first], above[across.second], across.weight),
                                       blendFloat(below[across.first], below[across.second], across.weight), down.weight);
        const std::size_t at =
            static_cast<std::size_t>(band.begin + y) * static_cast<std::size_t>(chunk.width) + static_cast<std::size_t>(x);
        if (chunk.maps != nullptr) chunk.maps[static_cast<std::size_t>(image) * chunk.pixels() + at] = value;
        best.update(value, static_cast<std::uint32_t>(at));
      });
      keys.put(thread, best);
    });
    keys.finish(block, chunk.peaks + image, chunk.lows + image);
  }
};

}  // namespace saliencymix::cuda
