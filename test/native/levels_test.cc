// Every level of vector code against the scalar reference, over awkward shapes, and against the other levels.
#include <array>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <memory>

#include "calls.h"
#include "check.h"
#include "cpu/backend.h"
#include "cpu/cache_size.h"
#include "images.h"
#include "kinds.h"
#include "parity.h"

using namespace saliencymix;

namespace {

std::vector<std::unique_ptr<Backend>> vectorLevels() {
  std::vector<std::unique_ptr<Backend>> backends;
  for (const cpu::Level& level : cpu::levels()) {
    if (level.supported() && std::strcmp(level.name, "scalar") != 0) backends.push_back(cpuBackendAt(level));
  }
  return backends;
}

std::unique_ptr<Backend> scalarLevel() { return cpuBackendAt(cpu::levels().back()); }

bool sameBits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

void compareLevels(const BatchView& batch, const SaliencyMethod& method, int threads) {
  const parity::Found reference(*scalarLevel(), {batch}, method);
  std::vector<float> first;
  for (const auto& level : vectorLevels()) {
    parity::Found found(*level, {batch}, method, true, {threads, nullptr});
    parity::expectNear(method, reference.maps, found.maps);
    parity::expectExtremes(found, batch);
    CHECK(calls::findPeaks(*level, batch, method, threads) == found.peaks);
    if (first.empty()) first = std::move(found.maps);
    else CHECK(sameBits(first, found.maps));
  }
}

void compareShape(check::Numbers& numbers, int count, int height, int width, int threads) {
  const Images images(numbers, count, height, width, numbers.below(2) == 0 ? 1 : 3);
  for (const SaliencyMethod& method : kSaliencyMethods) compareLevels(images.view(), method, threads);
}

}  // namespace

TEST(levelsAreListedBestFirst) {
  CHECK(cpu::levels().size() >= 1);
  CHECK(std::strcmp(cpu::levels().back().name, "scalar") == 0);
  CHECK(cpu::levels().back().supported());
  CHECK_EQUAL(cpu::chosenLevel().problem.size(), std::size_t{0});
}

TEST(everyWidthMod64) {
  check::Numbers numbers(31);
  for (int width = 1; width <= 130; width++) compareShape(numbers, 2, 1 + numbers.below(40), width, 1);
}

// Widths around the ends of registers with few rows, and with bands of rows.
TEST(endsOfRegisters) {
  check::Numbers numbers(41);
  for (const int width : {15, 16, 17, 31, 32, 33, 47, 48, 49, 63, 64, 65}) {
    for (int height = 1; height <= 6; height++) compareShape(numbers, 1, height, width, 1);
    compareShape(numbers, 1, 32 + numbers.below(20), width, 3);
  }
}

TEST(everyHeightMod64) {
  check::Numbers numbers(32);
  for (int height = 1; height <= 66; height++) compareShape(numbers, 1, height, 1 + numbers.below(70), 1);
}

TEST(awkwardShapes) {
  check::Numbers numbers(33);
  for (const auto& [count, height, width] :
       {std::array{1, 1, 1}, {3, 1, 2}, {3, 2, 1}, {2, 1, 640}, {2, 640, 1}, {1, 480, 640}, {1, 640, 480}, {1, 224, 224},
        {1, 225, 223}, {1, 113, 112}, {1, 112, 113}, {1, 12, 300}, {1, 300, 12}, {1, 13, 24}, {1, 24, 25}, {1, 57, 56},
        {1, 250, 250}, {300, 9, 11}, {130, 32, 32}, {5, 64, 64}}) {
    compareShape(numbers, count, height, width, 1);
    compareShape(numbers, count, height, width, 2);
  }
}

// Few images on many threads are cut into bands of rows.
TEST(bandsOfRows) {
  check::Numbers numbers(34);
  for (const int threads : {2, 3, 5, 16}) {
    for (const auto& [count, height, width] :
         {std::array{1, 224, 224}, {2, 100, 37}, {1, 33, 64}, {3, 48, 48}, {1, 300, 20}}) {
      compareShape(numbers, count, height, width, threads);
    }
  }
}

// Images as wide as a register of AVX-512 have code of their own, up to a height of 48.
TEST(widthOfCifar) {
  check::Numbers numbers(39);
  for (int height = 1; height <= 60; height++) {
    for (const int threads : {1, 3}) compareShape(numbers, 1 + height % 2, height, 32, threads);
  }
}

