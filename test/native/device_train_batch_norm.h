// Batch normalisation and its gradients by the kernels of native/cuda/train, against the definition in double.
//
// Tolerances: a float32 operation errs by 2^-24 of its result. A block's sum adds 8 values in each of 4 sums of a thread, then
// these and those of 256 threads two by two: a term goes through 18 additions, and is itself rounded up to 3 times.
#pragma once

#include "device_train.h"
#include "train/reference/batch_norm.h"

namespace device_train::batch_norm {

constexpr double kRounding = 0x1p-24;
constexpr double kSumRounding = 24 * kRounding;

// Planes of one pixel and of odd numbers of them; parts of channels (8192 values) that are just full; and more parts than threads
// that combine them.
inline std::vector<Planes> shapes() {
  std::vector<Planes> all = {{1, 1, 1}, {1, 7, 1},   {2, 1, 1},    {67, 5, 1},  {2, 3, 4},    {1, 1, 49},   {5, 3, 49},
                             {2, 67, 16}, {3, 64, 64}, {7, 3, 121}, {13, 2, 7}, {2, 2, 4096}, {1, 2, 8193}, {1, 3, 8196},
                             {41, 5, 289}, {3, 9, 4096}};
  if (!check::quick()) all.push_back({1, 1, 275000});
  return all;
}

inline Planes randomShape(check::Numbers& numbers) {
  const int pixels = numbers.below(2) == 0 ? 4 * (1 + numbers.below(100)) : 1 + numbers.below(400);
  return {1 + numbers.below(30), 1 + numbers.below(12), pixels};
}

// x, and a normalisation of it that need not be of its own statistics.
struct Sample {
  Sample(check::Numbers& numbers, const Planes& planes)
      : shape(planes), channels(static_cast<std::size_t>(planes.channels)), x(floats(numbers, planes.values(), -2, 3)),
        mean(floats(numbers, channels, -1, 1)), inverse(floats(numbers, channels, 0.2, 3)),
        scale(floats(numbers, channels, -2, 2)), bias(floats(numbers, channels)), other(floats(numbers, planes.values())),
        dy(floats(numbers, planes.values())), dy2(floats(numbers, planes.values())), y(floats(numbers, planes.values())) {
    // Not so near 0 that the reference could take the other side.
    for (std::size_t i = 0; i < x.size(); i++) {
      while (std::abs(reference::normalised(x[i], norm(), channelOf(i))) < 1e-5) x[i] += 0.01f;
    }
  }
  std::size_t channelOf(std::size_t i) const { return i / static_cast<std::size_t>(shape.pixels) % channels; }
  Normalisation norm() const { return {mean.data(), inverse.data(), scale.data(), bias.data()}; }
  Normalisation normOn(Arrays& arrays) const {
    return {arrays.up(mean), arrays.up(inverse), arrays.up(scale), arrays.up(bias)};
  }

