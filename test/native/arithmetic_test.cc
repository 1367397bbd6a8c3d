// The arithmetic of kernels, some of which processor and graphics card share, against its definition.
#include <algorithm>
#include <cmath>
#include <limits>

#include "check.h"
#include "core/argmax.h"
#include "core/divide.h"
#include "core/fused_product.h"
#include "core/label_weight.h"
#include "core/mix_kinds.h"
#include "core/saliency/frequency_tuned.h"
#include "core/saliency/frequency_tuned_float.h"
#include "core/saliency/linear_of_srgb.h"
#include "core/place_sample.h"
#include "core/plan.h"
#include "kinds.h"

using namespace saliencymix;

TEST(dividingByAReciprocal) {
  check::Numbers numbers(71);
  const auto right = [](std::uint32_t a, std::uint32_t b) { return divide(a, b, reciprocalOf(b)) == a / b; };
  // The divisors of fine-grained saliency, around some of the quotients that it can have.
  bool all = true;
  for (std::uint32_t divisor = 1; divisor <= 224 * 224; divisor++) {
    for (const std::uint32_t quotient : {1u, 2u, 3u, 100u, 200u, 254u, 255u}) {
      all = all && right(quotient * divisor - 1, divisor) && right(quotient * divisor, divisor);
    }
  }
  CHECK(all);
  for (const std::uint32_t a : {0u, 1u, 0x7fffffffu, 0x80000000u, 0xfffffffeu, 0xffffffffu}) {
    for (const std::uint32_t b : {1u, 2u, 3u, 0x7fffffffu, 0x80000000u, 0xffffffffu}) CHECK(right(a, b));
  }
  for (int round = 0; round < 200'000; round++) {
    const auto a = static_cast<std::uint32_t>(numbers.next());
    const auto b = static_cast<std::uint32_t>(numbers.next() >> (32 + numbers.below(32)));
    CHECK(right(a, b == 0 ? 1 : b));
  }
}

// By hand, on two images of 2 x 3. The box covers the right column: of the target 6 of 8 is seen, of the source 3 of 4. What is
// negative or no number counts as 0.
TEST(labelsByWhatIsSeen) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float maps[] = {4, 2, 1, -5, nan, 1, 0, 1, 3, 0, 0, 0};
  const NhwcBatch<float> batch{maps, 2, 2, 3, 1};
  MixSample sample{};
  sample.source = 1;
  sample.kind = MixKind::paste;
  sample.lambda = 0.625;
  sample.boxes = {{0, 2, 2, 3}, {0, 2, 2, 3}};
  CHECK_EQUAL(labelWeight(sample, seenIn(batch, sample)), 0.5);
  sample.boxes = {{1, 0, 2, 2}, {1, 0, 2, 2}};  // nothing of the source is seen, all of the target
  CHECK_EQUAL(labelWeight(sample, seenIn(batch, sample)), 1.0);
  sample.boxes = {{0, 0, 2, 3}, {0, 0, 2, 3}};
  CHECK_EQUAL(labelWeight(sample, seenIn(batch, sample)), 0.0);
  const float nothing[12] = {};
  CHECK_EQUAL(labelWeight(sample, seenIn(NhwcBatch<float>{nothing, 2, 2, 3, 1}, sample)), 0.625);
  // A mask's values only tell what is of the object: one of three pixels of the target is covered, one of two of the source seen.
  const std::uint8_t masks[] = {9, 1, 0, 255, 0, 0, 0, 0, 7, 1, 0, 0};
  sample.boxes = {{1, 0, 2, 1}, {1, 0, 2, 1}};
  CHECK_EQUAL(labelWeight(sample, seenIn(NhwcBatch<std::uint8_t>{masks, 2, 2, 3, 1}, sample)), (2.0 / 3.0) / (2.0 / 3.0 + 0.5));
  // Kinds that show no part of a source keep their lambda.
  for (const MixKind kind : {MixKind::keep, MixKind::blend, MixKind::erase, MixKind::cut}) {
    sample.kind = kind;
    CHECK_EQUAL(labelWeight(sample, seenIn(NhwcBatch<std::uint8_t>{masks, 2, 2, 3, 1}, sample)), 0.625);
  }
  const auto isSeen = [&](MixKind kind, double target, double source) {
    sample.kind = kind;
    const Seen seen = seenIn(NhwcBatch<std::uint8_t>{masks, 2, 2, 3, 1}, sample);
    CHECK_EQUAL(seen.target, target);
    CHECK_EQUAL(seen.source, source);
  };
  isSeen(MixKind::keep, 1.0, 0.0);
  isSeen(MixKind::blend, 1.0, 1.0);
  isSeen(MixKind::erase, 2.0 / 3.0, 0.0);
  isSeen(MixKind::paste, 2.0 / 3.0, 0.5);
  // Half the rows and a third of the columns: of the source row 0 and column 0 are shown.
  sample.kind = MixKind::resize;
  sample.boxes = {{0, 0, 2, 3}, {0, 2, 1, 3}};
  const std::uint8_t corner[] = {1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 0, 0};
  CHECK_EQUAL(labelWeight(sample, seenIn(NhwcBatch<std::uint8_t>{corner, 2, 2, 3, 1}, sample)), (5.0 / 6.0) / (5.0 / 6.0 + 0.5));
}

