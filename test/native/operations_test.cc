// Operations on images: values found by hand, and every level compared with the definition.
#include "core/operations/steps.h"

#include <algorithm>
#include <array>
#include <iostream>
#include <vector>

#include "check.h"
#include "cpu/backend.h"
#include "images.h"

using namespace saliencymix;
using namespace saliencymix::operations;

namespace {

using Pixels = std::vector<std::uint8_t>;

const TablePasses kPlain(kReference);

// The number of an operation.
template <class Operation>
int numberOf() {
  int number = 0;
  while (kOperations[static_cast<std::size_t>(number)].name != Operation::kName) number++;
  return number;
}

template <class Operation>
Pixels applied(const ImageView& image, double magnitude, Fill fill = {}, Point at = {}) {
  Pixels out(image.bytes());
  Operation::apply({kPlain, image, {magnitude, at}, fill, out.data()});
  return out;
}

}  // namespace

TEST(pixelsElsewhere) {
  const Pixels numbers{1, 2, 3, 4, 5, 6, 7, 8, 9};
  const ImageView image{numbers.data(), 3, 3, 1};
  CHECK(applied<TranslateX>(image, 1.9, {{20}}) == (Pixels{20, 1, 2, 20, 4, 5, 20, 7, 8}));
  CHECK(applied<TranslateY>(image, -1.0, {{20}}) == (Pixels{4, 5, 6, 7, 8, 9, 20, 20, 20}));
  // Row y shows what is (y + 1/2) * 1 + 1/2 to the right: one more column in each row.
  CHECK(applied<ShearX>(image, 1.0) == (Pixels{2, 3, 0, 6, 0, 0, 0, 0, 0}));
  CHECK(applied<ShearY>(image, 1.0) == (Pixels{4, 8, 0, 7, 0, 0, 0, 0, 0}));
  CHECK(applied<Rotate>(image, 90.0) == (Pixels{3, 6, 9, 2, 5, 8, 1, 4, 7}));
  CHECK(applied<Rotate>(image, -180.0) == (Pixels{9, 8, 7, 6, 5, 4, 3, 2, 1}));
  CHECK(applied<ShearX>(image, 1e300, {{20}}) == Pixels(9, 20));
  CHECK(applied<Cutout>(image, 3.0, {{20}}, {0, 2}) == (Pixels{1, 20, 20, 4, 5, 6, 7, 8, 9}));
  CHECK(applied<Cutout>(image, 1.0, {{20}}, {0, 2}) == numbers);
}

TEST(valuesByThemselves) {
  const Pixels numbers{0, 1, 100, 127, 128, 255};
  const ImageView image{numbers.data(), 2, 3, 1};
  CHECK(applied<Brightness>(image, 0.5) == (Pixels{0, 1, 150, 190, 192, 255}));
  CHECK(applied<Posterize>(image, 1.9) == (Pixels{0, 0, 0, 0, 128, 128}));
  CHECK(applied<Solarize>(image, 127.5) == (Pixels{0, 1, 100, 127, 127, 0}));
  CHECK(applied<Invert>(image, 3.0) == (Pixels{255, 254, 155, 128, 127, 0}));
  // The mean is 611 / 6 = 101.8, so about 102; half-way to it.
  CHECK(applied<Contrast>(image, -0.5) == (Pixels{51, 51, 101, 114, 115, 178}));
}

TEST(colorsAndNeighbours) {
  const Pixels red{200, 0, 0};
  const ImageView pixel{red.data(), 1, 1, 3};
  // Its gray is (19595 * 200 + 32768) / 65536 = 60.
  CHECK(applied<operations::Color>(pixel, -1.0) == Pixels(3, 60));
  CHECK(applied<operations::Color>(pixel, -0.5) == (Pixels{130, 30, 30}));
  CHECK(applied<operations::Color>(pixel, 1.0) == (Pixels{255, 0, 0}));
  Pixels dot(25, 0);
  dot[12] = 130;
  const ImageView image{dot.data(), 5, 5, 1};
  Pixels smooth(25, 0);
  for (const std::size_t i : {6u, 7u, 8u, 11u, 13u, 16u, 17u, 18u}) smooth[i] = 10;
  smooth[12] = 50;
  CHECK(applied<Sharpness>(image, -1.0) == smooth);
  CHECK(applied<Sharpness>(image, 0.0) == dot);
}

TEST(stretchedAndEqualized) {
  const Curve stretched = AutoContrast::curve({50, 101});
  CHECK_EQUAL(stretched.of[50], 0);
  CHECK_EQUAL(stretched.of[51], 5);
  CHECK_EQUAL(stretched.of[101], 255);
  CHECK_EQUAL(stretched.of[10], 0);
  CHECK_EQUAL(AutoContrast::curve({9, 9}).of[200], 200);
  // 1000 of 10, 530 of 20, 100 of 30: the step is (1630 - 100) / 255 = 6.
  Counts counts{};
  counts.of[10] = 1000;
  counts.of[20] = 530;
  counts.of[30] = 100;
  const Curve equal = Equalize::curve(counts);
  CHECK_EQUAL(equal.of[10], 0);
  CHECK_EQUAL(equal.of[20], 167);
  CHECK_EQUAL(equal.of[30], 255);
  Counts few{};
  few.of[3] = few.of[4] = 200;
  CHECK_EQUAL(Equalize::curve(few).of[4], 4);
}

