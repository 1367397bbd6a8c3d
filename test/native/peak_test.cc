// The first peak of a fine-grained map, found without the map: that it is the map's, and that the estimates it is found by
// are as near as they claim.
#include <array>
#include <functional>
#include <vector>

#include "calls.h"
#include "check.h"
#include "core/saliency/fine_grained.h"
#include "cpu/backend.h"
#include "cpu/fine_grained_windows.h"
#include "cpu/levels.h"
#include "images.h"
#include "scenes.h"

using namespace saliencymix;
using cpu::FineGrainedEstimates;
using cpu::FineGrainedWindows;

namespace {

std::vector<Point> peaksOfMaps(const BatchView& batch) {
  std::vector<Point> peaks;
  for (int i = 0; i < batch.count; i++) {
    std::vector<float> map(batch.image(i).pixels());
    FineGrained::compute(batch.image(i), map.data());
    peaks.push_back(findExtreme(map.data(), batch.height, batch.width, Extreme::peak));
  }
  return peaks;
}

void comparePeaks(const BatchView& batch) {
  const std::vector<Point> expected = peaksOfMaps(batch);
  for (const cpu::Level& level : cpu::levels()) {
    if (!level.supported()) continue;
    CHECK(calls::findPeaks(*cpuBackendAt(level), batch, *findSaliencyMethod("fine-grained"), 1) == expected);
  }
}

// Gray images of a rule for each pixel.
using Rule = std::function<int(int y, int x)>;

std::vector<Rule> rules(check::Numbers& numbers, int height, int width) {
  const int row = numbers.below(height);
  const int col = numbers.below(width);
  const int step = 1 + numbers.below(30);
  return {
      [&numbers](int, int) { return 255 * numbers.below(2); },
      [](int, int) { return 255; },
      [](int, int) { return 0; },
      [row, col](int y, int x) { return y == row && x == col ? 255 : 0; },
      [row, col](int y, int x) { return y == row && x == col ? 0 : 255; },
      [row](int y, int) { return y < row ? 255 : 0; },
      [col](int, int x) { return x < col ? 0 : 255; },
      [step](int y, int x) { return (y / step + x / step) % 2 * 255; },
      [step](int y, int x) { return (y * step + x) % 256; },
      [width](int, int x) { return 255 * x / width; },
      // Two corners of which each is full in its own way, and one pixel off between them.
      [height, width](int y, int x) { return y < 12 && x < 12 ? 255 : y >= height - 12 && x >= width - 12 ? 0 : 128 + (y + x) % 2; },
      [&numbers, row, col](int y, int x) { return (y - row) * (y - row) + (x - col) * (x - col) < 400 ? 240 : numbers.below(60); },
  };
}

std::vector<std::uint8_t> draw(const Rule& rule, int height, int width) {
  std::vector<std::uint8_t> image;
  for (int y = 0; y < height; y++) {
    for (int x = 0; x < width; x++) image.push_back(static_cast<std::uint8_t>(rule(y, x)));
  }
  return image;
}

// The last ones do not fit.
constexpr std::array<int, 2> kShapes[] = {{128, 128}, {224, 224}, {64, 255},  {65, 253},  {257, 64}, {127, 130}, {129, 127},
                                          {255, 255}, {300, 97},  {640, 150}, {225, 223}, {256, 256}, {63, 255}, {128, 127}};

}  // namespace

TEST(peaksOfNoiseEdgesAndWaves) {
  check::Numbers numbers(51);
  for (const auto& [height, width] : kShapes) {
    for (const int channels : {1, 3}) {
      const Images images(numbers, check::quick() ? 2 : 8, height, width, channels);
      comparePeaks(images.view());
    }
  }
}

TEST(peaksOfScenes) {
  check::Numbers numbers(52);
  for (const auto& [height, width] : kShapes) {
    const Scenes scenes(numbers, check::quick() ? 1 : 6, height, width);
    comparePeaks(scenes.view());
  }
}

TEST(peaksOfRules) {
  check::Numbers numbers(53);
  for (const auto& [height, width] : kShapes) {
    for (const Rule& rule : rules(numbers, height, width)) {
      const std::vector<std::uint8_t> image = draw(rule, height, width);
      comparePeaks({image.data(), 1, height, width, 1});
    }
  }
}

namespace {

// What the vector code computes of every pixel, in plain numbers, against the definition: for c that is smooth already.
void compareEstimates(const std::vector<std::uint8_t>& gray, const FineGrainedWindows& windows) {
  const int height = windows.height;
  const int width = windows.width;
  const std::size_t size = gray.size();
  const auto at = [&](int y, int x) { return static_cast<std::size_t>(y) * static_cast<std::size_t>(width + 1) + static_cast<std::size_t>(x); };
  const std::vector<std::int64_t> integral = FineGrained::integralImage(gray.data(), height, width);
  const auto sumOfRaised = [&](int y, int x) { return integral[at(y, x)] + std::int64_t{y} * x; };
  std::vector<int> on(size, 0);
  std::vector<int> off(size, 0);
  std::vector<int> estimatedOn(size, 0);
  std::vector<int> estimatedOff(size, 0);
  for (int window = 0; window < windows.count; window++) {
    const int reach = windows.reach[window];
    const int shift = FineGrainedEstimates::shiftOf(reach);
    FineGrained::addWindow(gray.data(), integral, height, width, reach, on.data(), off.data());
    for (int y = 0; y < height; y++) {
      const FineGrained::Span rows = FineGrained::windowAround(y, reach, height);
      for (int x = 0; x < width; x++) {
        const FineGrained::Span cols = FineGrained::windowAround(x, reach, width);
        const auto part = [&](int row, int col) { return static_cast<std::uint16_t>(sumOfRaised(row, col) >> shift); };
        const auto sum = static_cast<std::uint16_t>(part(rows.end, cols.end) - part(rows.begin, cols.end) -
                                                    part(rows.end, cols.begin) + part(rows.begin, cols.begin));
        const std::size_t i = static_cast<std::size_t>(y * width + x);
        const unsigned mean = (unsigned{sum} * windows.estimates.row(window, y)[x]) >> 16;
        const int contrast = FineGrainedEstimates::kSteps * (gray[i] + 1) - static_cast<int>(mean);
        estimatedOn[i] += std::max(contrast, 0);
        estimatedOff[i] += std::max(-contrast, 0);
      }
    }
  }
  const auto bound = [&](int estimated) { return (estimated + windows.estimates.error) * 129.0 / 128.0; };
  bool within = true;
  for (std::size_t i = 0; i < size; i++) {
    within = within && FineGrainedEstimates::kSteps * on[i] <= bound(estimatedOn[i]) &&
             FineGrainedEstimates::kSteps * off[i] <= bound(estimatedOff[i]);
  }
  CHECK(within);
}

}  // namespace

TEST(estimatesAreWithinTheirError) {
  check::Numbers numbers(54);
  for (const auto& [height, width] : kShapes) {
    const auto tables = cpu::prepareFineGrained<32>(height, width);
    const auto& windows = *static_cast<const FineGrainedWindows*>(tables.get());
    CHECK((windows.estimates.factors != nullptr) == FineGrainedEstimates::fit(height, width));
    if (!FineGrainedEstimates::fit(height, width)) continue;
    CHECK_EQUAL(windows.count, FineGrainedWindows::kWindows);
    CHECK(windows.estimates.error <= 2 * FineGrainedEstimates::kSteps);  // few pixels are near the peak
    for (const Rule& rule : rules(numbers, height, width)) compareEstimates(draw(rule, height, width), windows);
  }
}
