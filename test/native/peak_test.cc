// The first peak of a fine-grained map, found without the map: it is that of the map, and no pixel of a cell has more than
// the cell's bounds. The same of spectral residual, whose first low is found without reading all of the map, too.
#include <algorithm>
#include <array>
#include <functional>
#include <vector>

#include "calls.h"
#include "check.h"
#include "core/saliency/fine_grained.h"
#include "cpu/backend.h"
#include "cpu/fine_grained_windows.h"
#include "cpu/levels.h"
#include "cuda/kernels/fine_grained_peak.h"
#include "device_on_host.h"
#include "images.h"
#include "parity.h"
#include "scenes.h"

using namespace saliencymix;
using cpu::FineGrainedCells;
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
  // The kernels for a card.
  CHECK(calls::findPeaks(device_on_host::backend(), batch, *findSaliencyMethod("fine-grained"), 1) == expected);
}

// The gray value of each pixel of an image.
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
      // A bright corner and a dark one on a checkerboard of two nearly equal grays.
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

// Not all of them fit (FineGrainedCells::fit).
constexpr std::array<int, 2> kShapes[] = {{128, 128}, {224, 224}, {64, 256},  {65, 253},  {257, 64},  {127, 130},
                                          {129, 127}, {255, 255}, {300, 97},  {640, 150}, {225, 223}, {256, 256},
                                          {131, 257}, {192, 226}, {63, 257},  {128, 127}, {200, 258}};

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
  int& searches = device_on_host::launches()[typeid(cuda::FindPeak).name()];
  const int before = searches;
  for (const auto& [height, width] : kShapes) {
    const Scenes scenes(numbers, check::quick() ? 1 : 6, height, width);
    comparePeaks(scenes.view());
  }
  CHECK(searches > before);
}

