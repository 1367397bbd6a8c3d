// Pooling by the kernels of native/cuda/train, against the definition.
#pragma once

#include "device_train.h"
#include "train/reference/pooling.h"

namespace device_train::pooling {

constexpr double kRounding = 0x1p-24;

//                                    images, height, width, channels, kernel, stride, padding
inline const std::vector<PoolShape> kShapes = {
    {1, 1, 1, 1, 1, 1, 1, 0},   {1, 1, 9, 3, 1, 3, 2, 0},    {2, 7, 5, 17, 3, 3, 2, 1},  {1, 32, 32, 8, 2, 2, 2, 0},
    {3, 9, 11, 5, 3, 3, 1, 1},  {1, 13, 6, 11, 5, 3, 3, 1},  {1, 14, 14, 33, 3, 3, 2, 1}, {2, 7, 7, 300, 7, 7, 1, 0},
    {1, 20, 17, 2, 11, 11, 2, 5}, {1, 4, 8, 1, 4, 8, 1, 0},  {5, 3, 2, 31, 2, 2, 1, 1},  {1, 16, 16, 1, 16, 16, 1, 8},
    {2, 60, 60, 3, 60, 60, 1, 0}, {3, 4, 4, 100, 4, 4, 1, 0}, {2, 1, 1, 37, 1, 1, 1, 0}, {1, 31, 37, 4, 31, 37, 3, 0}};

inline PoolShape randomShape(check::Numbers& numbers) {
  for (;;) {
    const PoolShape s{1 + numbers.below(3), 1 + numbers.below(20), 1 + numbers.below(20), 1 + numbers.below(40),
                      1 + numbers.below(5), 1 + numbers.below(5),  1 + numbers.below(4),  numbers.below(3)};
    const bool fits = s.padding < s.kernelHeight && s.padding < s.kernelWidth &&
                      s.kernelHeight <= s.height + 2 * s.padding && s.kernelWidth <= s.width + 2 * s.padding;
    if (fits) return s;
  }
}

inline Planes inputsOf(const PoolShape& s) { return {s.images, s.channels, s.height * s.width}; }
inline Planes outputsOf(const PoolShape& s) { return {s.images, s.channels, s.outHeight() * s.outWidth()}; }

// Few different values, so that many are equal.
inline std::vector<float> withTies(check::Numbers& numbers, std::size_t size) {
  std::vector<float> x(size);
  for (float& value : x) value = static_cast<float>(numbers.below(9) - 4);
  return x;
}

// The tensors of both directions, channels first.
struct Sample {
  PoolShape shape;
  std::vector<float> x;
  std::vector<float> dy;
};

inline void checkMax(const Sample& s) {
  const reference::MaxPooled expected = reference::maxPool(s.shape, channelsLast(s.x, inputsOf(s.shape)).data());
  const std::size_t outputs = expected.y.size();
  std::vector<std::uint8_t> places;
  const std::vector<float> y = inAnyOrder([&](Arrays& arrays) {
    float* const found = arrays.room(outputs);
    std::uint8_t* const foundPlaces = arrays.room<std::uint8_t>(outputs);
    operators().maxPool(s.shape, arrays.up(s.x), found, foundPlaces);
    places = down(foundPlaces, outputs);
    return down(found, outputs);
  });
  const std::vector<float> last = channelsLast(y, outputsOf(s.shape));
  CHECK(everywhere(outputs, [&](std::size_t i) { return near(last[i], expected.y[i], 0); }));
  CHECK(channelsLast(places, outputsOf(s.shape)) == expected.places);
  const std::vector<float> alone = inAnyOrder([&](Arrays& arrays) {
    float* const found = arrays.room(outputs);
    operators().maxPool(s.shape, arrays.up(s.x), found, nullptr);
    return down(found, outputs);
  });
  CHECK(sameBits(alone, y));
  const std::vector<float> dx = inAnyOrder([&](Arrays& arrays) {
    float* const found = arrays.room(s.x.size());
    operators().maxPoolGradient(s.shape, arrays.up(s.dy), arrays.up(places), found);
    return down(found, s.x.size());
  });
  // The order of the sums is that of the definition: nothing is rounded otherwise.
  const std::vector<float> dyLast = channelsLast(s.dy, outputsOf(s.shape));
  CHECK(sameBits(channelsLast(dx, inputsOf(s.shape)),
                 reference::maxPoolGradient(s.shape, dyLast.data(), expected.places.data())));
}

inline void checkAverage(const Sample& s, int shift) {
  const std::vector<double> expected = reference::averagePool(s.shape, channelsLast(s.x, inputsOf(s.shape)).data());
  const std::vector<float> y = inAnyOrder([&](Arrays& arrays) {
    float* const found = arrays.room(expected.size());
    operators().averagePool(s.shape, arrays.up(s.x), found);
    return down(found, expected.size());
  }, shift);
  const std::vector<float> last = channelsLast(y, outputsOf(s.shape));
  // Values of at most 4, each of which goes through one addition per row and per column of the kernel; in global pooling through
  // no more than 8, those of a block's 256 threads, and the values of a thread.
  const int additions = std::max(s.shape.kernelHeight + s.shape.kernelWidth, 16 + s.shape.height * s.shape.width / 256);
  CHECK(everywhere(last.size(), [&](std::size_t i) { return near(last[i], expected[i], 4 * kRounding * (additions + 1)); }));
  const std::vector<float> dx = inAnyOrder([&](Arrays& arrays) {
    float* const found = arrays.room(s.x.size());
    operators().averagePoolGradient(s.shape, arrays.up(s.dy), found);
    return down(found, s.x.size());
  }, shift);
  const std::vector<float> dxLast = channelsLast(dx, inputsOf(s.shape));
  const std::vector<double> gradient =
      reference::averagePoolGradient(s.shape, channelsLast(s.dy, outputsOf(s.shape)).data());
  // At most a kernel's worth of windows, each of dy / elements with two roundings.
  CHECK(everywhere(dx.size(), [&](std::size_t i) {
    return near(dxLast[i], gradient[i], kRounding * (3 + s.shape.kernelHeight * s.shape.kernelWidth));
  }));
}

inline bool fitsMax(const PoolShape& shape) { return shape.kernelHeight * shape.kernelWidth <= kMaxPoolWindow; }

inline void checkAll(check::Numbers& numbers, const PoolShape& shape) {
  const std::vector<float> dy = floats(numbers, reference::poolOutputs(shape));
  const Sample sample{shape, floats(numbers, reference::poolInputs(shape), -4, 4), dy};
  for (const int shift : {0, 1}) checkAverage(sample, shift);
  if (!fitsMax(shape)) return;
  checkMax(sample);
  checkMax({shape, withTies(numbers, sample.x.size()), dy});
}

TEST(poolingAwkwardShapes) {
  check::Numbers numbers(411);
  for (const PoolShape& shape : kShapes) checkAll(numbers, shape);
}

TEST(poolingRandomShapes) {
  check::Numbers numbers(412);
  for (int round = 0; round < (check::quick() ? 6 : 60); round++) checkAll(numbers, randomShape(numbers));
}

TEST(poolingOfNanAndInfinity) {
  check::Numbers numbers(413);
  const PoolShape shape{1, 8, 8, 5, 3, 3, 2, 1};
  Sample s{shape, floats(numbers, reference::poolInputs(shape)), floats(numbers, reference::poolOutputs(shape))};
  for (int i = 0; i < 20; i++) {
    s.x[static_cast<std::size_t>(numbers.below(320))] = i % 3 == 0 ? kNan : i % 3 == 1 ? kInfinity : -kInfinity;
  }
  checkMax(s);
  checkAverage(s, 0);
  checkMax({shape, std::vector<float>(s.x.size(), -kInfinity), s.dy});
  checkMax({shape, std::vector<float>(s.x.size(), kNan), s.dy});
}

// torch.nn.functional.max_pool2d(x, 3, 2, 1) of x = 0 … 15 as 1×1×4×4, and avg_pool2d(x, 2, 2) and (x, 4).
TEST(poolingByHand) {
  std::vector<float> x(16);
  for (std::size_t i = 0; i < 16; i++) x[i] = static_cast<float>(i);
  Arrays arrays;
  float* const from = arrays.up(x);
  float* const y = arrays.room(4);
  std::uint8_t* const places = arrays.room<std::uint8_t>(4);
  operators().maxPool({1, 4, 4, 1, 3, 3, 2, 1}, from, y, places);
  CHECK(down(y, 4) == std::vector<float>({5, 7, 13, 15}));
  CHECK(down(places, 4) == std::vector<std::uint8_t>({8, 8, 8, 8}));
  operators().averagePool({1, 4, 4, 1, 2, 2, 2, 0}, from, y);
  CHECK(down(y, 4) == std::vector<float>({2.5f, 4.5f, 10.5f, 12.5f}));
  operators().averagePool({1, 4, 4, 1, 4, 4, 1, 0}, from, y);
  CHECK(down(y, 1) == std::vector<float>({7.5f}));
}

TEST(poolingRefusals) {
  float x[1] = {};
  std::uint8_t places[1] = {};
  const auto refuses = [&](const PoolShape& shape) {
    return throws<std::invalid_argument>([&] { operators().averagePool(shape, x, x); }) &&
           throws<std::invalid_argument>([&] { operators().maxPoolGradient(shape, x, places, x); });
  };
  CHECK(refuses({0, 1, 1, 1, 1, 1, 1, 0}));
  CHECK(refuses({1, 1, 1, 1, 1, 1, 0, 0}));
  CHECK(refuses({1, 1, 1, 1, 1, 1, 1, 1}));
  CHECK(refuses({1, 4, 4, 1, 5, 4, 1, 0}));
  CHECK(throws<std::invalid_argument>([&] { operators().maxPool({1, 20, 20, 1, 17, 17, 1, 0}, x, x, nullptr); }));
  for (const PoolShape& shape : {PoolShape{1 << 30, 1 << 15, 1 << 15, 1 << 30, 1, 1, 1, 0}, {1 << 16, 1, 1, 1 << 16, 1, 1, 1, 0},
                                 {1, 1 << 30, 1 << 30, 1, 1, 1, 1, 0}, {3, 1 << 15, 1 << 15, 1, 1, 1, 1, 0}}) {
    CHECK(throws<std::length_error>([&] { operators().averagePool(shape, x, x); }));
  }
}

}  // namespace device_train::pooling
