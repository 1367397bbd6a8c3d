// Dropout at every level: the masks of src/train/dropout-masks.ts, bit by bit.
#include "train_checks.h"
#include "train/dropout.h"
#include "train/reference/dropout.h"

using namespace train_checks;

namespace {

std::size_t sizeOf(const DropoutShape& s) {
  return static_cast<std::size_t>(s.images) * static_cast<std::size_t>(s.height) * static_cast<std::size_t>(s.width) *
         static_cast<std::size_t>(s.channels);
}

std::vector<float> dropped(const TrainKernels& kernels, const DropoutMask& mask, const DropoutShape& shape,
                           const std::vector<float>& x) {
  return onAnyThreads(kernels, 0, [&](const TrainRun& run) {
    std::vector<float> y(x.size());
    dropout(run, mask, shape, x.data(), y.data());
    return y;
  });
}

void compare(const TrainKernels& kernels, check::Numbers& numbers, const DropoutMask& mask, const DropoutShape& shape) {
  const std::vector<float> x = floats(numbers, sizeOf(shape), 1, 2);
  const std::vector<float> y = dropped(kernels, mask, shape, x);
  const std::vector<std::uint8_t> kept = reference::dropoutMask(mask, shape);
  CHECK(everywhere(x.size(), [&](std::size_t i) { return y[i] == (kept[i] != 0 ? x[i] * mask.scale : 0.0f); }));
  std::vector<float> inPlace = x;
  dropout(*Runner(kernels, 0, 2), mask, shape, inPlace.data(), inPlace.data());
  CHECK(sameBits(inPlace, y));
}

// FNV-1a of the mask's bytes (1: kept) in the order N×C×H×W.
std::uint64_t hashOf(const std::vector<float>& y, const DropoutShape& s) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  const std::size_t pixels = static_cast<std::size_t>(s.height * s.width);
  const std::size_t channels = static_cast<std::size_t>(s.channels);
  for (std::size_t n = 0; n < static_cast<std::size_t>(s.images); n++)
    for (std::size_t c = 0; c < channels; c++)
      for (std::size_t p = 0; p < pixels; p++) {
        hash = (hash ^ (y[(n * pixels + p) * channels + c] != 0 ? 1u : 0u)) * 0x100000001b3u;
      }
  return hash;
}

}  // namespace

// The known answers published with the generator (Random123, kat_vectors, philox4x32 with 10 rounds).
TEST(generator) {
  CHECK((saliencymix::philox({0, 0, 0, 0}, {0, 0}) ==
         std::array<std::uint32_t, 4>{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  CHECK((saliencymix::philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
         std::array<std::uint32_t, 4>{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

// What drawDropoutMasks gives for a mask of this number.
TEST(masksOfTheTypeScriptCode) {
  struct Case {
    DropoutShape shape;
    DropoutMask mask;
    std::uint64_t hash;
  };
  const Case cases[] = {
      {{2, 5, 7, 3}, reference::maskOf(1, 1, 0, 0.3), 0x41ccdd4ffa30a656},
      {{3, 1, 1, 4096}, reference::maskOf(9007199254740991, 4294967295, 0, 0.5), 0xd709ffa874164c72},
      {{2, 7, 7, 40}, reference::maskOf(4294967301, 77, 2, 0.1), 0x42e13cc7613ed574},
      {{1, 32, 32, 33}, reference::maskOf(123456789, 9, 1, 0.25), 0xb266a4ba2ec56ea3},
      {{1, 17, 19, 5}, reference::maskOf(3, 2, 0, 0.999999), 0xf44c3aab0ea77487},
      {{1, 4, 4, 2}, reference::maskOf(3, 2, 0, 0), 0x38df9853f4efb1c5},
  };
  atEveryLevel([&](const TrainKernels& kernels) {
    for (const Case& one : cases) {
      const std::vector<float> y = dropped(kernels, one.mask, one.shape, std::vector<float>(sizeOf(one.shape), 1));
      CHECK_EQUAL(hashOf(y, one.shape), one.hash);
    }
  });
}

TEST(shapesOfAllKinds) {
  atEveryLevel([](const TrainKernels& kernels) {
    check::Numbers numbers(351);
    for (const DropoutShape& shape : {DropoutShape{1, 1, 1, 1}, {1, 1, 9, 1}, {3, 1, 1, 67}, {2, 16, 16, 3}, {1, 16, 17, 64},
                                      {1, 257, 1, 5}, {1, 31, 33, 67}, {2, 3, 3, 1000}, {1, 1, 1, 9000}}) {
      for (const double rate : {0.0, 0.1, 0.5, 0.99}) compare(kernels, numbers, reference::maskOf(numbers.next() >> 11, 5, 3, rate), shape);
    }
  });
}

TEST(randomShapes) {
  atEveryLevel([](const TrainKernels& kernels) {
    check::Numbers numbers(352);
    for (int round = 0; round < (check::quick() ? 10 : 40); round++) {
      const DropoutShape shape{1 + numbers.below(3), 1 + numbers.below(25), 1 + numbers.below(25), 1 + numbers.below(70)};
      const std::uint64_t seed = numbers.next() >> 11;
      const auto step = static_cast<std::uint32_t>(numbers.next());
      const auto number = static_cast<std::uint32_t>(numbers.below(20));
      compare(kernels, numbers, reference::maskOf(seed, step, number, numbers.uniform()), shape);
    }
  });
}

// As PyTorch, which multiplies by 0: what is not finite stays visible.
TEST(notANumberAndInfinity) {
  atEveryLevel([](const TrainKernels& kernels) {
    for (const float special : {kNan, kInfinity}) {
      const std::vector<float> y = dropped(kernels, reference::maskOf(1, 1, 0, 0.5), {1, 1, 1, 100}, std::vector<float>(100, special));
      for (const float value : y) CHECK(!std::isfinite(value));
    }
  });
}

TEST(refusals) {
  atEveryLevel([](const TrainKernels& kernels) {
    float x[1] = {};
    const auto refuses = [&](std::uint32_t share, const DropoutShape& shape) {
      return throws<std::invalid_argument>([&] { dropout(*Runner(kernels, 0), {1, 1, 0, share, 1}, shape, x, x); });
    };
    CHECK(refuses(65537, {1, 1, 1, 1}));
    CHECK(refuses(32768, {1, 1, 0, 1}));
  });
}