TEST(nearestRowsAndColumnsAreRoundedDown) {
  check::Numbers numbers(74);
  const auto right = [](std::int64_t i, int length, int shown) {
    return Resize::nearest(static_cast<int>(i), length, shown) == i * length / shown;
  };
  bool all = true;
  for (int length = 1; length <= 70; length++) {
    for (int shown = 1; shown <= 70; shown++) {
      for (int i = 0; i < shown; i++) all = all && right(i, length, shown);
    }
  }
  CHECK(all);
  for (int round = 0; round < 200'000; round++) {
    const int length = std::max(1, static_cast<int>(numbers.next() >> (33 + numbers.below(31))));
    const int shown = std::max(1, static_cast<int>(numbers.next() >> (33 + numbers.below(31))));
    CHECK(right(numbers.below(shown), length, shown));
    CHECK(right(shown - 1, length, shown));
  }
  // i * length is one less than shown * shown, so the quotient lies just below a whole number: too close for float64 alone.
  for (int shown = 0x7ffffffe; shown > 1; shown /= 2) CHECK(right(shown - 1, shown + 1, shown));
}

TEST(keysFindTheFirstExtreme) {
  check::Numbers numbers(72);
  const float odd[] = {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                       -std::numeric_limits<float>::infinity(), -0.0f, 0.0f, std::numeric_limits<float>::denorm_min()};
  for (int round = 0; round < 3000; round++) {
    std::vector<float> map(static_cast<std::size_t>(1 + numbers.below(40)));
    for (float& value : map) {
      value = numbers.below(4) == 0 ? odd[numbers.below(6)] : static_cast<float>(numbers.below(7) - 3);
    }
    for (const Extreme extreme : {Extreme::peak, Extreme::low}) {
      std::uint64_t best = 0;
      for (std::size_t i = 0; i < map.size(); i++) {
        best = std::max(best, extremeKey(map[i], static_cast<std::uint32_t>(i), extreme));
      }
      CHECK_EQUAL(static_cast<int>(indexOfKey(best)), findExtreme(map.data(), 1, static_cast<int>(map.size()), extreme).col);
    }
  }
}

TEST(productsAreRoundedOnce) {
  // Half a unit of 1 or a little more, less or nothing: in double the little is lost.
  const float half = 0x1p-24f, little = 0x1p-23f, next = 1.0f + little;
  CHECK_EQUAL(productPlus(half * next, 1.0f - 0x1p-24f, 1.0f), next);
  CHECK_EQUAL(productPlus(-half * next, 1.0f - 0x1p-24f, -1.0f), -next);
  CHECK_EQUAL(productPlus(half * next, 1.0f - little, 1.0f), 1.0f);
  CHECK_EQUAL(productPlus(half * next, 1.0f - little, next), next);
  CHECK_EQUAL(productPlus(half, 1.0f, 1.0f), 1.0f);
  CHECK_EQUAL(productPlus(half, 1.0f, next), 1.0f + 2 * little);
  CHECK_EQUAL(productPlus(half, -1.0f, next), 1.0f);

  // Against the library's, which rounds twice in some (mingw's). Not a constant, which the compiler would compute itself.
  const volatile float one = 1.0f;
  if (std::fma(half * next, 1.0f - 0x1p-24f, one) != next) return;
  check::Numbers numbers(77);
  const auto number = [&](int bits) {
    const auto mantissa = static_cast<double>(numbers.next() >> (64 - bits)) + 1.0;
    return static_cast<float>(std::ldexp(numbers.below(2) == 0 ? mantissa : -mantissa, numbers.below(40) - 20 - bits));
  };
  bool all = true;
  for (int round = 0; round < 500'000; round++) {
    const float a = number(1 + numbers.below(24)), b = number(1 + numbers.below(24)), c = number(1 + numbers.below(24));
    all = all && productPlus(a, b, c) == std::fma(a, b, c);
  }
  CHECK(all);
}

