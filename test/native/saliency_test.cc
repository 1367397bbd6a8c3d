#include <algorithm>
#include <array>
#include <cmath>

#include "check.h"
#include "core/saliency/float_bytes.h"
#include "core/saliency/methods.h"

using namespace saliencymix;

static std::vector<float> compute(const char* method, const std::vector<std::uint8_t>& data, int height, int width,
                                  int channels) {
  std::vector<float> map(static_cast<std::size_t>(height) * static_cast<std::size_t>(width), -1.0f);
  findSaliencyMethod(method)->compute({data.data(), height, width, channels}, map.data());
  return map;
}

TEST(methodsAreFoundByName) {
  CHECK(kSaliencyMethods.size() >= 3);
  for (const SaliencyMethod& method : kSaliencyMethods) CHECK(findSaliencyMethod(method.name) == &method);
  CHECK(findSaliencyMethod("fine") == nullptr);
}

// By hand. Two gray pixels, 0 and 255: each blur pass gives (2a + 2b + 8)... along the one long axis, reflect-101:
// (4 (2a + 2b) + 8) >> 4 with a the pixel, b its only neighbour on both sides -> (0, 255) -> 128, 128. No contrast is left.
TEST(fineGrainedOfTwoPixels) {
  for (const float value : compute("fine-grained", {0, 255}, 1, 2, 1)) CHECK_EQUAL(value, 0.0f);
}

// By hand. 0 0 0 255 0 0 0 in a row; after one pass 0 0 64 128 64 0 0, after two 0 16 64 96 64 16 0. Every window holds
// all seven (n >= 12 > 7): sum 256, m = (256 - c) / 6, so c - m = (7c - 256) / 6: -42 -24 32 69 32 -24 -42 (truncated),
// six times. on / max on: 0 0 118 255 118 0 0 of 255; off / max off: 255 145 0 0 0 145 255.
TEST(fineGrainedOfAnImpulse) {
  const std::vector<float> map = compute("fine-grained", {0, 0, 0, 255, 0, 0, 0}, 1, 7, 1);
  const int expected[] = {255, 145, 118, 255, 118, 145, 255};
  for (std::size_t i = 0; i < 7; i++) CHECK_EQUAL(std::lround(map[i] * 255.0f), expected[i]);
}

static std::vector<float> floatBytesOf(const std::vector<std::uint8_t>& row) {
  std::vector<float> map(row.size(), -1.0f);
  const int width = static_cast<int>(row.size());
  FloatBytes::compute({row.data(), 1, width, 1}, {{0.0f, 0.0f, 0.0f}, {1.0f, 1.0f, 1.0f}}, map.data());
  return map;
}

// By hand. Two pixels, 0 and 1, are blurred to 0.5, 0.5, of which the first has the bytes 0 0 0 3f: c = 0, 0. The sum of both is
// 1, so m = (1 - 0) / 1 = 1 and off = 1 at both, six times. Four pixels of 1 have the bytes 0 0 80 3f in the first of them: c = 0,
// 0, 128, 63. m = (4 - c) / 3: off = 1, 1, 0, 0; on = 0, 0, trunc(169.3), trunc(82.7), six times, of 255: 0, 0, 255, trunc(123.7).
TEST(floatBytesByHand) {
  CHECK(floatBytesOf({0, 255}) == (std::vector<float>{1.0f, 1.0f}));
  CHECK(floatBytesOf({255, 255, 255, 255}) == (std::vector<float>{1.0f, 1.0f, 1.0f, 123.0f * (1.0f / 255.0f)}));
  CHECK(floatBytesOf({77}) == (std::vector<float>{0.0f}));
}

// 1 + 2^-12 times itself is 1 + 2^-11 + 2^-24, half way between two floats; so a third term decides, however small. Rounding to
// float64 first would lose it.
TEST(sumsAreFusedWithOneRounding) {
  const float a = 1.0f + 0x1p-12f;
  CHECK_EQUAL(FloatBytes::fused(a, a, 0.0f), 1.0f + 0x1p-11f);
  CHECK_EQUAL(FloatBytes::fused(a, a, 0x1p-80f), 1.0f + 0x1p-11f + 0x1p-23f);
  CHECK_EQUAL(FloatBytes::fused(a, a, -0x1p-80f), 1.0f + 0x1p-11f);
  CHECK_EQUAL(FloatBytes::fused(-a, a, -0x1p-80f), -(1.0f + 0x1p-11f + 0x1p-23f));
  CHECK_EQUAL(FloatBytes::fused(-a, a, 0x1p-80f), -(1.0f + 0x1p-11f));
  // Mingw's own rounds twice.
  const volatile float product = a;
  if (std::fma(product, product, 0x1p-80f) != 1.0f + 0x1p-11f + 0x1p-23f) return;
  check::Numbers numbers(31);
  for (int round = 0; round < 100'000; round++) {
    const auto number = [&] { return static_cast<float>(std::ldexp(numbers.uniform() - 0.5, numbers.below(60) - 30)); };
    const float x = number();
    const float y = number();
    const float z = number();
    CHECK_EQUAL(FloatBytes::fused(x, y, z), std::fma(x, y, z));
  }
}

