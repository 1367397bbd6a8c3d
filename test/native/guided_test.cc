#include <algorithm>
#include <array>
#include <cmath>
#include <complex>

#include "check.h"
#include "core/guided/dft.h"
#include "core/guided/map.h"
#include "core/guided/pairing.h"
#include "core/guided/ratio.h"

using namespace saliencymix;

static std::size_t areaOf(int height, int width) {
  return static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
}

static std::vector<float> mapOf(const std::vector<std::uint8_t>& data, int height, int width, int channels) {
  std::vector<float> map(areaOf(height, width), -1.0f);
  guided::MapMaker().compute({data.data(), height, width, channels}, map.data());
  return map;
}

static double sumOf(const std::vector<float>& map) {
  double sum = 0.0;
  for (const float value : map) sum += static_cast<double>(value);
  return sum;
}

static bool areNear(double a, double b, double relative) {
  return std::abs(a - b) <= relative * std::max(std::abs(a), std::abs(b));
}

// X[v][u] = sum over y, x of z[y][x] e^(-+2 pi i (v y / rows + u x / cols)).
static std::vector<Complex> plainTransform(const std::vector<Complex>& z, int rows, int cols, double sign) {
  const auto turn = [&](int product, int length) {
    return std::polar(1.0, sign * 2.0 * 3.14159265358979323846 * (product % length) / length);
  };
  std::vector<Complex> result;
  for (int v = 0; v < rows; v++) {
    for (int u = 0; u < cols; u++) {
      std::vector<Complex> across;
      for (int x = 0; x < cols; x++) across.push_back(turn(u * x, cols));
      Complex sum = 0.0;
      for (int y = 0; y < rows; y++) {
        Complex row = 0.0;
        for (int x = 0; x < cols; x++) row += z[static_cast<std::size_t>(y * cols + x)] * across[static_cast<std::size_t>(x)];
        sum += row * turn(v * y, rows);
      }
      result.push_back(sum);
    }
  }
  return result;
}

TEST(transformsAreThePlainSums) {
  check::Numbers numbers(1);
  guided::Dft dft;  // the same for all sizes, so that kept tables must be renewed
  for (const auto& [rows, cols] : {std::array{1, 1}, {2, 3}, {5, 7}, {8, 8}, {32, 32}, {64, 48}, {1, 12}, {30, 1}, {8, 8}}) {
    std::vector<Complex> z(areaOf(rows, cols));
    for (Complex& value : z) value = {numbers.uniform() * 255.0, numbers.uniform() * 255.0};
    for (const Transform direction : {Transform::forward, Transform::inverse}) {
      dft.resize(rows, cols);
      for (std::size_t i = 0; i < z.size(); i++) {
        dft.plane().real[i] = z[i].real();
        dft.plane().imaginary[i] = z[i].imag();
      }
      dft.transform(direction);
      const std::vector<Complex> expected = plainTransform(z, rows, cols, direction == Transform::forward ? -1.0 : 1.0);
      for (std::size_t i = 0; i < z.size(); i++) {
        CHECK(std::abs(Complex{dft.plane().real[i], dft.plane().imaginary[i]} - expected[i]) < 1e-8);
      }
    }
  }
}

TEST(filtersByHand) {
  guided::Filter<1> mean({1.0 / 3, 1.0 / 3}, guided::Border::repeated);
  std::array<double, 6> values{9, 0, 0, 0, 0, 0};  // 2 x 3; the corner is seen four times from itself
  mean.apply(values.data(), 2, 3, values.data());
  const std::array<double, 6> expected{4, 2, 0, 2, 1, 0};
  for (std::size_t i = 0; i < 6; i++) CHECK(std::abs(values[i] - expected[i]) < 1e-14);

  // Mirrored: 0 8 16 has 8 left of 0 and right of 16.
  guided::Filter<1> sides({0.0, 0.5}, guided::Border::mirrored);
  std::array<double, 3> row{0, 8, 16};
  sides.apply(row.data(), 1, 3, row.data());
  CHECK(row == (std::array<double, 3>{8, 8, 8}));
}

TEST(oneColourIsSalientNowhere) {
  for (const int value : {0, 9, 255}) {
    for (const auto& [height, width] : {std::array{1, 1}, {1, 5}, {6, 8}, {32, 32}, {150, 130}}) {
      for (const int channels : {1, 3}) {
        const std::size_t size = areaOf(height, width);
        const std::vector<std::uint8_t> data(size * static_cast<std::size_t>(channels), static_cast<std::uint8_t>(value));
        for (const float found : mapOf(data, height, width, channels)) {
          CHECK(areNear(static_cast<double>(found), 1.0 / static_cast<double>(size), 1e-7));
        }
      }
    }
  }
}

