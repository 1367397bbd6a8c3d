// The table of frequency tuned saliency.
#pragma once

#include <memory>

namespace saliencymix::cpu {

// The linear values of sRGB bytes, with a relative error of at most 6e-7, in two forms that give the same bits. Plain data:
// vector code reads it.
struct LinearOfSrgb {
  static constexpr int kPieces = 32;
  static constexpr int kCoefficients = 4;

  // For levels whose registers hold the whole table: cubics, four pieces between a power of two and the next. Bits 21 to 25
  // of byte b as a float are the number of its piece, and the value is ((c3 b + c2) b + c1) b + c0, each step rounded once.
  float coefficients[kCoefficients][kPieces];
  // For the other levels: one value for each byte.
  float values[256];
};

// For SaliencyKernel::prepare, of any shape: a LinearOfSrgb.
std::shared_ptr<const void> prepareFrequencyTuned(int height, int width);

}  // namespace saliencymix::cpu
