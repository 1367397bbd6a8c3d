// Pooling and its gradients at every level, against the definition.
#include "train_checks.h"
#include "train/pooling.h"
#include "train/reference/pooling.h"

using namespace train_checks;

namespace {

constexpr double kRounding = 0x1p-24;

//                                    images, height, width, channels, kernel, stride, padding
const std::vector<PoolShape> kShapes = {{1, 1, 1, 1, 1, 1, 1, 0},   {1, 1, 9, 3, 1, 3, 2, 0},   {2, 7, 5, 17, 3, 3, 2, 1},
                                        {1, 32, 32, 64, 2, 2, 2, 0}, {3, 9, 11, 5, 3, 3, 1, 1},  {1, 13, 6, 67, 5, 3, 3, 1},
                                        {1, 14, 14, 33, 3, 3, 2, 1}, {2, 7, 7, 300, 7, 7, 1, 0}, {1, 20, 17, 2, 11, 11, 2, 5},
                                        {1, 4, 8, 1, 4, 8, 1, 0},    {5, 3, 2, 31, 2, 2, 1, 1},  {1, 16, 16, 1, 16, 16, 1, 8}};

PoolShape randomShape(check::Numbers& numbers) {
  for (;;) {
    const PoolShape s{1 + numbers.below(3), 1 + numbers.below(20), 1 + numbers.below(20), 1 + numbers.below(40),
                      1 + numbers.below(5), 1 + numbers.below(5),  1 + numbers.below(4),  numbers.below(3)};
    const bool fits = s.padding < s.kernelHeight && s.padding < s.kernelWidth &&
                      s.kernelHeight <= s.height + 2 * s.padding && s.kernelWidth <= s.width + 2 * s.padding;
    if (fits) return s;
  }
}

// Few different values, so that many are equal.
std::vector<float> withTies(check::Numbers& numbers, std::size_t size) {
  std::vector<float> x(size);
  for (float& value : x) value = static_cast<float>(numbers.below(9) - 4);
  return x;
}

void checkMax(const TrainKernels& kernels, const PoolShape& shape, const std::vector<float>& x, const std::vector<float>& dy) {
  const reference::MaxPooled expected = reference::maxPool(shape, x.data());
  std::vector<std::uint8_t> places(expected.places.size(), 255);
  const std::vector<float> y = onAnyThreads(kernels, 0, [&](const TrainRun& run) {
    std::vector<float> found(expected.y.size());
    maxPool(run, shape, x.data(), found.data(), places.data());
    return found;
  });
  CHECK(everywhere(y.size(), [&](std::size_t i) { return near(y[i], expected.y[i], 0); }));
  CHECK(places == expected.places);
  std::vector<float> alone(y.size());
  maxPool(*Runner(kernels, 0), shape, x.data(), alone.data(), nullptr);
  CHECK(sameBits(alone, y));
  const std::vector<float> dx = onAnyThreads(kernels, 0, [&](const TrainRun& run) {
    std::vector<float> found(x.size(), 7);
    maxPoolGradient(run, shape, dy.data(), places.data(), found.data());
    return found;
  });
  // The order of the sums is that of the definition: nothing is rounded otherwise.
  CHECK(sameBits(dx, reference::maxPoolGradient(shape, dy.data(), places.data())));
}

void checkAverage(const TrainKernels& kernels, const PoolShape& shape, const std::vector<float>& x,
                  const std::vector<float>& dy) {
  const std::vector<double> expected = reference::averagePool(shape, x.data());
  const std::vector<float> y = onAnyThreads(kernels, 0, [&](const TrainRun& run) {
    std::vector<float> found(expected.size());
    averagePool(run, shape, x.data(), found.data());
    return found;
  });
  // Values of at most 4, each of which goes through one addition per row and per column of the kernel.
  const double tolerance = 4 * kRounding * (shape.kernelHeight + shape.kernelWidth + 1);
  CHECK(everywhere(y.size(), [&](std::size_t i) { return near(y[i], expected[i], tolerance); }));
  const std::vector<float> dx = onAnyThreads(kernels, 0, [&](const TrainRun& run) {
    std::vector<float> found(x.size(), 7);
    averagePoolGradient(run, shape, dy.data(), found.data());
    return found;
  });
  const std::vector<double> gradient = reference::averagePoolGradient(shape, dy.data());
  // At most a kernel's worth of windows, each of dy / elements with two roundings.
  CHECK(everywhere(dx.size(), [&](std::size_t i) {
    return near(dx[i], gradient[i], kRounding * (3 + shape.kernelHeight * shape.kernelWidth));
  }));
}

void checkAll(const TrainKernels& kernels, check::Numbers& numbers, const PoolShape& shape) {
  const std::vector<float> dy = floats(numbers, reference::poolOutputs(shape));
  const std::vector<float> x = floats(numbers, reference::poolInputs(shape), -4, 4);
  checkMax(kernels, shape, x, dy);
  checkMax(kernels, shape, withTies(numbers, x.size()), dy);
  checkAverage(kernels, shape, x, dy);
}

}  // namespace