  Planes shape;
  std::size_t channels;
  std::vector<float> x, mean, inverse, scale, bias, other, dy, dy2, y;
};

inline std::vector<float> statisticsOf(const std::vector<float>& x, const Planes& shape, int shift = 0) {
  const std::size_t channels = static_cast<std::size_t>(shape.channels);
  const auto compute = [&](Arrays& arrays) {
    float* const found = arrays.room(3 * channels);
    operators().batchStatistics(arrays.up(x), shape, 1e-5f, {found, found + channels, found + 2 * channels},
                                arrays.workspace(saliencymix::cuda::batchStatisticsWorkspaceBytes(shape)));
    return down(found, 3 * channels);
  };
  return inAnyOrder(compute, shift);
}

// `lost`: how much larger the squares around the guess may be than those around the mean.
inline void checkStatistics(const std::vector<float>& x, const Planes& shape, int shift = 0, double lost = 1.5) {
  const std::vector<float> found = statisticsOf(x, shape, shift);
  const std::vector<float> last = channelsLast(x, shape);
  const std::size_t channels = static_cast<std::size_t>(shape.channels);
  std::vector<double> mean;
  std::vector<double> variance;
  reference::batchMoments(last.data(), {shape.rows(), channels}, mean, variance);
  const double rounding = lost * kSumRounding;
  CHECK(everywhere(channels, [&](std::size_t c) {
    return near(found[c], mean[c], rounding * std::sqrt(variance[c]) + 2 * kRounding * std::abs(mean[c]));
  }));
  CHECK(everywhere(channels, [&](std::size_t c) { return near(found[channels + c], variance[c], rounding * variance[c]); }));
  CHECK(everywhere(channels, [&](std::size_t c) {
    const double inverse = 1 / std::sqrt(variance[c] + double{1e-5f});
    return near(found[2 * channels + c], inverse, rounding * inverse);
  }));
}

inline std::vector<float> normalised(const Sample& s, int residual, bool relu, int shift = 0) {
  const auto compute = [&](Arrays& arrays) {
    NormaliseInputs inputs{arrays.up(s.x), s.normOn(arrays), nullptr, {}, relu};
    if (residual > 0) inputs.residual = arrays.up(s.other);
    if (residual > 1) inputs.residualNorm = s.normOn(arrays);
    float* const y = arrays.room(s.x.size());
    operators().normalise(inputs, s.shape, y);
    return down(y, s.x.size());
  };
  return inAnyOrder(compute, shift);
}

inline void checkNormalise(const Sample& s, int residual, bool relu) {
  const std::vector<float> found = normalised(s, residual, relu);
  NormaliseInputs inputs{s.x.data(), s.norm(), nullptr, {}, relu};
  if (residual > 0) inputs.residual = s.other.data();
  if (residual > 1) inputs.residualNorm = s.norm();
  CHECK(everywhere(found.size(), [&](std::size_t i) {
    // |x - mean| <= 4, inverse <= 3, |scale| <= 2, |bias| <= 1 and the same once more.
    return near(found[i], reference::normaliseValue(inputs, i, s.channelOf(i)), 4 * kRounding * 2 * (4 * 3 * 2 + 1));
  }));
  CHECK(sameBits(normalised(s, residual, relu, 1), found));
}

inline std::vector<Arriving> gradientsOf(const Sample& s) {
  std::vector<Arriving> all;
  for (const float* second : {static_cast<const float*>(nullptr), s.dy2.data()}) {
    for (const Mask mask : {Mask::none, Mask::ofNormalised, Mask::ofResult}) {
      all.push_back({s.dy.data(), second, mask, mask == Mask::ofResult ? s.y.data() : nullptr});
    }
  }
  return all;
}

// The same of the device's arrays.
inline Arriving on(Arrays& arrays, const Sample& s, const Arriving& gradient) {
  return {arrays.up(s.dy), gradient.other != nullptr ? arrays.up(s.dy2) : nullptr, gradient.mask,
          gradient.y != nullptr ? arrays.up(s.y) : nullptr};
}

// Bias, scale, and what passes, one after the other.
inline std::vector<float> sumsOf(const Sample& s, const Arriving& gradient, bool wantsPassing, int shift = 0) {
  const auto compute = [&](Arrays& arrays) {
    float* const bias = arrays.room(s.channels);
    float* const scale = arrays.room(s.channels);
    float* const passing = wantsPassing ? arrays.room(s.x.size()) : nullptr;
    operators().normaliseGradientSums(on(arrays, s, gradient), arrays.up(s.x), s.normOn(arrays), s.shape, {bias, scale, passing},
                                      arrays.workspace(saliencymix::cuda::gradientSumsWorkspaceBytes(s.shape)));
    std::vector<float> all = down(bias, s.channels);
    const std::vector<float> second = down(scale, s.channels);
    all.insert(all.end(), second.begin(), second.end());
    if (!wantsPassing) return all;
    const std::vector<float> third = down(passing, s.x.size());
    all.insert(all.end(), third.begin(), third.end());
    return all;
  };
  return inAnyOrder(compute, shift);
}

inline void checkSums(const Sample& s, const Arriving& gradient, int shift = 0) {
  const std::vector<float> found = sumsOf(s, gradient, true, shift);
  CHECK(std::memcmp(sumsOf(s, gradient, false, shift).data(), found.data(), 2 * s.channels * sizeof(float)) == 0);
  const Normalisation norm = s.norm();
  std::vector<double> bias(s.channels, 0), scale(s.channels, 0), sizes(s.channels, 0);
  CHECK(everywhere(s.x.size(), [&](std::size_t i) {
    const std::size_t c = s.channelOf(i);
    const double g = reference::arriving(gradient, i, s.x.data(), &norm, c);
    bias[c] += g;
    scale[c] += g * (double{s.x[i]} - double{s.mean[c]}) * double{s.inverse[c]};
    sizes[c] += std::abs(g);
    return near(found[2 * s.channels + i], g, 2 * kRounding);
  }));
  CHECK(everywhere(s.channels, [&](std::size_t c) {
    return near(found[c], bias[c], kSumRounding * sizes[c]) &&
           near(found[s.channels + c], scale[c], kSumRounding * sizes[c] * 4 * double{s.inverse[c]});
  }));
}

inline std::vector<float> gradientOf(const Sample& s, const Arriving& gradient, const std::vector<float>& bias,
                                     const std::vector<float>& scale, int shift = 0) {
  const auto compute = [&](Arrays& arrays) {
    float* const dx = arrays.room(s.x.size());
    operators().normaliseGradient(on(arrays, s, gradient), arrays.up(s.x), s.normOn(arrays), s.shape,
                                  {arrays.up(bias), arrays.up(scale)}, dx);
    return down(dx, s.x.size());
  };
  return inAnyOrder(compute, shift);
}

inline void checkGradient(const Sample& s, const Arriving& gradient) {
  check::Numbers numbers(7);
  std::vector<float> bias = floats(numbers, s.channels, -3, 3);
  std::vector<float> scale = floats(numbers, s.channels, -3, 3);
  const double rows = static_cast<double>(s.shape.rows());
  const std::vector<float> found = gradientOf(s, gradient, bias, scale);
  const Normalisation norm = s.norm();
  CHECK(everywhere(found.size(), [&](std::size_t i) {
    const std::size_t c = s.channelOf(i);
    const double inverse = double{s.inverse[c]};
    const double g = reference::arriving(gradient, i, s.x.data(), &norm, c);
    const double hat = (double{s.x[i]} - double{s.mean[c]}) * inverse;
    const double expected = double{s.scale[c]} * inverse * (g - double{bias[c]} / rows - hat * double{scale[c]} / rows);
    // scale * inverse <= 6; |g| <= 2, |Σg / M| <= 3, |x̂ Σ(g x̂) / M| <= 4 * 3 * 3; up to 8 roundings of each.
    return near(found[i], expected, 8 * kRounding * 6 * (2 + (3 + 36) / rows));
  }));
  CHECK(sameBits(gradientOf(s, gradient, bias, scale, 2), found));
}

inline void checkAll(const Sample& s) {
  for (const int shift : {0, 1}) checkStatistics(s.x, s.shape, shift);
  for (const int residual : {0, 1, 2}) {
    for (const bool relu : {false, true}) checkNormalise(s, residual, relu);
  }
  for (const Arriving& gradient : gradientsOf(s)) {
    checkSums(s, gradient);
    checkSums(s, gradient, 3);
    checkGradient(s, gradient);
  }
}

TEST(batchNormAwkwardShapes) {
  check::Numbers numbers(401);
  for (const Planes& shape : shapes()) checkAll(Sample(numbers, shape));
}

TEST(batchNormRandomShapes) {
  check::Numbers numbers(402);
  for (int round = 0; round < (check::quick() ? 2 : 12); round++) checkAll(Sample(numbers, randomShape(numbers)));
}

}  // namespace device_train::batch_norm