// Images of two colours, one of them rare: so the error of a colour does not average out.
TEST(imagesOfTwoColours) {
  constexpr int kCount = 64;
  constexpr int kSide = 16;
  check::Numbers numbers(40);
  for (int round = 0; round < 20; round++) {
    std::vector<std::uint8_t> bytes;
    for (int i = 0; i < kCount; i++) {
      std::array<std::array<std::uint8_t, 3>, 2> colours;
      for (auto& colour : colours) {
        for (std::uint8_t& value : colour) value = static_cast<std::uint8_t>(numbers.below(256));
      }
      const int edge = 1 + numbers.below(kSide * kSide / 2);
      for (int p = 0; p < kSide * kSide; p++) {
        const auto& colour = colours[p < edge ? 0 : 1];
        bytes.insert(bytes.end(), colour.begin(), colour.end());
      }
    }
    for (const SaliencyMethod& method : kSaliencyMethods) compareLevels({bytes.data(), kCount, kSide, kSide, 3}, method, 2);
  }
}

// The areas that have no exact reciprocal; see fine_grained_windows.h.
TEST(areasThatMustBeDivided) {
  check::Numbers numbers(35);
  // 215 x 219 = 47 085, 215 x 220 = 47 300 and 215 x 222 = 47 730, 221 x 220 = 48 620, 222 x 223 = 49 506
  for (const auto& [height, width] : {std::array{215, 219}, {215, 222}, {221, 220}, {222, 223}}) {
    for (int round = 0; round < 3; round++) compareShape(numbers, 1, height, width, 1);
  }
}

TEST(extremesAndTies) {
  check::Numbers numbers(36);
  for (const auto& level : vectorLevels()) {
    for (int round = 0; round < 400; round++) {
      const int height = 1 + numbers.below(12);
      const int width = 1 + numbers.below(90);
      std::vector<float> map(static_cast<std::size_t>(height * width) + 1);
      for (float& value : map) value = static_cast<float>(numbers.below(round % 2 == 0 ? 4 : 1000)) - 2.0f;
      const float odd[] = {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), -0.0f};
      if (round % 5 == 0) map[static_cast<std::size_t>(1 + numbers.below(height * width))] = odd[numbers.below(3)];
      for (const Extreme extreme : {Extreme::peak, Extreme::low}) {
        for (const double u : {kFirstTie, 0.0, 0.37, 0.999}) {
          Point found{};
          AnchorRequest request{0, extreme, u, &found};
          const BatchView batch{nullptr, 1, height, width, 1};
          calls::findAnchors(*level, batch, nullptr, map.data() + 1, {&request, 1}, {1, nullptr});
          CHECK(found == findExtreme(map.data() + 1, height, width, extreme, u));
        }
      }
    }
  }
}

namespace {

std::vector<MixSample> mixedSamples(check::Numbers& numbers, int count, int height, int width) {
  std::vector<MixSample> samples;
  for (int i = 0; i < count; i++) {
    MixSample sample{};
    sample.target = i;
    sample.source = numbers.below(count);
    kinds::drawKind(sample, numbers, height, width);
    sample.boxOwner = i;
    sample.from = {AnchorKind::given, {numbers.below(height), numbers.below(width)}, kFirstTie};
    sample.to = {AnchorKind::given, {numbers.below(height), numbers.below(width)}, kFirstTie};
    sample.lambda = numbers.below(8) == 0 ? numbers.below(2) : numbers.uniform();
    sample.fill = kinds::drawFill(numbers);
    samples.push_back(sample);
  }
  placeSamples(samples, height, width, numbers.below(2) == 0 ? BoxRule::clip : BoxRule::shift);
  return samples;
}

void compareMixing(check::Numbers& numbers, int count, int height, int width, int threads) {
  const Images images(numbers, count, height, width, numbers.below(3) == 0 ? 1 : 3);
  const BatchView& batch = images.view();
  const NhwcBatch<std::uint8_t> planes{batch.data, count, height, width, batch.channels};
  const std::vector<MixSample> samples = mixedSamples(numbers, count, height, width);
  for (const Layout layout : {Layout::nhwc, Layout::nchw}) {
    for (const Dtype dtype : {Dtype::uint8, Dtype::float32, Dtype::float16}) {
      const OutputFormat format = parity::formatOf(numbers, layout, dtype);
      const std::size_t size = static_cast<std::size_t>(count) * batch.image(0).bytes() * bytesPerValue(dtype);
      std::vector<std::uint8_t> expected(size);
      calls::mix(*scalarLevel(), planes, samples, format, expected.data(), {1, nullptr});
      for (const auto& level : vectorLevels()) {
        const std::size_t shift = static_cast<std::size_t>(numbers.below(20)) * 4;
        std::vector<std::uint8_t> out(size + 256, 0xcd);
        calls::mix(*level, planes, samples, format, out.data() + shift, {threads, nullptr});
        CHECK(std::memcmp(out.data() + shift, expected.data(), size) == 0);
        for (std::size_t i = 0; i < shift; i++) CHECK_EQUAL(out[i], 0xcd);
        for (std::size_t i = shift + size; i < out.size(); i++) CHECK_EQUAL(out[i], 0xcd);
      }
    }
  }
}

}  // namespace

