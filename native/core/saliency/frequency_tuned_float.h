// Frequency tuned saliency in float32 (frequency_tuned.h has the method, in float64): the numbers that the processor's vectors
// and a card's kernels share, and a pixel's steps as the card takes them. Both round at the same places, so that their maps
// have the same bits.
//
// Blur and mean are linear. So they are taken of f(X), f(Y) and f(Z), the curve of each, and only their differences become
// L = 116 f(Y) - 16, a = 500 (f(X) - f(Y)) and b = 200 (f(Y) - f(Z)). Blurred values are 16 times as large, and 256 times when
// they have been blurred both ways.
#pragma once

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "core/fused_product.h"
#include "core/host_device.h"

namespace saliencymix::frequencyTunedFloat {

// Linear RGB to X, Y, Z over the white point: of red, of green, of blue.
struct Matrix {
  float of[3][3];
};
constexpr Matrix kXyz = {{{0.4124564f / 0.95047f, 0.3575761f / 0.95047f, 0.1804375f / 0.95047f},
                          {0.2126729f, 0.7151522f, 0.0721750f},
                          {0.0193339f / 1.08883f, 0.1191920f / 1.08883f, 0.9503041f / 1.08883f}}};

// The curve: a line for dark pixels, and the cube root.
constexpr float kEpsilon = 216.0f / 24389.0f;
constexpr float kSlope = 24389.0f / 27.0f / 116.0f;
constexpr float kOffset = 16.0f / 116.0f;

// t^(1/3) for t in (0.008, 1.1], to 5e-7 of it. A guess r of t^(-1/3) from the upper 16 bits of t, which are divided by three
// (by 21845 / 65536), is good to 4 %; then t^(1/3) = t r^2 (1 - e)^(-2/3) with e = 1 - t r^3, by a polynomial in e.
//
// kRootSeries: the minimax polynomial for ((1 - e)^(-2/3) - 1) / e, weighted by e, over the e that the guess leaves,
// -0.114 .. 0.106.
constexpr std::int32_t kGuess = 0x54a14000;
constexpr float kRootSeries[4] = {0.6666482375736411f, 0.5555750982743746f, 0.5001038460981653f, 0.4532726066490223f};

// Sums of f are made of whole numbers, which is exact in whatever order they are added up: f + 2 has f in units of 2^-22 in the
// lower bits.
constexpr float kTwo = 2.0f;
constexpr std::uint32_t kBitsOfTwo = std::bit_cast<std::uint32_t>(kTwo);
constexpr double kUnitsOfOne = 4194304.0;
// So many of them fit into 32 bits without a sign, as f is never above 1.01.
constexpr int kInOneSum = 1000;

// L + 16, a and b.
struct Lab {
  float l;
  float a;
  float b;
};
constexpr float kOfL = 116.0f;
constexpr float kOfA = 500.0f;
constexpr float kOfB = 200.0f;

// The mean colour, of the sums of f(X), f(Y) and f(Z), and what a unit of them counts in the mean of so many pixels.
inline double shareOfUnit(std::size_t pixels) { return 1.0 / (kUnitsOfOne * static_cast<double>(pixels)); }
SALIENCYMIX_HOST_DEVICE inline Lab meanOf(std::int64_t x, std::int64_t y, std::int64_t z, double share) {
  const auto mean = [&](float weight, std::int64_t sum) { return static_cast<float>(weight * share * static_cast<double>(sum)); };
  return {mean(kOfL, y), mean(kOfA, x - y), mean(kOfB, y - z)};
}

// ---- a pixel's steps

SALIENCYMIX_HOST_DEVICE inline float cubeRoot(float t) {
  const auto third = (std::bit_cast<std::int32_t>(t) >> 16) * 21845 & ~0xffff;
  const float r = std::bit_cast<float>(kGuess - third);
  const float squared = t * (r * r);
  const float e = productPlus(-squared, r, 1.0f);
  constexpr float c0 = kRootSeries[0], c1 = kRootSeries[1], c2 = kRootSeries[2], c3 = kRootSeries[3];
  const float series = productPlus(productPlus(productPlus(e, c3, c2), e, c1), e, c0);
  return productPlus(squared * e, series, squared);
}

SALIENCYMIX_HOST_DEVICE inline float curve(float t) { return t <= kEpsilon ? productPlus(t, kSlope, kOffset) : cubeRoot(t); }

// f(X), f(Y), f(Z).
struct Colour {
  float of[3];
};
template <int c>
SALIENCYMIX_HOST_DEVICE inline float xyzOfLinear(float red, float green, float blue) {
  constexpr float ofRed = kXyz.of[c][0], ofGreen = kXyz.of[c][1], ofBlue = kXyz.of[c][2];
  return productPlus(blue, ofBlue, productPlus(green, ofGreen, red * ofRed));
}
SALIENCYMIX_HOST_DEVICE inline Colour colourOfLinear(float red, float green, float blue) {
  return {{curve(xyzOfLinear<0>(red, green, blue)), curve(xyzOfLinear<1>(red, green, blue)),
           curve(xyzOfLinear<2>(red, green, blue))}};
}

SALIENCYMIX_HOST_DEVICE inline std::uint32_t unitsOf(float f) { return std::bit_cast<std::uint32_t>(f + kTwo) - kBitsOfTwo; }

// [1 4 6 4 1].
SALIENCYMIX_HOST_DEVICE inline float blur14641(float a, float b, float c, float d, float e) {
  return productPlus(2.0f, c, productPlus(4.0f, b + d + c, a + e));
}

// How far a colour, of which f is blurred, is from the mean.
SALIENCYMIX_HOST_DEVICE inline float distance(float x, float y, float z, const Lab& mean) {
  const float l = productPlus(y, kOfL / 256, -mean.l);
  const float a = productPlus(x - y, kOfA / 256, -mean.a);
  const float b = productPlus(y - z, kOfB / 256, -mean.b);
  return std::sqrt(productPlus(b, b, productPlus(a, a, l * l)));
}

}  // namespace saliencymix::frequencyTunedFloat
