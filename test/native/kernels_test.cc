// The kernels of the cuda backend, run on the host (device_on_host.h), against the scalar reference. What needs a card is in
// gpu/.
#include <set>

#include "device_checks.h"
#include "device_on_host.h"
#include "parity.h"

using namespace saliencymix;

namespace {

const Backend& device() { return device_on_host::backend(); }

template <class Kernel>
int launchesOf() {
  return device_on_host::launches()[typeid(Kernel).name()];
}

template <class T, bool planes>
int unitLaunches() {
  using namespace cuda;
  return launchesOf<MixUnits<T, planes, MixSet::all>>() + launchesOf<MixUnits<T, planes, MixSet::moved>>();
}

// How often each kernel that writes mixed values has run.
std::array<int, 9> mixLaunches() {
  using namespace cuda;
  return {unitLaunches<std::uint8_t, false>(),  unitLaunches<std::uint8_t, true>(),
          unitLaunches<float, false>(),         unitLaunches<float, true>(),
          unitLaunches<std::uint16_t, false>(), unitLaunches<std::uint16_t, true>(),
          launchesOf<MixValues<std::uint8_t>>(),        launchesOf<MixValues<float>>(),
          launchesOf<MixValues<std::uint16_t>>()};
}

// Which of them run for a shape: 'x' for each that did.
std::string mixPaths(const parity::Shape& shape) {
  check::Numbers numbers(67);
  const auto before = mixLaunches();
  parity::compareMixing(device(), numbers, shape);
  const auto after = mixLaunches();
  std::string paths;
  for (std::size_t i = 0; i < before.size(); i++) paths += after[i] > before[i] ? 'x' : '.';
  return paths;
}

}  // namespace

TEST(methods) { device_checks::expectMethods(device()); }

TEST(awkwardShapes) {
  check::Numbers numbers(61);
  for (const parity::Shape& shape : parity::awkwardShapes()) parity::compareAll(device(), numbers, shape);
}