TEST(mixingAndConverting) {
  check::Numbers numbers(37);
  for (int width = 1; width <= 130; width++) compareMixing(numbers, 3, 1 + numbers.below(9), width, 1);
  for (const int threads : {1, 3}) {
    compareMixing(numbers, 300, 5, 7, threads);
    compareMixing(numbers, 1, 64, 700, threads);
    compareMixing(numbers, 2, 3, 1500, threads);
  }
}

namespace {

// Samples that need a peak or a low of their source, a few one of their target too, and some that need none. From source to
// target they form chains of any length, some of which return to their first image and some to another one.
std::vector<MixSample> askingSamples(check::Numbers& numbers, int count) {
  std::vector<MixSample> samples;
  for (int i = 0; i < count; i++) {
    MixSample sample{};
    sample.target = i;
    sample.source = numbers.below(4) == 0 ? numbers.below(count) : (i * 5 + 3) % count;
    sample.kind = numbers.below(6) == 0 ? MixKind::keep : MixKind::paste;
    sample.boxOwner = i;
    sample.from = {numbers.below(5) == 0 ? AnchorKind::low : AnchorKind::peak, {0, 0}, kFirstTie};
    sample.to = {numbers.below(5) == 0 ? AnchorKind::peak : AnchorKind::corresponding, {0, 0}, kFirstTie};
    sample.lambda = numbers.uniform();
    samples.push_back(sample);
  }
  return samples;
}

// Anchors found and samples mixed in one call, against answering one request and mixing one sample after the other.
void compareFindingAndMixing(check::Numbers& numbers, int count, int height, int width, int threads) {
  const Images images(numbers, count, height, width, 3);
  const BatchView& batch = images.view();
  const NhwcBatch<std::uint8_t> planes{batch.data, count, height, width, batch.channels};
  const SaliencyMethod& method = *findSaliencyMethod("fine-grained");
  const OutputFormat format = parity::formatOf(numbers, Layout::nhwc, Dtype::uint8);
  const std::vector<MixSample> asking = askingSamples(numbers, count);

  std::vector<MixSample> placed = asking;
  for (const AnchorRequest& request : anchorRequests(placed)) {
    std::vector<float> map(batch.image(0).pixels());
    method.compute(batch.image(request.image), map.data());
    *request.found = findExtreme(map.data(), height, width, request.extreme, request.u);
  }
  placeSamples(placed, height, width, BoxRule::shift);
  std::vector<std::uint8_t> expected(static_cast<std::size_t>(count) * batch.image(0).bytes());
  calls::mix(*scalarLevel(), planes, placed, format, expected.data(), {1, nullptr});

  for (const auto& level : vectorLevels()) {
    std::vector<MixSample> found = asking;
    std::vector<std::uint8_t> out(expected.size(), 0xcd);
    level->mix({{batch}, found, Placing{BoxRule::shift, &method, nullptr}, format, {out.data()}}, {threads, nullptr});
    CHECK(out == expected);
    for (std::size_t i = 0; i < found.size(); i++) CHECK_EQUAL(found[i].lambda, placed[i].lambda);
  }
}

}  // namespace

// Images of over 32 KB are ordered in chains (orderInChains in mixing.cc), smaller ones are not.
TEST(findingAndMixingInOneCall) {
  check::Numbers numbers(38);
  for (const int threads : {1, 2, 5}) {
    for (const int count : {1, 2, 3, 7, 12, 16}) {
      compareFindingAndMixing(numbers, count, 104, 106, threads);
      compareFindingAndMixing(numbers, count, 30, 34, threads);
    }
  }
  compareFindingAndMixing(numbers, 9, 128, 131, 2);
}

namespace {

std::vector<CropFlip> randomDraws(check::Numbers& numbers, int count, int height, int width) {
  constexpr std::int32_t kExtremes[] = {std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max()};
  std::vector<CropFlip> draws;
  for (int i = 0; i < count; i++) {
    const auto shift = [&](int length) {
      return numbers.below(30) == 0 ? kExtremes[numbers.below(2)] : numbers.below(2 * length + 5) - length - 2;
    };
    draws.push_back({shift(height), shift(width), numbers.below(2) == 0});
  }
  return draws;
}

void compareCropFlip(check::Numbers& numbers, int count, int height, int width, int threads) {
  const Images images(numbers, count, height, width, numbers.below(3) == 0 ? 1 : 3);
  const BatchView& batch = images.view();
  const std::vector<CropFlip> draws = randomDraws(numbers, count, height, width);
  const std::size_t size = static_cast<std::size_t>(count) * batch.image(0).bytes();
  std::vector<std::uint8_t> expected(size + 128, 0xcd);
  cropFlip(batch, draws, expected.data() + 64);
  for (const cpu::Level& level : cpu::levels()) {
    if (!level.supported()) continue;
    std::vector<std::uint8_t> out(size + 128, 0xcd);
    cpuBackendAt(level)->cropFlip({batch}, draws, {out.data() + 64}, {threads, nullptr});
    CHECK(out == expected);
  }
}

}  // namespace

