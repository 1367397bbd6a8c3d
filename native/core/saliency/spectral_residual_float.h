// What spectral residual in float32 is made of (spectral_residual.h has the method, in float64): the numbers that the
// processor's vectors and a card's kernel share, so that their maps have the same bits.
#pragma once

#include <cmath>

namespace saliencymix::spectralFloat {

// In float32 an amplitude that should be 0 comes out as about 0.001. So it is uncertain whether an amplitude of a few
// thousandths should be 0, and what its phase is. Images that have such amplitudes (one photograph in some hundreds), and
// images with many small ones (degenerate images, like impulses and single rows), are computed in float64.
constexpr float kVanishing = 0.003f;
constexpr float kCertain = 0.01f;
constexpr float kSmall = 0.5f;
constexpr int kManySmall = 12;  // photographs at 32 x 32 have one, at 224 x 224 none

// Minimax of log(1 + f) / f for f = sqrt(1/2) - 1 .. sqrt(2) - 1, and of 2^f for f = -1/2 .. 1/2.
constexpr float kLogSeries[9] = {1.0f,         -0.49999988f, 0.33334184f,  -0.25002155f, 0.19956978f,
                                 -0.16560696f, 0.14949095f,  -0.14377330f, 0.08743945f};
constexpr float kExpSeries[6] = {1.0000001f, 0.69314718f, 0.24022107f, 0.055503272f, 0.0096760364f, 0.0013400433f};
constexpr float kLog2 = 0.69314718055994531f;
constexpr float kLog2OfE = 1.44269504088896341f;
constexpr int kHalfRootBits = 0x3f3504f3;  // of sqrt(1/2)
constexpr float kHalfRoot = 0.70710678118654752f;

// The transform goes by eight times eight: cos and sin of 2 pi n k / 64, for n, k = 0 .. 7, at [(8 n + k) * 2].
constexpr int kTwiddles = 2 * 8 * 8;
inline void fillTwiddles(float* twiddles) {
  for (int n = 0; n < 8; n++) {
    for (int k = 0; k < 8; k++) {
      const double angle = 2.0 * 3.14159265358979323846 * n * k / 64;
      *twiddles++ = static_cast<float>(std::cos(angle));
      *twiddles++ = static_cast<float>(std::sin(angle));
    }
  }
}

}  // namespace saliencymix::spectralFloat
