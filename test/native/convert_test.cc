#include <cmath>
#include <limits>

#include "check.h"
#include "core/convert.h"

using namespace saliencymix;

static double valueOfHalf(std::uint16_t bits) {
  const int exponent = (bits >> 10) & 31;
  const int mantissa = bits & 1023;
  const double magnitude = exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25);
  return (bits & 0x8000) != 0 ? -magnitude : magnitude;
}

TEST(everyHalfRoundTrips) {
  for (int bits = 0; bits < 0x7c00; bits++) {
    const auto half = static_cast<std::uint16_t>(bits);
    CHECK_EQUAL(halfBits(static_cast<float>(valueOfHalf(half))), half);
    CHECK_EQUAL(halfBits(static_cast<float>(-valueOfHalf(half))), static_cast<std::uint16_t>(half | 0x8000));
  }
}

// Between two neighbours: the nearer one, and half way the even one.
TEST(halvesRoundToNearestEven) {
  for (int bits = 0; bits < 0x7bff; bits++) {
    const double low = valueOfHalf(static_cast<std::uint16_t>(bits));
    const double high = valueOfHalf(static_cast<std::uint16_t>(bits + 1));
    const auto middle = static_cast<float>((low + high) / 2);
    CHECK_EQUAL(halfBits(middle), bits % 2 == 0 ? bits : bits + 1);
    CHECK_EQUAL(halfBits(std::nextafter(middle, 0.0f)), bits);
    CHECK_EQUAL(halfBits(std::nextafter(middle, 1e9f)), bits + 1);
  }
}

TEST(halvesOverflowToInfinity) {
  CHECK_EQUAL(halfBits(65519.996f), 0x7bff);
  CHECK_EQUAL(halfBits(65520.0f), 0x7c00);
  CHECK_EQUAL(halfBits(-1e30f), 0xfc00);
  CHECK_EQUAL(halfBits(std::numeric_limits<float>::quiet_NaN()), 0x7e00);
}

TEST(layoutsPutEveryValueInItsPlace) {
  const std::uint8_t row[] = {1, 2, 3, 4, 5, 6};  // two RGB pixels
  OutputFormat format{Layout::nchw, Dtype::float32, {0, 0, 0}, {1, 1, 1}};
  float nchw[3 * 2 * 2] = {};
  convertRow(row, 1, 2, 2, 3, format, nchw);
  const float expected[] = {0, 0, 1, 4, 0, 0, 2, 5, 0, 0, 3, 6};
  for (int i = 0; i < 12; i++) CHECK_EQUAL(nchw[i], expected[i]);
  format.layout = Layout::nhwc;
  format.offset[1] = 2.0f;
  format.scale[2] = 0.5f;
  float nhwc[12] = {};
  convertRow(row, 1, 2, 2, 3, format, nhwc);
  const float normalised[] = {1, 0, 1.5f, 4, 3, 3};
  for (int i = 0; i < 6; i++) CHECK_EQUAL(nhwc[6 + i], normalised[i]);
}
