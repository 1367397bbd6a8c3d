// The cuda backend on a card. scripts/gpu-tests.mjs builds and runs it; arguments as check.h has them, e.g.
//   gpu_tests parity threads --quick
// --quick is for compute-sanitizer, under which a kernel takes a hundred times as long.
#include "card_info.h"
#include "check.h"
#include "cuda/backend.h"
#include "device_checks.h"
#include "parity.h"
#include "train_tests.h"

using namespace saliencymix;

namespace {

const Backend& card() { return cudaBackend(); }

struct NeedsCard {
  NeedsCard() {
    check::obstacle() = [] {
      const std::string why = card().unavailable();
      return why.empty() ? why : "backend \"cuda\" cannot be tested here: " + why;
    };
  }
};
const NeedsCard needsCard;

// From 1 x 1 to 1024 x 768, small sides as often as large ones, up to 512 images.
parity::Shape randomLargeShape(check::Numbers& numbers, int maxPixels) {
  const auto side = [&](int maximum) { return 1 + numbers.below(1 + numbers.below(maximum)); };
  const int height = side(768);
  const int width = side(1024);
  const int count = 1 + numbers.below(std::clamp(maxPixels / (height * width), 1, 512));
  return {count, height, width, numbers.below(3) == 0 ? 1 : 3};
}

}  // namespace

// Describes the card, for the report.
TEST(card) { std::cout << card_info::describe() << "\n"; }

TEST(methods) { device_checks::expectMethods(card()); }

// Small shapes against the scalar reference.
TEST(parity) {
  check::Numbers numbers(71);
  std::vector<parity::Shape> shapes = parity::awkwardShapes();
  if (check::quick()) shapes = {{1, 1, 1, 1}, {2, 1, 70, 3}, {1, 57, 61, 3}, {5, 32, 32, 3}, {1, 113, 112, 1}, {2, 16, 48, 3}};
  for (const parity::Shape& shape : shapes) parity::compareAll(card(), numbers, shape);
  const int rounds = check::quick() ? 2 : 150;
  for (int round = 0; round < rounds; round++) {
    parity::compareAll(card(), numbers, parity::randomShape(numbers, check::quick() ? 3'000 : 40'000));
  }
}

// Large shapes against the CPU's best level.
TEST(large) {
  check::Numbers numbers(72);
  std::vector<parity::Shape> shapes = {{2, 768, 1024, 3}, {1, 1024, 768, 1}, {512, 32, 32, 3}, {512, 1, 1, 3}, {64, 224, 224, 3}};
  if (check::quick()) shapes = {{1, 240, 320, 3}, {64, 8, 8, 3}};
  for (const parity::Shape& shape : shapes) parity::compareAll(card(), numbers, shape, cpuBackend());
  const int rounds = check::quick() ? 0 : 60;
  for (int round = 0; round < rounds; round++) {
    parity::compareAll(card(), numbers, randomLargeShape(numbers, 1'500'000), cpuBackend());
  }
}

TEST(chunks) {
  check::Numbers numbers(73);
  device_checks::compareChunks(card(), numbers, [](const SaliencyMethod&, const BatchView&) {});
}

TEST(ties) {
  check::Numbers numbers(74);
  parity::compareTies(card(), numbers, check::quick() ? 16 : 400);
}

TEST(peaks) {
  check::Numbers numbers(75);
  if (check::quick()) return device_checks::comparePeaks(card(), numbers, 1, {4, 64, 64, 3});
  device_checks::comparePeaks(card(), numbers, 20, {100, 32, 32, 3});
  device_checks::comparePeaks(card(), numbers, 20, {50, 224, 224, 3});
}

// Of spectral residual all but the few that need float64.
TEST(floatMapsHaveTheBitsOfVectorCode) {
  check::Numbers numbers(78);
  for (const parity::Shape& shape : {parity::Shape{200, 32, 32, 3}, {20, 224, 224, 3}}) {
    const Scenes scenes(numbers, shape.count, shape.height, shape.width);
    const int same = device_checks::sameMaps(card(), "spectral-residual", scenes.view());
    std::cout << "     " << same << " of " << shape.count << " spectral residual maps have the CPU's bits\n";
    CHECK(100 * same >= 95 * shape.count);
    CHECK_EQUAL(device_checks::sameMaps(card(), "frequency-tuned", scenes.view()), shape.count);
  }
}

// Ten thousand batches leave as much memory free as the first few.
TEST(memory) {
  check::Numbers numbers(76);
  const device_checks::Loop loop(card(), numbers);
  loop.run(64);
  const std::size_t before = card_info::memory().free;
  loop.run(check::quick() ? 200 : 10'000);
  const std::size_t after = card_info::memory().free;
  constexpr std::size_t kTolerance = std::size_t{16} << 20;  // the driver takes memory in pieces of 2 MiB
  std::cout << "     free before " << (before >> 20) << " MiB, after " << (after >> 20) << " MiB\n";
  CHECK(after + kTolerance >= before);
}

TEST(refusal) {
  check::Numbers numbers(77);
  device_checks::expectRefusal(card(), numbers, card_info::memory().total);
}

// Memory that queues keep is given back, and allocated again when it is needed.
TEST(release) {
  check::Numbers numbers(78);
  // The kernels themselves take memory when they first run.
  parity::compareSaliency(card(), numbers, {16, 224, 224, 3}, cpuBackend());
  card().releaseKept();
  const std::size_t before = card_info::memory().free;
  parity::compareSaliency(card(), numbers, {16, 224, 224, 3}, cpuBackend());
  CHECK(card_info::memory().free < before);
  card().releaseKept();
  CHECK(card_info::memory().free + (std::size_t{4} << 20) >= before);
  parity::compareAll(card(), numbers, {3, 20, 31, 3});
}

TEST(threads) {
  if (check::quick()) return device_checks::compareAtOnce(card(), 4, 1, 1'500);
  device_checks::compareAtOnce(card(), 4, 40, 60'000);
}

TEST(cancelled) {
  check::Numbers numbers(79);
  device_checks::expectCancelled(card(), numbers);
  if (check::quick()) return;
  const int calls = 64;
  const int stopped = device_checks::stopAtAnyMoment(card(), numbers, calls);
  std::cout << "     " << stopped << " of " << calls << " calls were stopped under way\n";
  CHECK(stopped > 0);
}

TEST(residents) {
  check::Numbers numbers(80);
  device_checks::compareResidents(card(), numbers);
  device_checks::compareChain(card(), numbers, {9, 24, 32, 3});
  device_checks::compareChain(card(), numbers, {7, 13, 17, 1});
  if (!check::quick()) device_checks::compareChain(card(), numbers, {32, 224, 224, 3});
}