// The spectrum of one white pixel in a black image has one amplitude everywhere, so s is that pixel again, and the map is
// what two Gaussians make of it: the product of h = g * g of rows and of columns, where g is the Gaussian along a line.
TEST(oneWhitePixelIsBlurredTwice) {
  std::array<double, 7> g;
  double sum = 0.0;
  for (int k = 0; k < 7; k++) sum += g[static_cast<std::size_t>(k)] = std::exp(-(k - 3) * (k - 3) / 18.0);
  std::array<double, 13> h{};
  for (std::size_t i = 0; i < 7; i++) {
    for (std::size_t j = 0; j < 7; j++) h[i + j] += g[i] * g[j] / (sum * sum);
  }
  for (const auto& [height, width] : {std::array{32, 32}, {29, 40}}) {
    std::vector<std::uint8_t> data(areaOf(height, width), 0);
    data[static_cast<std::size_t>(15 * width + 12)] = 255;
    const std::vector<float> map = mapOf(data, height, width, 1);
    const auto at = [&, across = width](int y, int x) { return map[static_cast<std::size_t>(y * across + x)]; };
    const auto weight = [&](int offset) { return std::abs(offset) <= 6 ? h[static_cast<std::size_t>(offset + 6)] : 0.0; };
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) CHECK(areNear(static_cast<double>(at(y, x)), weight(y - 15) * weight(x - 12), 1e-7));
    }
    for (int d = 1; d <= 12; d++) {
      CHECK_EQUAL(at(15, 12 - d), at(15, 12 + d));
      CHECK_EQUAL(at(15 - d, 12), at(15 + d, 12));
    }
  }
}

// 3 and 1: F = 4, 2, so L = 2 ln 2, ln 2. Repeated at the borders, M = (2 * 2 + 1) / 3 ln 2, (2 + 2 * 1) / 3 ln 2, and
// exp(-M) F = 2^(1/3), 2^(-1/3): s is their sum and their difference. Mirrored, a Gaussian leaves (its weights at even
// distances - those at odd ones) of the two values' difference.
TEST(twoPixelsByHand) {
  const auto g = [](int k) { return std::exp(-k * k / 18.0); };
  const double even = g(0) + 2 * g(2);
  const double odd = 2 * g(1) + 2 * g(3);
  const double left = std::pow((even - odd) / (even + odd), 2);
  const double contrast = left * std::exp2(-1.0 / 3) / std::exp2(1.0 / 3);
  for (const auto& [height, width] : {std::array{1, 2}, {2, 1}}) {
    const std::vector<float> map = mapOf({3, 1}, height, width, 1);
    CHECK(areNear(static_cast<double>(map[0]), 0.5 * (1.0 + contrast), 1e-7));
    CHECK(areNear(static_cast<double>(map[1]), 0.5 * (1.0 - contrast), 1e-7));
  }
}

// Of an image of equal rows all frequencies down the columns are 0. What rounding leaves of them must not show.
TEST(equalRowsHaveEqualSaliency) {
  const std::vector<std::uint8_t> row = check::Numbers(2).bytes(125);
  std::vector<std::uint8_t> data;
  for (int y = 0; y < 127; y++) data.insert(data.end(), row.begin(), row.end());
  const std::vector<float> map = mapOf(data, 127, 125, 1);
  for (std::size_t i = 125; i < map.size(); i++) CHECK_EQUAL(map[i], map[i - 125]);
  CHECK(*std::max_element(map.begin(), map.end()) > 1.01f * *std::min_element(map.begin(), map.end()));
}

TEST(contrastDoesNotMatter) {
  check::Numbers numbers(3);
  std::vector<std::uint8_t> data = numbers.bytes(32 * 24);
  for (std::uint8_t& value : data) value = static_cast<std::uint8_t>(value / 8);
  const std::vector<float> map = mapOf(data, 32, 24, 1);
  for (std::uint8_t& value : data) value = static_cast<std::uint8_t>(value * 8);
  const std::vector<float> other = mapOf(data, 32, 24, 1);
  for (std::size_t i = 0; i < map.size(); i++) {
    CHECK(areNear(static_cast<double>(map[i]), static_cast<double>(other[i]), 1e-6));
  }
}

TEST(turnedImagesHaveTurnedMaps) {
  check::Numbers numbers(4);
  for (const auto& [height, width] : {std::array{32, 20}, {7, 64}, {140, 60}}) {
    const std::vector<std::uint8_t> data = numbers.bytes(areaOf(height, width));
    std::vector<std::uint8_t> turned(data.size());
    const auto there = [&, across = width](int y, int x) { return static_cast<std::size_t>(y * across + x); };
    const auto turnedThere = [&, across = height](int y, int x) { return static_cast<std::size_t>(x * across + y); };
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) turned[turnedThere(y, x)] = data[there(y, x)];
    }
    const std::vector<float> map = mapOf(data, height, width, 1);
    const std::vector<float> other = mapOf(turned, width, height, 1);
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        CHECK(areNear(static_cast<double>(map[there(y, x)]), static_cast<double>(other[turnedThere(y, x)]), 1e-6));
      }
    }
  }
}