TEST(randomNumbers) {
  check::Numbers numbers(71);
  for (std::size_t count = 1; count <= 70; count++) {
    RandomRun run{};
    for (std::uint32_t& word : run.counter) word = static_cast<std::uint32_t>(numbers.next());
    for (std::uint32_t& word : run.key) word = static_cast<std::uint32_t>(numbers.next());
    std::vector<std::uint32_t> expected(4 * count + 2, 7);
    drawSamples(run, count, expected.data() + 1);
    for (const cpu::Level& level : cpu::levels()) {
      if (!level.supported()) continue;
      std::vector<std::uint32_t> found(4 * count + 2, 7);
      level.kernels->drawSamples(run, count, found.data() + 1);
      CHECK(found == expected);
    }
  }
}

TEST(croppingAndFlipping) {
  check::Numbers numbers(40);
  for (int width = 1; width <= 70; width++) {
    for (int round = 0; round < 4; round++) compareCropFlip(numbers, 12, 1 + numbers.below(40), width, 1 + round % 2);
  }
  for (int count = 1; count <= 300; count += 23) compareCropFlip(numbers, count, 33, 31, 1 + count % 3);
  for (const int threads : {1, 2, 5}) {  // bands of rows
    for (int round = 0; round < 20; round++) compareCropFlip(numbers, 1, 100, 90, threads);
  }
}

// Large results are written past the cache, to addresses that are aligned or not.
TEST(streamedResults) {
  check::Numbers numbers(38);
  CHECK(cpu::cacheShareBytes() > 0 && cpu::cacheShareBytes() <= std::size_t{32} << 20);
  for (const int width : {1, 5, 15, 16, 17, 63, 64, 96, 224, 700}) {
    const int height = 1 + numbers.below(40);
    const Images images(numbers, 2, height, width, 3);
    const BatchView& batch = images.view();
    const NhwcBatch<std::uint8_t> planes{batch.data, 2, height, width, 3};
    const std::vector<MixSample> samples = mixedSamples(numbers, 2, height, width);
    for (const Dtype dtype : {Dtype::uint8, Dtype::float32, Dtype::float16}) {
      const OutputFormat format = parity::formatOf(numbers, dtype == Dtype::uint8 ? Layout::nhwc : Layout::nchw, dtype);
      const std::size_t size = batch.image(0).bytes() * bytesPerValue(dtype);
      std::vector<std::uint8_t> expected(2 * size);
      calls::mix(*scalarLevel(), planes, samples, format, expected.data(), {1, nullptr});
      for (const cpu::Level& level : cpu::levels()) {
        if (!level.supported()) continue;
        const std::size_t shift = static_cast<std::size_t>(numbers.below(20)) * 4;
        std::vector<std::uint8_t> out(size + 256, 0xcd);
        level.kernels->mix(planes, samples[1], {format, out.data() + shift, true}, {0, height});
        CHECK(std::memcmp(out.data() + shift, expected.data() + size, size) == 0);
        for (std::size_t i = 0; i < out.size(); i++) CHECK((i >= shift && i < shift + size) || out[i] == 0xcd);
      }
    }
  }
}

TEST(blendingEveryPairOfBytes) {
  check::Numbers numbers(39);
  std::vector<std::uint8_t> data(2 * 256 * 256);
  for (std::size_t i = 0; i < 256 * 256; i++) {
    data[i] = static_cast<std::uint8_t>(i);
    data[256 * 256 + i] = static_cast<std::uint8_t>(i >> 8);
  }
  const NhwcBatch<std::uint8_t> planes{data.data(), 2, 256, 256, 1};
  const OutputFormat format{Layout::nhwc, Dtype::uint8, {}, {}};
  for (const double lambda : {0.0, 0.5, 0.25, 1.0 / 3, 0.001953125, numbers.uniform(), numbers.uniform(), 1.0}) {
    MixSample sample{};
    sample.source = 1;
    sample.kind = MixKind::blend;
    sample.lambda = lambda;
    for (const auto& level : vectorLevels()) {
      std::vector<std::uint8_t> out(256 * 256);
      calls::mix(*level, planes, {&sample, 1}, format, out.data(), {1, nullptr});
      bool right = true;
      for (std::size_t i = 0; i < out.size(); i++) right = right && out[i] == Blend::blendPixel(lambda, data[i], data[i + 256 * 256]);
      CHECK(right);
    }
  }
}