TEST(awkwardShapes) {
  atEveryLevel([](const TrainKernels& kernels) {
    check::Numbers numbers(311);
    for (const PoolShape& shape : kShapes) checkAll(kernels, numbers, shape);
  });
}

TEST(everyNumberOfChannels) {
  atEveryLevel([](const TrainKernels& kernels) {
    check::Numbers numbers(312);
    for (int channels = 1; channels <= 67; channels++) checkAll(kernels, numbers, {1, 5, 4, channels, 3, 2, 2, 1});
  });
}

TEST(randomShapes) {
  atEveryLevel([](const TrainKernels& kernels) {
    check::Numbers numbers(313);
    for (int round = 0; round < (check::quick() ? 20 : 100); round++) checkAll(kernels, numbers, randomShape(numbers));
  });
}

TEST(manyImagesInParts) {
  atEveryLevel([](const TrainKernels& kernels) {
    check::Numbers numbers(314);
    checkAll(kernels, numbers, {2, 40, 40, 70, 3, 3, 2, 1});
  });
}

TEST(notANumberAndInfinity) {
  atEveryLevel([](const TrainKernels& kernels) {
    check::Numbers numbers(315);
    const PoolShape shape{1, 8, 8, 5, 3, 3, 2, 1};
    std::vector<float> x = floats(numbers, reference::poolInputs(shape));
    for (int i = 0; i < 20; i++) {
      x[static_cast<std::size_t>(numbers.below(320))] = i % 3 == 0 ? kNan : i % 3 == 1 ? kInfinity : -kInfinity;
    }
    const std::vector<float> dy = floats(numbers, reference::poolOutputs(shape));
    checkMax(kernels, shape, x, dy);
    checkAverage(kernels, shape, x, dy);
    checkMax(kernels, shape, std::vector<float>(x.size(), -kInfinity), dy);
    checkMax(kernels, shape, std::vector<float>(x.size(), kNan), dy);
  });
}

// torch.nn.functional.max_pool2d(x, 3, 2, 1) of x = 0 … 15 as 1×1×4×4, and avg_pool2d(x, 2, 2).
TEST(valuesByHand) {
  atEveryLevel([](const TrainKernels& kernels) {
    std::vector<float> x(16);
    for (std::size_t i = 0; i < 16; i++) x[i] = static_cast<float>(i);
    std::vector<float> y(4);
    std::vector<std::uint8_t> places(4);
    maxPool(*Runner(kernels, 0), {1, 4, 4, 1, 3, 3, 2, 1}, x.data(), y.data(), places.data());
    CHECK(y == std::vector<float>({5, 7, 13, 15}));
    CHECK(places == std::vector<std::uint8_t>({8, 8, 8, 8}));
    averagePool(*Runner(kernels, 0), {1, 4, 4, 1, 2, 2, 2, 0}, x.data(), y.data());
    CHECK(y == std::vector<float>({2.5f, 4.5f, 10.5f, 12.5f}));
  });
}

TEST(refusals) {
  atEveryLevel([](const TrainKernels& kernels) {
    float x[1] = {};
    std::uint8_t places[1] = {};
    const auto refuses = [&](const PoolShape& shape) {
      return throws<std::invalid_argument>([&] { averagePool(*Runner(kernels, 0), shape, x, x); }) &&
             throws<std::invalid_argument>([&] { maxPoolGradient(*Runner(kernels, 0), shape, x, places, x); });
    };
    CHECK(refuses({0, 1, 1, 1, 1, 1, 1, 0}));
    CHECK(refuses({1, 1, 1, 1, 1, 1, 0, 0}));
    CHECK(refuses({1, 1, 1, 1, 1, 1, 1, 1}));
    CHECK(refuses({1, 4, 4, 1, 5, 4, 1, 0}));
    CHECK(throws<std::invalid_argument>([&] { maxPool(*Runner(kernels, 0), {1, 20, 20, 1, 17, 17, 1, 0}, x, x, nullptr); }));
    for (const PoolShape& shape : {PoolShape{1 << 30, 1 << 15, 1 << 15, 1 << 30, 1, 1, 1, 0},
                                   {1, 1 << 30, 1 << 30, 1, 1, 1, 1, 0},
                                   {1, std::numeric_limits<int>::max(), 1, 1, 3, 3, 1, 1}}) {
      CHECK(throws<std::length_error>([&] { averagePool(*Runner(kernels, 0), shape, x, x); }));
    }
  });
}
