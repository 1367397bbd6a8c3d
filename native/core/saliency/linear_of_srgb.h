// The linear values of sRGB bytes in float32, for frequency tuned saliency.
#pragma once

namespace saliencymix {

// With a relative error of at most 6e-7, in two forms that give the same bits. Plain data: vector code reads it.
struct LinearOfSrgb {
  static constexpr int kPieces = 32;
  static constexpr int kCoefficients = 4;

  // For levels of vector code whose registers hold the whole table: cubics, four pieces between a power of two and the next.
  // Bits 21 to 25 of byte b as a float are the number of its piece, and the value is ((c3 b + c2) b + c1) b + c0, each step
  // rounded once.
  float coefficients[kCoefficients][kPieces];
  // For all others: one value for each byte.
  float values[256];

  LinearOfSrgb();
};

}  // namespace saliencymix
