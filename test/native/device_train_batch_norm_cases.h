// Batch normalisation by the kernels of native/cuda/train where it is difficult, and running statistics.
#pragma once

#include "device_train_batch_norm.h"

namespace device_train::batch_norm {

// The mean of the squares minus the square of the mean would have no right digit here.
TEST(varianceAroundALargeMean) {
  check::Numbers numbers(403);
  for (const Planes& shape : {Planes{50, 3, 100}, {11, 7, 64}, {3, 2, 12000}, {2, 3, 4999}}) {
    std::vector<float> x = floats(numbers, shape.values(), 4000, 4000.05);
    checkStatistics(x, shape);
    // One that differs from all others, in the first place and in the last.
    x.front() = -1e4f;
    x.back() = 3e4f;
    checkStatistics(x, shape);
  }
}

// The values that the mean is guessed from, those of the first quarter of a part, are nowhere near the others.
TEST(varianceAroundAWrongGuess) {
  check::Numbers numbers(404);
  for (const Planes& shape : {Planes{1, 2, 8192}, {1, 2, 8191}, {1, 1, 20000}}) {
    std::vector<float> x = floats(numbers, shape.values(), 4000, 4000.05);
    for (std::size_t i = 0; i < x.size(); i++) {
      if (i % static_cast<std::size_t>(shape.pixels) % 8192 < 2048) x[i] -= 3000;
    }
    checkStatistics(x, shape, 0, 5);
    checkStatistics(x, shape, 1, 5);
  }
}

TEST(oneValueHasNoVariance) {
  const std::vector<float> found = statisticsOf({3, -1e30f, 0}, {1, 3, 1});
  CHECK(found == std::vector<float>({3, -1e30f, 0, 0, 0, 0, found[6], found[6], found[6]}));
  CHECK(near(found[6], 1 / std::sqrt(double{1e-5f}), 1e-4));
}

// 1, 2, 3, 6: mean 3, variance (4 + 1 + 0 + 9) / 4. A second channel lies between the two images.
TEST(statisticsByHand) {
  const std::vector<float> found = statisticsOf({1, 2, 9, 9, 3, 6, 9, 9}, {2, 2, 2});
  CHECK(found[0] == 3 && found[1] == 9 && found[2] == 3.5f && found[3] == 0);
  CHECK(near(found[4], 1 / std::sqrt(3.5 + 1e-5), 1e-7));
}

// The mask that is computed again is the one that was used: the same bits as of the stored result.
TEST(maskIsThatOfTheResult) {
  check::Numbers numbers(405);
  for (const Planes& shape : {Planes{5, 5, 100}, {3, 16, 99}, {1, 300, 40}}) {
    Sample s(numbers, shape);
    // Results that are 0 but for roundings, and 0.
    for (std::size_t i = 0; i < s.x.size(); i++) {
      const std::size_t c = s.channelOf(i);
      s.x[i] = s.mean[c] - s.bias[c] / (s.inverse[c] * s.scale[c]);
      if (i % 3 == 1) s.x[i] = std::nextafter(s.x[i], 9.0f);
      if (i % 3 == 2) s.x[i] = std::nextafter(s.x[i], -9.0f);
    }
    s.y = normalised(s, 0, true);
    const auto zeros = std::count(s.y.begin(), s.y.end(), 0.0f);
    CHECK(zeros > static_cast<std::ptrdiff_t>(s.y.size() / 10) && zeros < static_cast<std::ptrdiff_t>(s.y.size() * 9 / 10));
    const std::vector<float> again = sumsOf(s, {s.dy.data(), nullptr, Mask::ofNormalised}, true);
    CHECK(sameBits(again, sumsOf(s, {s.dy.data(), nullptr, Mask::ofResult, s.y.data()}, true)));
  }
}

TEST(batchNormOfNanAndInfinity) {
  check::Numbers numbers(406);
  Sample s(numbers, {2, 9, 20});
  // In channels 1, 2 and 3.
  s.x[1 * 20 + 4] = kNan;
  s.x[2 * 20 + 7] = kInfinity;
  s.x[3 * 20 + 8] = -kInfinity;
  const std::vector<float> found = statisticsOf(s.x, s.shape);
  for (std::size_t c = 0; c < 9; c++) {
    CHECK(std::isnan(found[9 + c]) == (c >= 1 && c <= 3));
    CHECK(std::isnan(found[c]) == (c >= 1 && c <= 3) || std::isinf(found[c]));
  }
  for (const bool relu : {false, true}) checkNormalise(s, 1, relu);
  s.dy[100] = kNan;
  s.dy2[101] = kInfinity;
  s.y[102] = kNan;
  s.dy[103] = kInfinity;
  for (const Arriving& gradient : gradientsOf(s)) checkGradient(s, gradient);
  // Where the result is NaN the gradient passes, where it is 0 not even NaN does.
  s.y[100] = 0;
  const std::vector<float> passed = sumsOf(s, {s.dy.data(), nullptr, Mask::ofResult, s.y.data()}, true);
  CHECK_EQUAL(passed[18 + 100], 0.0f);
  CHECK_EQUAL(passed[18 + 102], s.dy[102]);
}

TEST(batchNormInPlace) {
  check::Numbers numbers(407);
  for (const Planes& shape : {Planes{3, 19, 111}, {3, 19, 112}}) {
    const Sample s(numbers, shape);
    const std::vector<float> apart = normalised(s, 1, true);
    const Arriving gradient{s.dy.data(), s.dy2.data(), Mask::ofResult, s.y.data()};
    const std::vector<float> sums = sumsOf(s, gradient, true);
    const std::vector<float> bias(sums.begin(), sums.begin() + 19), scale(sums.begin() + 19, sums.begin() + 38);
    const std::vector<float> dx = gradientOf(s, gradient, bias, scale);

    Arrays arrays;
    float* const x = arrays.up(s.x);
    float* const dy = arrays.up(s.dy);
    float* const dy2 = arrays.up(s.dy2);
    float* const y = arrays.up(s.y);
    float* const residual = arrays.up(s.other);
    const Normalisation norm = s.normOn(arrays);
    operators().normalise({x, norm, residual, {}, true}, shape, residual);
    CHECK(sameBits(down(residual, s.x.size()), apart));
    const GradientSums found{arrays.up(bias), arrays.up(scale), dy2};
    operators().normaliseGradientSums({dy, dy2, Mask::ofResult, y}, x, norm, shape, found,
                                      arrays.workspace(saliencymix::cuda::gradientSumsWorkspaceBytes(shape)));
    CHECK(std::memcmp(down(dy2, s.x.size()).data(), &sums[38], s.x.size() * sizeof(float)) == 0);
    // What passed spares the mask, and the second gradient.
    operators().normaliseGradient({dy2}, x, norm, shape, found, x);
    CHECK(sameBits(down(x, s.x.size()), dx));
  }
}

// dx of Σ dy * max(0, normalised(x)) with the batch's own statistics, by central differences of the definition.
TEST(batchNormAgainstDifferences) {
  check::Numbers numbers(408);
  const Planes shape{3, 2, 5};
  Sample s(numbers, shape);
  const std::vector<float> statistics = statisticsOf(s.x, shape);
  for (std::size_t c = 0; c < 2; c++) {
    s.mean[c] = statistics[c];
    s.inverse[c] = statistics[4 + c];
  }
  const auto loss = [&](const std::vector<double>& x) {
    double mean[2] = {}, variance[2] = {}, sum = 0;
    for (std::size_t i = 0; i < 30; i++) mean[s.channelOf(i)] += x[i] / 15;
    for (std::size_t i = 0; i < 30; i++) variance[s.channelOf(i)] += std::pow(x[i] - mean[s.channelOf(i)], 2) / 15;
    for (std::size_t i = 0; i < 30; i++) {
      const std::size_t c = s.channelOf(i);
      const double y = (x[i] - mean[c]) / std::sqrt(variance[c] + double{1e-5f}) * double{s.scale[c]} + double{s.bias[c]};
      sum += double{s.dy[i]} * (y < 0 ? 0 : y);
    }
    return sum;
  };
  const Arriving gradient{s.dy.data(), nullptr, Mask::ofNormalised};
  const std::vector<float> sums = sumsOf(s, gradient, false);
  const std::vector<float> dx = gradientOf(s, gradient, {sums[0], sums[1]}, {sums[2], sums[3]});
  for (std::size_t i = 0; i < 30; i++) {
    std::vector<double> above(s.x.begin(), s.x.end()), below = above;
    above[i] += 1e-6;
    below[i] -= 1e-6;
    CHECK(near(dx[i], (loss(above) - loss(below)) / 2e-6, 1e-5));
  }
}

// The same bits as on the processor.
TEST(runningStatistics) {
  check::Numbers numbers(409);
  for (const int channels : {1, 7, 256, 1000}) {
    const std::size_t count = static_cast<std::size_t>(channels);
    const Planes shape{3, channels, 5};
    std::vector<float> batch = floats(numbers, 3 * count), old = floats(numbers, 2 * count, 0, 2), expected(2 * count);
    updateRunningStatistics({&batch[0], &batch[count], &batch[2 * count]}, {15, count}, 0.1,
                            {&old[0], &old[count], &expected[0], &expected[count]});
    Arrays arrays;
    float* const now = arrays.up(batch);
    float* const before = arrays.up(old);
    float* const next = arrays.room(2 * count);
    operators().updateRunningStatistics({now, now + count, now + 2 * count}, shape, 0.1,
                                        {before, before + count, next, next + count});
    CHECK(sameBits(down(next, 2 * count), expected));
  }
}

TEST(batchNormRefusals) {
  float x[4] = {};
  const Planes one{1, 2, 1};
  CHECK(throws<std::invalid_argument>([&] { operators().batchStatistics(x, one, 1e-5f, {x, x, x}, {}); }));
  CHECK(throws<std::invalid_argument>([&] { operators().updateRunningStatistics({x, x, x}, one, 0.1, {x, x, x, x}); }));
  for (const Planes& shape : {Planes{0, 1, 1}, {1, 0, 1}, {1, 1, 0}, {-1, 1, 1}}) {
    CHECK(throws<std::invalid_argument>([&] { saliencymix::cuda::batchStatisticsWorkspaceBytes(shape); }));
    CHECK(throws<std::invalid_argument>([&] { operators().normalise({x, {x, x, x, x}, nullptr, {}}, shape, x); }));
  }
  for (const Planes& shape : {Planes{1 << 20, 1 << 20, 1 << 20}, {1 << 11, 1 << 10, 1 << 10}, {1, 1, 0x7fffffff}}) {
    CHECK(throws<std::length_error>([&] { saliencymix::cuda::gradientSumsWorkspaceBytes(shape); }));
    CHECK(throws<std::length_error>([&] { operators().normalise({x, {x, x, x, x}, nullptr, {}}, shape, x); }));
    CHECK(throws<std::length_error>([&] { operators().normaliseGradient({x}, x, {x, x, x, x}, shape, {x, x}, x); }));
  }
}

}  // namespace device_train::batch_norm