// 256 x 256 of 2 x 2 equal pixels is 128 x 128 again when it is resized; its map has the four pixels of one white one
// alike, and is as symmetric around them as before.
TEST(largeImagesAreMadeSmall) {
  std::vector<std::uint8_t> data(256 * 256, 0);
  for (const std::size_t y : {100u, 101u}) {
    for (const std::size_t x : {60u, 61u}) data[y * 256 + x] = 255;
  }
  const std::vector<float> map = mapOf(data, 256, 256, 1);
  const auto at = [&](std::size_t y, std::size_t x) { return static_cast<double>(map[y * 256 + x]); };
  for (std::size_t y = 0; y < 20; y++) {
    for (std::size_t x = 0; x < 20; x++) {
      CHECK(areNear(at(100 - y, 60 - x), at(101 + y, 61 + x), 1e-6));
      CHECK(areNear(at(100 - y, 61 + x), at(101 + y, 60 - x), 1e-6));
    }
  }
  CHECK(areNear(static_cast<double>(*std::max_element(map.begin(), map.end())), at(100, 60), 1e-6));
  // The small map ends at column 30 + 3, which bilinear shows until column 68; the second Gaussian reaches 3 further.
  CHECK(at(100, 71) > 0.0 && at(100, 72) == 0.0);
}

TEST(grayPixelsOfThreeChannelsAreGray) {
  check::Numbers numbers(5);
  const std::vector<std::uint8_t> gray = numbers.bytes(33 * 17);
  std::vector<std::uint8_t> colours;
  for (const std::uint8_t value : gray) colours.insert(colours.end(), 3, value);
  CHECK(mapOf(gray, 33, 17, 1) == mapOf(colours, 33, 17, 3));
}

TEST(mapsOfAwkwardSizesHaveSumOneAndTheSameBitsAgain) {
  check::Numbers numbers(6);
  guided::MapMaker maker;
  for (const int height : {1, 2, 3, 5, 31, 64, 127, 129}) {
    for (const int width : {1, 2, 4, 7, 33, 128, 130}) {
      for (const int channels : {1, 3}) {
        const auto data = numbers.bytes(areaOf(height, width) * static_cast<std::size_t>(channels));
        std::vector<float> map(areaOf(height, width), -1.0f);
        maker.compute({data.data(), height, width, channels}, map.data());
        CHECK(*std::min_element(map.begin(), map.end()) >= 0.0f);
        CHECK(std::abs(sumOf(map) - 1.0) < 1e-6);
        CHECK(map == mapOf(data, height, width, channels));
      }
    }
  }
}

TEST(distancesByHand) {
  const std::vector<float> maps{3, 0, 0, 4, 3, 4};
  std::vector<double> matrix(9, -1.0);
  guided::fillDistances(maps.data(), 3, 2, 0, 3, matrix.data());
  CHECK(matrix == (std::vector<double>{0, 5, 4, 5, 0, 3, 4, 3, 0}));
}

TEST(distancesDependOnTwoMapsAlone) {
  check::Numbers numbers(7);
  for (const int size : {1, 7, 8, 9, 100, 1024}) {
    const int count = 11;
    const std::size_t floats = static_cast<std::size_t>(size);
    std::vector<float> maps(static_cast<std::size_t>(count) * floats);
    for (float& value : maps) value = static_cast<float>(numbers.uniform());
    std::vector<double> whole(static_cast<std::size_t>(count * count), -1.0);
    std::vector<double> parts = whole;
    guided::fillDistances(maps.data(), count, floats, 0, count, whole.data());
    for (const auto& [first, end] : {std::array{7, 11}, {0, 3}, {3, 7}}) {
      guided::fillDistances(maps.data(), count, floats, first, end, parts.data());
    }
    CHECK(whole == parts);
    for (int i = 0; i < count; i++) {
      for (int j = 0; j < count; j++) {
        const float* const a = maps.data() + static_cast<std::size_t>(i) * floats;
        const float* const b = maps.data() + static_cast<std::size_t>(j) * floats;
        double sum = 0.0;
        for (std::size_t k = 0; k < floats; k++) sum += std::pow(static_cast<double>(a[k]) - static_cast<double>(b[k]), 2);
        CHECK_EQUAL(whole[static_cast<std::size_t>(i * count + j)], guided::distance(b, a, floats));
        CHECK(areNear(guided::distance(a, b, floats), std::sqrt(sum), 1e-14));
      }
    }
  }
}