// Sides of as few pixels as a window has, and of no whole number of cells.
TEST(peaksOfNarrowImages) {
  check::Numbers numbers(55);
  for (const auto& [height, width] : std::array<std::array<int, 2>, 5>{{{12, 401}, {400, 13}, {11, 420}, {70, 71}, {66, 75}}}) {
    const Images images(numbers, 4, height, width, 3);
    comparePeaks(images.view());
    for (const Rule& rule : rules(numbers, height, width)) {
      const std::vector<std::uint8_t> image = draw(rule, height, width);
      comparePeaks({image.data(), 1, height, width, 1});
    }
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

// With and without a map.
void compareSpectralResidual(const BatchView& batch) {
  const SaliencyMethod& method = *findSaliencyMethod("spectral-residual");
  for (const cpu::Level& level : cpu::levels()) {
    if (!level.supported()) continue;
    const auto backend = cpuBackendAt(level);
    const parity::Found found(*backend, {batch}, method, true, {1, nullptr});
    parity::expectExtremes(found, batch);
    CHECK(calls::findPeaks(*backend, batch, method, 1) == found.peaks);
  }
}

// Some with fewer pixels than the 64 x 64 that the map is made of, or fewer rows or columns.
constexpr std::array<int, 2> kSpectralShapes[] = {{224, 224}, {64, 65}, {65, 64}, {64, 64}, {300, 97},  {20, 500},
                                                  {500, 20},  {1, 5000}, {5000, 1}, {3, 2000}, {129, 127}, {40, 41}};

}  // namespace

TEST(extremesOfSpectralResidual) {
  check::Numbers numbers(57);
  for (const auto& [height, width] : kSpectralShapes) {
    const Scenes scenes(numbers, check::quick() ? 2 : 12, height, width);
    compareSpectralResidual(scenes.view());
    const Images images(numbers, check::quick() ? 2 : 6, height, width, 3);
    compareSpectralResidual(images.view());
    for (const Rule& rule : rules(numbers, height, width)) {
      const std::vector<std::uint8_t> image = draw(rule, height, width);
      compareSpectralResidual({image.data(), 1, height, width, 1});
    }
  }
}

namespace {

// on and off of every pixel, with `gray` taken as the smoothed image.
struct Contrasts {
  const std::vector<std::uint8_t>& gray;
  std::vector<std::int64_t> integral;
  std::vector<int> on;
  std::vector<int> off;

  Contrasts(const std::vector<std::uint8_t>& image, const FineGrainedWindows& windows)
      : gray(image), integral(FineGrained::integralImage(image.data(), windows.height, windows.width)), on(image.size(), 0), off(image.size(), 0) {
    for (int i = 0; i < windows.count; i++) {
      FineGrained::addWindow(gray.data(), integral, windows.height, windows.width, windows.reach[i], on.data(), off.data());
    }
  }
};

// The bounds of one cell, computed as the vector code does.
struct CellBounds {
  int on = 0;
  int off = 0;
  int both = 0;

  void add(int minimum, int maximum, int mean, int moved) {
    const int above = std::max(FineGrainedCells::kSteps * (maximum + 1) + moved - mean, 0);
    const int below = std::max(mean + moved - FineGrainedCells::kSteps * (minimum + 1), 0);
    on += above;
    off += below;
    both += std::max(above, below);
  }
};

int meanAround(const Contrasts& contrasts, const FineGrainedWindows& windows, int window, int k, int j) {
  const int reach = windows.reach[window];
  const int shift = FineGrainedCells::shiftOf(reach);
  const FineGrained::Span rows = FineGrained::windowAround(FineGrainedCells::kSide * k - 1, reach, windows.height);
  const FineGrained::Span cols = FineGrained::windowAround(FineGrainedCells::kSide * j - 1, reach, windows.width);
  const auto part = [&](int row, int col) {
    const std::int64_t sum = contrasts.integral[static_cast<std::size_t>(row * (windows.width + 1) + col)] + std::int64_t{row} * col;
    return static_cast<std::uint16_t>(sum >> shift);
  };
  const auto sum = static_cast<std::uint16_t>(part(rows.end, cols.end) - part(rows.begin, cols.end) - part(rows.end, cols.begin) +
                                              part(rows.begin, cols.begin));
  const unsigned perRow = (unsigned{sum} * windows.cells.rows.perLength(window)[k]) >> 16;
  return static_cast<int>((perRow * windows.cells.cols.perLength(window)[j]) >> 16);
}

void compareBounds(const std::vector<std::uint8_t>& gray, const FineGrainedWindows& windows) {
  const Contrasts contrasts(gray, windows);
  const auto [minimum, maximum] = std::minmax_element(gray.begin(), gray.end());
  const int range = *maximum - *minimum;
  const FineGrainedCells& cells = windows.cells;
  bool within = true;
  for (int k = 0; k < FineGrainedCells::countOf(windows.height); k++) {
    for (int j = 0; j < FineGrainedCells::countOf(windows.width); j++) {
      std::vector<std::size_t> pixels;
      const int side = FineGrainedCells::kSide;
      for (int y = std::max(side * k - side / 2, 0); y < std::min(side * k + side / 2, windows.height); y++) {
        for (int x = std::max(side * j - side / 2, 0); x < std::min(side * j + side / 2, windows.width); x++) {
          pixels.push_back(static_cast<std::size_t>(y * windows.width + x));
        }
      }
      int darkest = 255;
      int brightest = 0;
      for (const std::size_t i : pixels) {
        darkest = std::min<int>(darkest, gray[i]);
        brightest = std::max<int>(brightest, gray[i]);
      }
      CellBounds bounds;
      for (int i = 0; i < windows.count; i++) {
        bounds.add(darkest, brightest, meanAround(contrasts, windows, i, k, j),
                   FineGrainedCells::movedSteps(range, cells.rows.moved(i)[k]) +
                       FineGrainedCells::movedSteps(range, cells.cols.moved(i)[j]));
      }
      for (const std::size_t i : pixels) {
        within = within && FineGrainedCells::minSteps(contrasts.on[i]) <= bounds.on &&
                 FineGrainedCells::minSteps(contrasts.off[i]) <= bounds.off &&
                 FineGrainedCells::minSteps(contrasts.on[i] + contrasts.off[i]) <= bounds.both;
      }
    }
  }
  CHECK(within);
}

// Those of the kernels for a card.
void compareCardBounds(const std::vector<std::uint8_t>& gray, int height, int width) {
  std::vector<int> on(gray.size(), 0);
  std::vector<int> off(gray.size(), 0);
  const std::vector<std::int64_t> exact = FineGrained::integralImage(gray.data(), height, width);
  for (const int reach : FineGrained::kReach) FineGrained::addWindow(gray.data(), exact, height, width, reach, on.data(), off.data());

  std::vector<std::uint8_t> plane(cuda::IntegralImages::planeBytes(height, width));
  alignas(16) static std::uint32_t sums[1 << 18];
  cuda::IntegralImages images{plane.data(), sums, 1, height, width};
  for (int y = 0; y < height; y++) {
    std::copy_n(gray.data() + y * width, width, plane.data() + y * images.planePitch());
  }
  device_on_host::HostQueue queue;
  queue.launch(cuda::SumColumns{images});
  queue.launch(cuda::SumRows{images});
  bool sameSums = true;
  for (int y = 0; y <= height; y++) {
    for (int x = 0; x <= width; x++) {
      const auto at = static_cast<std::size_t>(y * (width + 1) + x);
      sameSums = sameSums && images.sumsOf(0)[y * images.sumsPitch() + x] == static_cast<std::uint32_t>(exact[at]);
    }
  }
  CHECK(sameSums);
  cuda::PeakSearch search{images, nullptr, nullptr, nullptr};
  std::vector<cuda::PeakSearch::Cell> cells(static_cast<std::size_t>(search.cellsOfImage()));
  std::array<std::uint32_t, cuda::PeakSearch::kLimits> limits{};
  search.cells = cells.data();
  search.limits = limits.data();
  queue.launch(cuda::BoundCells{search});
  const auto [minimum, maximum] = std::minmax_element(gray.begin(), gray.end());
  CHECK_EQUAL(static_cast<int>(cuda::rangeOf(limits.data())), *maximum - *minimum);
  CHECK(static_cast<int>(limits[0]) <= *std::max_element(on.begin(), on.end()));
  CHECK(static_cast<int>(limits[1]) <= *std::max_element(off.begin(), off.end()));

  bool within = true;
  constexpr int kSide = cuda::PeakSearch::kSide;
  for (int y = 0; y < height; y++) {
    for (int x = 0; x < width; x++) {
      const auto cell = static_cast<std::size_t>(y / kSide * search.across() + x / kSide);
      const auto i = static_cast<std::size_t>(y * width + x);
      const cuda::MostOfCell most(cells[cell], cuda::rangeOf(limits.data()));
      within = within && static_cast<float>(on[i]) <= most.on && static_cast<float>(off[i]) <= most.off &&
               static_cast<float>(on[i] + off[i]) <= most.both;
    }
  }
  CHECK(within);
}

}  // namespace

TEST(noPixelOfACellHasMoreThanItsBoundsOnACard) {
  check::Numbers numbers(56);
  for (const auto& [height, width] : kShapes) {
    for (const Rule& rule : rules(numbers, height, width)) compareCardBounds(draw(rule, height, width), height, width);
  }
  for (const Rule& rule : rules(numbers, 12, 13)) compareCardBounds(draw(rule, 12, 13), 12, 13);
}

TEST(noPixelOfACellHasMoreThanItsBounds) {
  check::Numbers numbers(54);
  for (const auto& [height, width] : kShapes) {
    const auto tables = cpu::prepareFineGrained<32>(height, width);
    const auto& windows = *static_cast<const FineGrainedWindows*>(tables.get());
    CHECK((windows.cells.rows.values != nullptr) == FineGrainedCells::fit(height, width));
    if (!FineGrainedCells::fit(height, width)) continue;
    CHECK_EQUAL(windows.count, FineGrainedWindows::kWindows);
    for (const Rule& rule : rules(numbers, height, width)) compareBounds(draw(rule, height, width), windows);
  }
}