namespace {

// Usual magnitudes of all operations, and some that are not.
double anyMagnitude(check::Numbers& numbers) {
  const double units[] = {0.01, 0.3, 1.0, 10.0, 100.0, 1e5};
  return (numbers.below(2001) - 1000) * 1e-3 * units[numbers.below(6)];
}

std::vector<Step> anySteps(check::Numbers& numbers, const BatchView& batch, int each) {
  std::vector<Step> steps;
  for (int i = 0; i < batch.count * each; i++) {
    const Point at{numbers.below(batch.height), numbers.below(batch.width)};
    steps.push_back({numbers.below(static_cast<int>(kOperations.size())), {anyMagnitude(numbers), at}});
  }
  return steps;
}

void compareLevels(check::Numbers& numbers, int count, int height, int width, int threads) {
  const Images images(numbers, count, height, width, numbers.below(3) == 0 ? 1 : 3);
  const BatchView& batch = images.view();
  const std::vector<Step> steps = anySteps(numbers, batch, 1 + numbers.below(3));
  const Fill fill{{static_cast<std::uint8_t>(numbers.below(2) * 33), static_cast<std::uint8_t>(numbers.below(2) * 99), 0}};
  const std::size_t size = static_cast<std::size_t>(count) * batch.image(0).bytes();
  Pixels expected(size + 128, 0xcd);
  const Job job{batch, steps, fill, expected.data() + 64};
  Steps reference(kPlain, job);
  for (int i = 0; i < count; i++) reference.apply(i);
  for (const cpu::Level& level : cpu::levels()) {
    if (!level.supported()) continue;
    Pixels out(size + 128, 0xcd);
    cpuBackendAt(level)->applyOperations({{batch}, steps, fill, {out.data() + 64}}, {threads, nullptr});
    CHECK(out == expected);
  }
}

}  // namespace

namespace {

// Every operation on images of a shape: each level, between bytes that have to stay.
void compareOperations(check::Numbers& numbers, int height, int width, int channels) {
  for (std::size_t number = 0; number < kOperations.size(); number++) {
    const Images images(numbers, 1, height, width, channels);
    const ImageView image = images.view().image(0);
    const std::vector<Step> steps{{static_cast<int>(number), {anyMagnitude(numbers), {height / 2, width / 3}}}};
    const Fill fill{{7, static_cast<std::uint8_t>(numbers.below(2) == 0 ? 7 : 9), 7}};
    Pixels expected(image.bytes() + 128, 0xcd);
    kOperations[number].apply({kPlain, image, steps[0].setting, fill, expected.data() + 64});
    for (const cpu::Level& level : cpu::levels()) {
      if (!level.supported()) continue;
      Pixels out(expected.size(), 0xcd);
      cpuBackendAt(level)->applyOperations({{images.view()}, steps, fill, {out.data() + 64}}, {1, nullptr});
      CHECK(out == expected);
      if (out == expected) continue;
      std::cerr << level.name << ", " << kOperations[number].name << " by " << steps[0].setting.magnitude << ": " << height
                << " x " << width << " x " << channels << "\n";
    }
  }
}

}  // namespace

TEST(everyOperationAtEveryLevel) {
  check::Numbers numbers(41);
  for (int width = 1; width <= 140; width++) {
    for (const int channels : {1, 3}) {
      for (int round = 0; round < 3; round++) compareOperations(numbers, 1 + numbers.below(40), width, channels);
    }
  }
  for (const auto& [height, width] : {std::pair{1, 3000}, {3, 3000}, {3000, 1}, {700, 5}, {33, 1201}, {224, 224}}) {
    for (int round = 0; round < 4; round++) compareOperations(numbers, height, width, 3);
    compareOperations(numbers, height, width, 1);
  }
}

// The sums of quotients by which rows are cut are right at every angle.
TEST(everyAngleAndShear) {
  check::Numbers numbers(43);
  const Images images(numbers, 1, 45, 61, 3);
  for (const int number : {numberOf<Rotate>(), numberOf<ShearX>(), numberOf<ShearY>()}) {
    for (int i = -1500; i <= 1500; i++) {
      const std::vector<Step> steps{{number, {number == numberOf<Rotate>() ? i * 0.25 : i * 2e-3, {}}}};
      Pixels expected(images.view().image(0).bytes());
      kOperations[static_cast<std::size_t>(number)].apply(
          {kPlain, images.view().image(0), steps[0].setting, {{1, 2, 3}}, expected.data()});
      for (const cpu::Level& level : cpu::levels()) {
        if (!level.supported()) continue;
        Pixels out(expected.size());
        cpuBackendAt(level)->applyOperations({{images.view()}, steps, {{1, 2, 3}}, {out.data()}}, {1, nullptr});
        CHECK(out == expected);
      }
    }
  }
}

TEST(stepsOfABatch) {
  check::Numbers numbers(42);
  for (const int threads : {1, 2, 5}) {
    for (int round = 0; round < 30; round++) compareLevels(numbers, 1 + numbers.below(9), 33, 31, threads);
    compareLevels(numbers, 3, 1, 1, threads);
    compareLevels(numbers, 2, 224, 224, threads);
  }
}

TEST(identitiesAreSkipped) {
  const Pixels numbers{1, 2, 3};
  const std::vector<Step> steps{{numberOf<Identity>(), {}}, {numberOf<Invert>(), {}}, {numberOf<Identity>(), {}},
                                {numberOf<TranslateX>(), {1.0, {}}}};
  Pixels out(3);
  const Job job{{numbers.data(), 1, 1, 3, 1}, steps, {{5}}, out.data()};
  Steps(kPlain, job).apply(0);
  CHECK(out == (Pixels{5, 254, 253}));
}