TEST(pairsByHand) {
  const std::vector<double> one{0};
  CHECK(guided::pairInOneCycle(one.data(), 1) == (std::vector<int>{0}));
  const std::vector<double> two{0, 3, 3, 0};
  CHECK(guided::pairInOneCycle(two.data(), 2) == (std::vector<int>{1, 0}));
  // 0 and 2 are the farthest apart: 0, 2, 1.
  const std::vector<double> three{0, 1, 5, 1, 0, 3, 5, 3, 0};
  CHECK(guided::pairInOneCycle(three.data(), 3) == (std::vector<int>{2, 0, 1}));
  // 1 and 2 are the farthest apart, so it begins at 1: 1, 2, then 0 (6) rather than 3 (5), then 3.
  const std::vector<double> four{0, 1, 6, 2, 1, 0, 9, 3, 6, 9, 0, 5, 2, 3, 5, 0};
  CHECK(guided::pairInOneCycle(four.data(), 4) == (std::vector<int>{3, 2, 0, 1}));
}

TEST(ofEqualDistancesTheFirstCounts) {
  const std::vector<double> zeros(16, 0.0);  // the diagonal does not count, however small the rest
  CHECK(guided::pairInOneCycle(zeros.data(), 4) == (std::vector<int>{1, 2, 3, 0}));
  // 7 stands at (0, 2) before it stands at (1, 3): 0, 2, then 3 (3) rather than 1 (2), then 1.
  const std::vector<double> four{0, 4, 7, 1, 4, 0, 2, 7, 7, 2, 0, 3, 1, 7, 3, 0};
  CHECK(guided::pairInOneCycle(four.data(), 4) == (std::vector<int>{2, 0, 3, 1}));
  // From 0 images 1 and 2 are equally far: 1 comes first.
  const std::vector<double> three{0, 5, 5, 5, 0, 1, 5, 1, 0};
  CHECK(guided::pairInOneCycle(three.data(), 3) == (std::vector<int>{1, 2, 0}));
}

TEST(pairsAreOneCycle) {
  check::Numbers numbers(8);
  for (int count = 1; count <= 50; count++) {
    std::vector<float> maps(static_cast<std::size_t>(count) * 9);
    for (float& value : maps) value = static_cast<float>(numbers.below(4));  // so that there are ties
    std::vector<double> matrix(static_cast<std::size_t>(count * count));
    guided::fillDistances(maps.data(), count, 9, 0, count, matrix.data());
    const std::vector<int> partners = guided::pairInOneCycle(matrix.data(), count);
    int steps = 0;
    int at = 0;
    do {
      at = partners[static_cast<std::size_t>(at)];
      steps++;
    } while (at != 0 && steps <= count);
    CHECK_EQUAL(steps, count);
    CHECK(partners == guided::pairInOneCycle(matrix.data(), count));
  }
}

TEST(ratiosByHand) {
  CHECK_EQUAL(guided::ratio(1.0f, 3.0f), 0.25);
  CHECK_EQUAL(guided::ratio(0.0f, 2.0f), 0.0);
  CHECK_EQUAL(guided::ratio(2.0f, 0.0f), 1.0);
  CHECK_EQUAL(guided::ratio(0.0f, 0.0f), 0.5);
  CHECK_EQUAL(guided::ratio(1e-30f, 3e-30f), 1e-30f / (double{1e-30f} + double{3e-30f}));
  const std::vector<float> target{1, 0, 2, 0};
  const std::vector<float> source{3, 2, 0, 0};
  CHECK_EQUAL(guided::meanRatio(target.data(), source.data(), 4), 1.75 / 4);
}

TEST(ratiosOfAPairAndTheSwappedPairAddToOne) {
  check::Numbers numbers(9);
  std::vector<float> a(77);
  std::vector<float> b(77);
  for (float& value : a) value = static_cast<float>(numbers.uniform());
  for (float& value : b) value = static_cast<float>(numbers.uniform());
  for (std::size_t i = 0; i < 77; i++) {
    CHECK(std::abs(guided::ratio(a[i], b[i]) + guided::ratio(b[i], a[i]) - 1.0) <= 0x1p-52);
  }
  const double mean = guided::meanRatio(a.data(), b.data(), 77);
  CHECK(std::abs(mean + guided::meanRatio(b.data(), a.data(), 77) - 1.0) < 1e-14);
  CHECK_EQUAL(mean, guided::meanRatio(a.data(), b.data(), 77));
}

TEST(anImageHasHalfOfItself) {
  check::Numbers numbers(10);
  const std::vector<float> map = mapOf(numbers.bytes(16 * 16), 16, 16, 1);
  CHECK_EQUAL(guided::meanRatio(map.data(), map.data(), map.size()), 0.5);
}
