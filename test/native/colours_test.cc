// Changed colours against the definition, step by step over all pixels in float64; and mixing with them.
#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "check.h"
#include "core/coloured_mix.h"

using namespace saliencymix;

namespace {

constexpr ColourDraw kNone{0, 0, 0, {0, 0, 0}};
const OutputFormat kPlanes{Layout::nchw, Dtype::float32, {123.675f, 116.28f, 103.53f}, {1 / 58.395f, 1 / 57.12f, 1 / 57.375f}};

enum Change { kBrightness, kContrast, kSaturation };
using Order = std::array<Change, 3>;

// Step by step, over all pixels. In the unit [0, 1], HWC.
std::vector<double> byDefinition(const std::vector<std::uint8_t>& bytes, const ColourDraw& draw,
                                 const Order& order = {kBrightness, kContrast, kSaturation}) {
  const double shares[] = {draw.brightness, draw.contrast, draw.saturation};
  std::vector<double> v(bytes.size());
  for (std::size_t i = 0; i < v.size(); i++) v[i] = bytes[i] / 255.0;
  const auto grey = [&](std::size_t i) { return 0.299 * v[i] + 0.587 * v[i + 1] + 0.114 * v[i + 2]; };
  for (const Change change : order) {
    double mean = 0;
    for (std::size_t i = 0; i < v.size(); i += 3) mean += grey(i) / (static_cast<double>(v.size()) / 3);
    for (std::size_t i = 0; i < v.size(); i += 3) {
      const double other = change == kBrightness ? 0.0 : change == kContrast ? mean : grey(i);
      for (std::size_t c = 0; c < 3; c++) v[i + c] += shares[change] * (other - v[i + c]);
    }
  }
  for (std::size_t i = 0; i < v.size(); i++) v[i] += draw.light[i % 3];
  return v;
}

ColourDraw drawn(check::Numbers& numbers) {
  const auto share = [&] { return (numbers.below(801) - 400) / 1000.0; };
  return {share(), share(), share(), {share() / 10, share() / 10, share() / 10}};
}

std::vector<float> coloured(const std::vector<std::uint8_t>& bytes, int height, int width, const ColourDraw& draw) {
  const ImageView image{bytes.data(), height, width, 3};
  std::vector<float> out(bytes.size());
  colourImage(image, colourMap(draw, meanColour(image)), out.data());
  return out;
}

bool near(double found, double expected, double tolerance) { return std::abs(found - expected) <= tolerance; }

}  // namespace

// Two pixels, (100, 200, 50) and (0, 0, 0): their greys are 153 and 0, the mean 76.5.
TEST(byHand) {
  const std::vector<std::uint8_t> bytes{100, 200, 50, 0, 0, 0};
  const auto changed = [&](const ColourDraw& draw) { return coloured(bytes, 1, 2, draw); };
  const std::vector<float> contrast = changed({0, 0.5, 0, {0, 0, 0}});
  CHECK(near(contrast[0], 88.25, 1e-4) && near(contrast[1], 138.25, 1e-4) && near(contrast[5], 38.25, 1e-4));
  const std::vector<float> saturation = changed({0, 0, 0.2, {0, 0, 0}});
  CHECK(near(saturation[0], 110.6, 1e-4) && near(saturation[1], 190.6, 1e-4) && near(saturation[3], 0, 1e-4));
  // Nothing is clamped: brightness by -3/2 gives 2.5 times the bytes, beyond 255, and light by -0.1 takes 25.5 away.
  const std::vector<float> bright = changed({-1.5, 0, 0, {0, 0, -0.1}});
  CHECK(near(bright[1], 500, 1e-4) && near(bright[2], 99.5, 1e-4) && near(bright[5], -25.5, 1e-4));
}

// In whichever order, as that changes nothing.
TEST(asDefined) {
  check::Numbers numbers(11);
  for (int round = 0; round < 200; round++) {
    const int height = 1 + numbers.below(9), width = 1 + numbers.below(9);
    const std::vector<std::uint8_t> bytes = numbers.bytes(static_cast<std::size_t>(height * width * 3));
    const ColourDraw draw = drawn(numbers);
    const std::vector<float> found = coloured(bytes, height, width, draw);
    Order order{kBrightness, kContrast, kSaturation};
    bool right = true;
    do {
      const std::vector<double> expected = byDefinition(bytes, draw, order);
      for (std::size_t i = 0; i < found.size(); i++) right = right && near(found[i], 255 * expected[i], 1e-4);
    } while (std::next_permutation(order.begin(), order.end()));
    CHECK(right);
  }
}