TEST(randomShapes) {
  check::Numbers numbers(62);
  for (int round = 0; round < (check::quick() ? 15 : 60); round++) parity::compareAll(device(), numbers, parity::randomShape(numbers, 20'000));
}

TEST(severalChunks) {
  check::Numbers numbers(63);
  const auto launches = [] {
    return std::array{launchesOf<cuda::CombineContrasts>(), launchesOf<cuda::SpreadSquares>(), launchesOf<cuda::ColourDistance>(),
                      launchesOf<cuda::ShareGradients>()};
  };
  auto before = launches();
  device_checks::compareChunks(device(), numbers, [&](const SaliencyMethod& method, const BatchView&) {
    const std::array names = {"fine-grained", "spectral-residual", "frequency-tuned", "sobel"};
    const auto at = static_cast<std::size_t>(std::find(names.begin(), names.end(), method.name) - names.begin());
    CHECK(at < names.size() && launches()[at] >= before[at] + 2);
    before = launches();
  });
}

// Both ways of mixing, in every form of the output: by vectors where images, or their planes, are a multiple of 16, 8 or 4
// values (uint8, float16, float32), and value by value elsewhere.
TEST(bothMixPaths) {
  for (const auto& [height, width] : {std::array{16, 48}, {4, 4}, {1, 16}, {32, 31}, {3, 176}, {112, 113}}) {
    CHECK(mixPaths({3, height, width, 3}) == "xxxxxx...");
  }
  CHECK(mixPaths({3, 12, 20, 1}) == "x.x.x....");  // one channel is one plane
  CHECK(mixPaths({3, 4, 6, 3}) == "..xxxxx..");
  CHECK(mixPaths({3, 2, 6, 3}) == "..xx..x.x");
  CHECK(mixPaths({3, 4, 6, 1}) == "..x.x.x..");
  for (const auto& [height, width] : {std::array{1, 1}, {5, 7}, {17, 31}}) {
    CHECK(mixPaths({3, height, width, 3}) == "......xxx");
    CHECK(mixPaths({3, height, width, 1}) == "......xxx");
  }
}

TEST(bothSetsOfKinds) {
  using namespace cuda;
  const auto launches = [] {
    return std::array{launchesOf<MixUnits<std::uint8_t, false, MixSet::all>>(), launchesOf<MixUnits<std::uint8_t, false, MixSet::moved>>(),
                      launchesOf<MixUnits<float, true, MixSet::all>>(), launchesOf<MixUnits<float, true, MixSet::moved>>(),
                      launchesOf<MixUnits<std::uint16_t, true, MixSet::all>>(),
                      launchesOf<MixUnits<std::uint16_t, true, MixSet::moved>>()};
  };
  const auto before = launches();
  check::Numbers numbers(69);
  // Rows of whole units, and others.
  for (int round = 0; round < 20; round++) parity::compareMixing(device(), numbers, {4, 8, round % 2 == 0 ? 32 : 20, 3});
  const auto after = launches();
  for (std::size_t i = 0; i < before.size(); i++) CHECK(after[i] > before[i]);
}

// Of every divisor that a window can have, at the edges of quotients.
TEST(quotients) {
  check::Numbers numbers(70);
  const device_on_host::HostBlock block(0, nullptr, numbers);
  int wrong = 0;
  for (int divisor = 1; divisor < 224 * 224; divisor += check::quick() ? 7 : 1) {
    for (int quotient = divisor % 7; quotient <= 255; quotient += 31) {
      for (int dividend = quotient * divisor - 1; dividend <= quotient * divisor + 1; dividend++) {
        if (dividend < 0 || dividend > 255 * divisor) continue;
        wrong += cuda::smallQuotient(block, dividend, divisor) == static_cast<std::uint32_t>(dividend / divisor) ? 0 : 1;
      }
    }
  }
  CHECK_EQUAL(wrong, 0);
}

TEST(ties) {
  check::Numbers numbers(64);
  parity::compareTies(device(), numbers, check::quick() ? 40 : 200);
}

TEST(peaksOfPhotographs) {
  check::Numbers numbers(65);
  device_checks::comparePeaks(device(), numbers, 2, {20, 48, 56, 3});
}

// Spectral residual also of images that float32 is not precise enough for: impulses, single rows, flat ones.
TEST(floatMapsHaveTheBitsOfVectorCode) {
  check::Numbers numbers(71);
  for (const char* method : {"spectral-residual", "frequency-tuned"}) {
    for (int round = 0; round < (check::quick() ? 10 : 40); round++) {
      const parity::Shape shape = parity::randomShape(numbers, 10'000);
      const Images images(numbers, shape.count, shape.height, shape.width, shape.channels);
      CHECK_EQUAL(device_checks::sameMaps(device(), method, images.view()), shape.count);
    }
    for (const int side : {32, 64, 100}) {
      const Scenes scenes(numbers, 20, side, side);
      CHECK_EQUAL(device_checks::sameMaps(device(), method, scenes.view()), 20);
    }
    // More pixels than the lanes of one sum hold, and in a single row.
    for (const parity::Shape& shape : {parity::Shape{1, 180, 190, 3}, {1, 1, 20'000, 3}}) {
      const Images images(numbers, shape.count, shape.height, shape.width, shape.channels);
      CHECK_EQUAL(device_checks::sameMaps(device(), method, images.view()), shape.count);
    }
  }
}

// Shared memory has 32 banks of four bytes: the threads of a warp are served together where their numbers lie in different ones.
TEST(warpsUseAllBanks) {
  const auto banks = [](const auto& placeOf) {
    std::set<int> used;
    for (int thread = 0; thread < 32; thread++) used.insert(placeOf(thread) % 32);
    return static_cast<int>(used.size());
  };
  using Square = cuda::Square64;
  for (int line = 0; line < Square::kSide; line++) {
    for (const int first : {0, 32}) {
      CHECK_EQUAL(banks([&](int thread) { return Square::at(line, first + thread); }), 32);
      CHECK_EQUAL(banks([&](int thread) { return Square::at(first + thread, line); }), 32);
      // Of columns that lie side by side as complex numbers, and of their conjugates.
      CHECK_EQUAL(banks([&](int thread) { return Square::at(line, thread) ^ 32; }), 32);
      CHECK_EQUAL(banks([&](int thread) { return Square::at(line, (64 - thread) % 64); }), 32);
    }
  }
  using Smooth = cuda::SmoothPart;
  constexpr int kCols = cuda::tuning::kSmoothColumns;
  constexpr int kWords = Smooth::wordsOf(kCols);
  CHECK_EQUAL(banks([](int thread) { return thread / kWords * Smooth::kStrip * Smooth::pitchOf(kCols) + thread % kWords; }), 32);
  // Of sixteen bytes for each thread, eight threads are served together.
  using Rows = cuda::SumRows;
  for (int begin = 0; begin < Rows::kThreads; begin += 8) {
    std::set<int> used;
    for (int i = begin; i < begin + 8; i++) {
      used.insert((i / Rows::kLanes * Rows::kPadded + i % Rows::kLanes * (Rows::kFours + 1)) % 8);
    }
    CHECK_EQUAL(used.size(), std::size_t{8});
  }
}

TEST(cancelled) {
  check::Numbers numbers(66);
  device_checks::expectCancelled(device(), numbers);
  CHECK(device_checks::stopAtAnyMoment(device(), numbers, 4) > 0);
}

TEST(manyBatches) {
  check::Numbers numbers(68);
  device_checks::Loop(device(), numbers).run(40);
}

TEST(severalThreads) { device_checks::compareAtOnce(device(), 4, 2, 3'000); }

TEST(residents) {
  check::Numbers numbers(69);
  device_checks::compareResidents(device(), numbers);
  device_checks::compareChain(device(), numbers, {9, 24, 32, 3});
  device_checks::compareChain(device(), numbers, {7, 13, 17, 1});
}

TEST(placesOfSumsAreInts) {
  CHECK(cuda::IntegralImages::fits(37'000, 37'000));
  CHECK(!cuda::IntegralImages::fits(300'000'000, 1));
}

TEST(tooMuchMemory) {
  check::Numbers numbers(70);
  device_checks::expectRefusal(device(), numbers, device_on_host::kMemory);
}