// By hand. In a row 0 0 0 255 0 0 0 only the pixels beside the impulse have neighbours that differ: gx = 4 * 255, -4 * 255.
TEST(sobelOfAnImpulseInARow) {
  CHECK(compute("sobel", {0, 0, 0, 255, 0, 0, 0}, 1, 7, 1) == (std::vector<float>{0, 0, 1, 0, 1, 0, 0}));
  CHECK(compute("sobel", {0, 0, 0, 255, 0, 0, 0}, 7, 1, 1) == (std::vector<float>{0, 0, 1, 0, 1, 0, 0}));
}

// By hand. A pixel of 100 in the row after the first and the column before the last: beside it (200, 0), below it (0, -200),
// at its lower left (100, -100). Along the first row and the last column the mirrored neighbours count twice: (200, 0) again
// at the pixel to the upper left, (0, -200) to the lower right; straight above it and at its right they cancel out.
TEST(sobelNearTwoBorders) {
  const std::vector<float> map = compute("sobel", {0, 0, 0, 0, 0, 0, 100, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 4, 4, 1);
  const float slant = std::sqrt(20000.0f) / 200.0f;
  CHECK(map == (std::vector<float>{0, 1, 0, 0, 0, 1, 0, 0, 0, slant, 1, 1, 0, 0, 0, 0}));
}

TEST(sobelWithoutEdges) {
  for (const auto& [height, width] : {std::array{1, 1}, {1, 2}, {2, 1}, {2, 2}, {4, 5}}) {
    const std::size_t pixels = static_cast<std::size_t>(height * width);
    CHECK(compute("sobel", std::vector<std::uint8_t>(pixels, 9), height, width, 1) == std::vector<float>(pixels, 0.0f));
  }
  CHECK(compute("sobel", {1, 2, 3, 4}, 2, 2, 1) == std::vector<float>(4, 0.0f));
}

TEST(grayWeights) {
  CHECK_EQUAL(grayOf(255, 255, 255), 255);
  CHECK_EQUAL(grayOf(255, 0, 0), 76);
  CHECK_EQUAL(grayOf(0, 255, 0), 150);
  CHECK_EQUAL(grayOf(0, 0, 255), 29);
}

// Lab of the primaries (Lindbloom, D65): red 53.24 80.09 67.20, white 100 0 0.
TEST(labOfKnownColours) {
  const FrequencyTuned::Lab white = FrequencyTuned::labOfLinear(1, 1, 1);
  const FrequencyTuned::Lab red = FrequencyTuned::labOfLinear(1, 0, 0);
  CHECK(std::abs(white[0] - 100) < 1e-4 && std::abs(white[1]) < 1e-2 && std::abs(white[2]) < 1e-2);
  CHECK(std::abs(red[0] - 53.24) < 0.01 && std::abs(red[1] - 80.09) < 0.01 && std::abs(red[2] - 67.20) < 0.01);
}

TEST(transformOfAWaveAndBack) {
  ComplexSquare z;
  for (int row = 0; row < 64; row++) {
    for (int col = 0; col < 64; col++) {
      const double angle = 2 * 3.14159265358979323846 * (3 * row + 5 * col) / 64;
      z[static_cast<std::size_t>(row * 64 + col)] = {std::cos(angle), std::sin(angle)};
    }
  }
  const ComplexSquare original = z;
  dft64(z, Transform::forward);
  for (std::size_t i = 0; i < z.size(); i++) {
    CHECK(std::abs(z[i] - (i == 3 * 64 + 5 ? Complex{4096, 0} : Complex{0, 0})) < 1e-9);
  }
  dft64(z, Transform::inverse);
  for (std::size_t i = 0; i < z.size(); i++) CHECK(std::abs(z[i] / 4096.0 - original[i]) < 1e-12);
}

TEST(awkwardSizesGiveFiniteMapsInRange) {
  check::Numbers numbers(3);
  const int sides[] = {1, 2, 3, 5, 7, 31, 32, 33, 64, 65};
  for (const int height : sides) {
    for (const int width : sides) {
      for (const int channels : {1, 3}) {
        const auto data = numbers.bytes(static_cast<std::size_t>(height * width * channels));
        for (const SaliencyMethod& method : kSaliencyMethods) {
          std::vector<float> map(static_cast<std::size_t>(height * width));
          method.compute({data.data(), height, width, channels}, map.data());
          const float maximum = method.name == "frequency-tuned" ? 300.0f : 1.0f;
          for (const float value : map) CHECK(std::isfinite(value) && value >= 0.0f && value <= maximum);
        }
      }
    }
  }
}

TEST(grayIsTheSameAsEqualChannels) {
  check::Numbers numbers(4);
  const auto gray = numbers.bytes(40 * 30);
  std::vector<std::uint8_t> rgb;
  for (const std::uint8_t value : gray) rgb.insert(rgb.end(), 3, value);
  for (const SaliencyMethod& method : kSaliencyMethods) {
    const char* name = method.name.data();
    CHECK(compute(name, gray, 40, 30, 1) == compute(name, rgb, 40, 30, 3));
  }
}
