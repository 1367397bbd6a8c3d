#pragma once

#include <algorithm>
#include <cstring>
#include <vector>

#include "core/arena_layout.h"
#include "cuda/kernels/spectral_residual.h"
#include "cuda/kernels/spectral_residual_float.h"

namespace saliencymix::cuda {

struct SpectralResidualOnDevice {
  static constexpr const char* kName = "spectral-residual";

  // What goes to the device once a call, and how it lies there.
  struct Tables {
    SpectrumTables* spectrum;
    FloatSpectrumTables* floatSpectrum;
    AxisTap* downRows;
    AxisTap* downCols;
    AxisTap* upRows;
    AxisTap* upCols;

    Tables(ArenaLayout& arena, int height, int width) {
      spectrum = arena.take<SpectrumTables>(1);
      floatSpectrum = arena.take<FloatSpectrumTables>(1);
      downRows = arena.take<AxisTap>(kDftSize);
      downCols = arena.take<AxisTap>(kDftSize);
      upRows = arena.take<AxisTap>(static_cast<std::size_t>(height));
      upCols = arena.take<AxisTap>(static_cast<std::size_t>(width));
    }
  };

  static std::vector<std::byte> tables(int height, int width) {
    ArenaLayout measure(nullptr);
    static_cast<void>(Tables(measure, height, width));
    std::vector<std::byte> bytes(measure.used());
    ArenaLayout arena(bytes.data());
    const Tables tables(arena, height, width);
    for (int k = 0; k < kDftSize / 2; k++) {
      const Complex& w = detail::twiddles()[static_cast<std::size_t>(k)];
      tables.spectrum->twiddles[2 * k] = w.real();
      tables.spectrum->twiddles[2 * k + 1] = w.imag();
    }
    const auto gaussian = SpectralResidual::gaussian5();
    std::copy(gaussian.begin(), gaussian.end(), tables.spectrum->gaussian);
    std::transform(gaussian.begin(), gaussian.begin() + 3, tables.floatSpectrum->gaussian,
                   [](double weight) { return static_cast<float>(weight); });
    spectralFloat::fillTwiddles(tables.floatSpectrum->twiddles);
    fill(tables.downRows, height, kDftSize);
    fill(tables.downCols, width, kDftSize);
    fill(tables.upRows, kDftSize, height);
    fill(tables.upCols, kDftSize, width);
    return bytes;
  }

  struct Scratch {
    float* squares;
    std::int32_t* isUncertain;
    double* logAmplitudes;

    Scratch(ArenaLayout& arena, int images, int, int, bool) {
      const std::size_t count = static_cast<std::size_t>(images);
      squares = arena.take<float>(count * kDftArea);
      isUncertain = arena.take<std::int32_t>(count);
      logAmplitudes = arena.take<double>(static_cast<std::size_t>(Spectrum::blocksFor(images)) * kDftArea);
    }
  };

  template <class Queue>
  static void run(Queue& queue, const Chunk& chunk, const std::byte* tableBytes, const Scratch& scratch) {
    ArenaLayout arena(const_cast<std::byte*>(tableBytes));
    const Tables tables(arena, chunk.height, chunk.width);
    queue.launch(FloatSpectrum{chunk, tables.downRows, tables.downCols, tables.floatSpectrum, scratch.squares,
                               scratch.isUncertain});
    queue.launch(Spectrum{chunk, tables.downRows, tables.downCols, tables.spectrum, scratch.isUncertain,
                          scratch.logAmplitudes, scratch.squares});
    queue.launch(SpreadSquares{scratch.squares, tables.upRows, tables.upCols, chunk});
  }

 private:
  static void fill(AxisTap* taps, int source, int result) {
    for (const Tap& tap : bilinearTaps(source, result)) {
      *taps++ = {tap.first, tap.second, weight256(tap), static_cast<float>(tap.weight)};
    }
  }
};

}  // namespace saliencymix::cuda
