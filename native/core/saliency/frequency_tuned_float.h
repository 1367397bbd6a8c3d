// The colours of frequency tuned saliency in float32, with nothing but sums, products and std::fma, which every processor
// rounds alike: the same bits on all of them.
// Within 2e-4 of the float64 of FrequencyTuned, in Lab units.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

#include "core/host_device.h"

namespace saliencymix {

struct LabFloat {
  float l;
  float a;
  float b;
};

// t in 0.008 .. 1.1. A first guess of 1 / cbrt(t) comes from the bits of t and is within 4 %. Two steps of Householder's
// method of second order follow, each of which leaves an error of about the cube of the one before; then one step of
// Newton's method on cbrt(t) itself.
SALIENCYMIX_HOST_DEVICE inline float cubeRoot(float t) {
  constexpr float kThird = 1.0f / 3.0f;
  float inverse = std::bit_cast<float>(0x54a21d2au - std::bit_cast<std::uint32_t>(t) / 3u);
  for (int step = 0; step < 2; step++) {
    const float error = std::fma(-t * inverse, inverse * inverse, 1.0f);
    inverse = std::fma(inverse, error * std::fma(error, 2.0f / 9.0f, kThird), inverse);
  }
  const float square = inverse * inverse;
  const float root = t * square;
  return std::fma(std::fma(-root * root, root, t), square * kThird, root);
}

SALIENCYMIX_HOST_DEVICE inline float labCurve(float t) {
  constexpr float kEpsilon = 216.0f / 24389.0f;
  constexpr float kSlope = 24389.0f / 27.0f / 116.0f;
  return t > kEpsilon ? cubeRoot(t) : std::fma(t, kSlope, 16.0f / 116.0f);
}

// Linear RGB -> XYZ over the white -> CIELab, as FrequencyTuned::labOfLinear.
SALIENCYMIX_HOST_DEVICE inline LabFloat labFloatOfLinear(float r, float g, float b) {
  constexpr double kWhiteX = 0.95047;
  constexpr double kWhiteZ = 1.08883;
  const auto sum = [&](double ofR, double ofG, double ofB) {
    return std::fma(static_cast<float>(ofR), r, std::fma(static_cast<float>(ofG), g, static_cast<float>(ofB) * b));
  };
  const float x = labCurve(sum(0.4124564 / kWhiteX, 0.3575761 / kWhiteX, 0.1804375 / kWhiteX));
  const float y = labCurve(sum(0.2126729, 0.7151522, 0.0721750));
  const float z = labCurve(sum(0.0193339 / kWhiteZ, 0.1191920 / kWhiteZ, 0.9503041 / kWhiteZ));
  return {std::fma(116.0f, y, -16.0f), 500.0f * (x - y), 200.0f * (y - z)};
}

// In units of 2^-16, as whole numbers: their sum is the same in whatever order they are added up.
SALIENCYMIX_HOST_DEVICE inline std::int32_t fixedPoint(float value) {
  return static_cast<std::int32_t>(value * 65536.0f);
}
SALIENCYMIX_HOST_DEVICE inline float meanOfFixed(std::int64_t sum, std::int64_t count) {
  return static_cast<float>(static_cast<double>(sum) / (65536.0 * static_cast<double>(count)));
}

// [1 4 6 4 1] / 16 of five neighbours.
SALIENCYMIX_HOST_DEVICE inline float blur14641(float a, float b, float c, float d, float e) {
  return std::fma(a + e, 1.0f / 16.0f, std::fma(b + d, 4.0f / 16.0f, c * (6.0f / 16.0f)));
}

}  // namespace saliencymix
