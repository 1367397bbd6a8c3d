#pragma once

#include <cstring>
#include <vector>

#include "core/carver.h"
#include "cuda/kernels/spectral_residual.h"

namespace saliencymix::cuda {

struct SpectralResidualOnDevice {
  static constexpr const char* kName = "spectral-residual";

  // What goes to the device once a call, and how it lies there.
  struct Tables {
    SpectrumTables* spectrum;
    AxisTap* downRows;
    AxisTap* downCols;
    AxisTap* upRows;
    AxisTap* upCols;

    Tables(Carver& carver, int height, int width) {
      spectrum = carver.take<SpectrumTables>(1);
      downRows = carver.take<AxisTap>(kDftSize);
      downCols = carver.take<AxisTap>(kDftSize);
      upRows = carver.take<AxisTap>(static_cast<std::size_t>(height));
      upCols = carver.take<AxisTap>(static_cast<std::size_t>(width));
    }
  };

  static std::vector<std::byte> tables(int height, int width) {
    Carver measure(nullptr);
    static_cast<void>(Tables(measure, height, width));
    std::vector<std::byte> bytes(measure.used());
    Carver carver(bytes.data());
    const Tables tables(carver, height, width);
    for (int k = 0; k < kDftSize / 2; k++) {
      const Complex& w = detail::twiddles()[static_cast<std::size_t>(k)];
      tables.spectrum->twiddles[2 * k] = w.real();
      tables.spectrum->twiddles[2 * k + 1] = w.imag();
    }
    const auto gaussian = SpectralResidual::gaussian5();
    std::copy(gaussian.begin(), gaussian.end(), tables.spectrum->gaussian);
    fill(tables.downRows, height, kDftSize);
    fill(tables.downCols, width, kDftSize);
    fill(tables.upRows, kDftSize, height);
    fill(tables.upCols, kDftSize, width);
    return bytes;
  }

  struct Scratch {
    double* logAmplitudes;
    float* squares;

    Scratch(Carver& carver, int images, int, int) {
      const std::size_t count = static_cast<std::size_t>(images);
      logAmplitudes = carver.take<double>(count * kDftArea);
      squares = carver.take<float>(count * kDftArea);
    }
  };

  template <class Lane>
  static void run(Lane& lane, const Wave& wave, const std::byte* tableBytes, const Scratch& scratch) {
    Carver carver(const_cast<std::byte*>(tableBytes));
    const Tables tables(carver, wave.height, wave.width);
    lane.launch(Spectrum{wave, tables.downRows, tables.downCols, tables.spectrum, scratch.logAmplitudes, scratch.squares});
    lane.launch(SpreadSquares{scratch.squares, tables.upRows, tables.upCols, wave});
  }

 private:
  static void fill(AxisTap* taps, int source, int result) {
    for (const Tap& tap : bilinearTaps(source, result)) {
      *taps++ = {tap.low, tap.high, weight256(tap), static_cast<float>(tap.weight)};
    }
  }
};

}  // namespace saliencymix::cuda