TEST(cubeRoots) {
  double worst = 0.0;
  for (float t = 0.0088f; t < 1.06f; t = std::nextafter(t, 2.0f) + 1e-6f) {
    const double right = std::cbrt(static_cast<double>(t));
    worst = std::max(worst, std::fabs(static_cast<double>(frequencyTunedFloat::cubeRoot(t)) / right - 1.0));
  }
  CHECK(worst < 5.1e-7);
}

TEST(linearValuesInPieces) {
  const auto exact = FrequencyTuned::linearOfSrgb();
  const LinearOfSrgb linear;
  double worst = 0.0;
  for (std::size_t v = 1; v < 256; v++) worst = std::max(worst, std::fabs(static_cast<double>(linear.values[v]) / exact[v] - 1.0));
  CHECK(worst < 6e-7);
  CHECK(std::fabs(linear.values[0]) < 1e-12f);
}

// L, a and b of colours, less those of black.
TEST(coloursInFloat) {
  const auto linear = FrequencyTuned::linearOfSrgb();
  const LinearOfSrgb floats;
  double worst = 0.0;
  double highest = 0.0;
  for (std::size_t r = 0; r < 256; r += 5) {
    for (std::size_t g = 0; g < 256; g += 5) {
      for (std::size_t b = 0; b < 256; b += 5) {
        const FrequencyTuned::Lab expected = FrequencyTuned::labOfLinear(linear[r], linear[g], linear[b]);
        const auto found = frequencyTunedFloat::colourOfLinear(floats.values[r], floats.values[g], floats.values[b]);
        const double x = found.of[0], y = found.of[1], z = found.of[2];
        worst = std::max({worst, std::fabs(116.0 * y - 16.0 - expected[0]), std::fabs(500.0 * (x - y) - expected[1]),
                          std::fabs(200.0 * (y - z) - expected[2])});
        highest = std::max({highest, x, y, z});
        CHECK(std::fabs(frequencyTunedFloat::unitsOf(found.of[0]) / frequencyTunedFloat::kUnitsOfOne - x) <= 0x1p-23);
      }
    }
  }
  CHECK(worst < 5e-4);
  CHECK(highest * frequencyTunedFloat::kUnitsOfOne * frequencyTunedFloat::kInOneSum < 0x1p32);
}

// A graphics card places all samples at once.
TEST(samplesArePlacedInAnyOrder) {
  check::Numbers numbers(73);
  for (int round = 0; round < 300; round++) {
    std::vector<MixSample> samples(static_cast<std::size_t>(1 + numbers.below(12)));
    for (std::size_t i = 0; i < samples.size(); i++) {
      MixSample& sample = samples[i];
      kinds::drawKind(sample, numbers, 20, 30);
      sample.boxOwner = static_cast<int>(i);
      sample.from = {AnchorKind::given, {numbers.below(20), numbers.below(30)}, kFirstTie};
      sample.to = {numbers.below(2) == 0 ? AnchorKind::corresponding : AnchorKind::given, {numbers.below(20), numbers.below(30)}, kFirstTie};
      sample.lambda = numbers.uniform();
      if (i > 0 && numbers.below(2) == 0) sample.boxOwner = samples[i - 1].boxOwner;
    }
    std::vector<MixSample> backwards = samples;
    placeSamples(samples, 20, 30, BoxRule::shift);
    for (int i = static_cast<int>(backwards.size()) - 1; i >= 0; i--) placeSample(backwards.data(), i, 20, 30, BoxRule::shift);
    for (std::size_t i = 0; i < samples.size(); i++) {
      CHECK(samples[i].boxes.to == backwards[i].boxes.to && samples[i].boxes.from == backwards[i].boxes.from);
      CHECK_EQUAL(samples[i].lambda, backwards[i].lambda);
    }
  }
}