TEST(withoutAChangeTheBytes) {
  check::Numbers numbers(12);
  const std::vector<std::uint8_t> bytes = numbers.bytes(5 * 7 * 3);
  const std::vector<float> found = coloured(bytes, 5, 7, kNone);
  CHECK(std::equal(found.begin(), found.end(), bytes.begin(), [](float a, std::uint8_t b) { return a == static_cast<float>(b); }));
}

// Each pixel of a mixed image has its own image's colours: of a paste inside the box the source's; a blend of both; what is erased
// is the fill, unchanged, and exactly 0 where that is the mean.
TEST(mixedAsDefined) {
  check::Numbers numbers(13);
  constexpr int kSide = 6;
  constexpr std::size_t kImage = kSide * kSide * 3;
  const std::vector<std::uint8_t> bytes = numbers.bytes(2 * kImage);
  const BatchView batch{bytes.data(), 2, kSide, kSide, 3};
  std::vector<ColourDraw> draws{drawn(numbers), drawn(numbers)};
  std::vector<std::vector<double>> own;
  std::vector<ColourMap> maps;
  for (int i = 0; i < 2; i++) {
    const std::vector<std::uint8_t> one(bytes.begin() + i * static_cast<int>(kImage), bytes.begin() + (i + 1) * static_cast<int>(kImage));
    own.push_back(byDefinition(one, draws[static_cast<std::size_t>(i)]));
    maps.push_back(colourMap(draws[static_cast<std::size_t>(i)], meanColour(batch.image(i))));
  }
  const ColouredMixing mixing(batch, maps, kPlanes);
  const Box to{1, 2, 4, 5}, from{0, 3, 3, 6};
  for (const MixKind kind : {MixKind::keep, MixKind::paste, MixKind::blend, MixKind::erase}) {
    for (const int fill : {7, ~(124 | 116 << 8 | 104 << 16)}) {
      MixSample sample{};
      sample.target = 1;
      sample.source = 0;
      sample.kind = kind;
      sample.lambda = 0.3;
      sample.fill = fill;
      sample.boxes = {from, to};
      std::vector<float> memory(mixing.memoryLength());
      std::vector<float> out(kImage);
      mixing.mix(sample, memory.data(), out.data());
      for (int y = 0; y < kSide; y++) {
        for (int x = 0; x < kSide; x++) {
          for (int c = 0; c < 3; c++) {
            const auto at = [&](std::size_t i, int row, int col) { return own[i][static_cast<std::size_t>((row * kSide + col) * 3 + c)]; };
            const bool inside = y >= to.top && y < to.bottom && x >= to.left && x < to.right;
            double value = at(1, y, x);
            if (kind == MixKind::paste && inside) value = at(0, y - to.top + from.top, x - to.left + from.left);
            if (kind == MixKind::blend) value = 0.3 * at(1, y, x) + 0.7 * at(0, y, x);
            if (kind == MixKind::erase && inside) value = fill / 255.0;
            const float found = out[static_cast<std::size_t>((c * kSide + y) * kSide + x)];
            const double wanted = (255 * value - static_cast<double>(kPlanes.offset[c])) * static_cast<double>(kPlanes.scale[c]);
            if (kind == MixKind::erase && inside && fill < 0) CHECK_EQUAL(found, 0.0f);
            else CHECK(near(found, wanted, 1e-5));
          }
        }
      }
    }
  }
}

// By a mask of one row of cells: 1/4 of the target in the left half, all of it in the right one.
TEST(masksAsDefined) {
  check::Numbers numbers(14);
  const std::vector<std::uint8_t> bytes = numbers.bytes(2 * 2 * 4 * 3);
  const BatchView batch{bytes.data(), 2, 2, 4, 3};
  std::vector<ColourMap> maps;
  std::vector<std::vector<double>> own;
  for (int i = 0; i < 2; i++) {
    const ColourDraw draw = drawn(numbers);
    own.push_back(byDefinition({bytes.begin() + i * 24, bytes.begin() + (i + 1) * 24}, draw));
    maps.push_back(colourMap(draw, meanColour(batch.image(i))));
  }
  const OutputFormat plain{Layout::nhwc, Dtype::float32, {0, 0, 0}, {1 / 255.0f, 1 / 255.0f, 1 / 255.0f}};
  const ColouredMixing mixing(batch, maps, plain);
  const float weights[] = {0.25f, 1};
  std::vector<float> memory(mixing.memoryLength());
  std::vector<float> out(24);
  mixing.mix({0, 1, weights, nullptr, nullptr}, {1, 2}, {1, 1}, memory.data(), out.data());
  for (std::size_t i = 0; i < 24; i++) {
    const double share = i / 3 % 4 < 2 ? 0.25 : 1;
    CHECK(near(out[i], share * own[0][i] + (1 - share) * own[1][i], 1e-6));
  }
}
