// Batch normalisation and its gradients at every level, against the definition in double.
//
// Tolerances: a float32 operation errs by 2^-24 of its result. A block's sum adds 64 or 32 wide rows in groups of 4 and folds
// at most 256 parts in 8 steps, so that a term goes through at most 28 additions; 32 * 2^-24 of the sum of the terms' sizes.
#include "train_checks.h"
#include "train/batch_norm.h"
#include "train/reference/batch_norm.h"

using namespace train_checks;

namespace {

constexpr double kRounding = 0x1p-24;
constexpr double kSumRounding = 32 * kRounding;

const std::vector<ChannelRows> kShapes = {{1, 1},   {1, 7},    {2, 1},    {3, 5},    {49, 67},  {1000, 3}, {17, 256},
                                          {31, 257}, {300, 16}, {2100, 16}, {4099, 1}, {130, 64}, {9, 2048}, {70, 513}};

ChannelRows randomShape(check::Numbers& numbers) {
  const int most = numbers.below(2) == 0 ? 600 : 67;
  return {static_cast<std::size_t>(1 + numbers.below(400)), static_cast<std::size_t>(1 + numbers.below(most))};
}

// x, and a normalisation of it that need not be of its own statistics.
struct Sample {
  Sample(check::Numbers& numbers, const ChannelRows& rows)
      : shape(rows), x(floats(numbers, rows.size(), -2, 3)), mean(floats(numbers, rows.channels, -1, 1)),
        inverse(floats(numbers, rows.channels, 0.2, 3)), scale(floats(numbers, rows.channels, -2, 2)),
        bias(floats(numbers, rows.channels)), other(floats(numbers, rows.size())), dy(floats(numbers, rows.size())),
        dy2(floats(numbers, rows.size())), y(floats(numbers, rows.size())) {
    // Not so near 0 that the reference could take the other side.
    for (std::size_t i = 0; i < x.size(); i++) {
      while (std::abs(reference::normalised(x[i], norm(), i % shape.channels)) < 1e-5) x[i] += 0.01f;
    }
  }
  Normalisation norm() const { return {mean.data(), inverse.data(), scale.data(), bias.data()}; }

  ChannelRows shape;
  std::vector<float> x, mean, inverse, scale, bias, other, dy, dy2, y;
};

std::vector<float> statisticsOf(const TrainKernels& kernels, const std::vector<float>& x, const ChannelRows& shape) {
  return onAnyThreads(kernels, batchStatisticsWorkspaceBytes(shape), [&](const TrainRun& run) {
    std::vector<float> found(3 * shape.channels);
    batchStatistics(run, x.data(), shape, 1e-5f, {&found[0], &found[shape.channels], &found[2 * shape.channels]});
    return found;
  });
}

void checkStatistics(const TrainKernels& kernels, const std::vector<float>& x, const ChannelRows& shape) {
  const std::vector<float> found = statisticsOf(kernels, x, shape);
  std::vector<double> mean;
  std::vector<double> variance;
  reference::batchMoments(x.data(), shape, mean, variance);
  CHECK(everywhere(shape.channels, [&](std::size_t c) {
    return near(found[c], mean[c], kSumRounding * std::sqrt(variance[c]) + 2 * kRounding * std::abs(mean[c]));
  }));
  // Twice: a square has the roundings of what is squared.
  CHECK(everywhere(shape.channels, [&](std::size_t c) {
    return near(found[shape.channels + c], variance[c], 2 * kSumRounding * variance[c]);
  }));
  CHECK(everywhere(shape.channels, [&](std::size_t c) {
    const double inverse = 1 / std::sqrt(variance[c] + double{1e-5f});
    return near(found[2 * shape.channels + c], inverse, 2 * kSumRounding * inverse);
  }));
}

void checkNormalise(const TrainKernels& kernels, const Sample& s, int residual, bool relu) {
  NormaliseInputs inputs{s.x.data(), s.norm(), nullptr, {}, relu};
  if (residual > 0) inputs.residual = s.other.data();
  if (residual > 1) inputs.residualNorm = s.norm();
  const auto found = onAnyThreads(kernels, normaliseWorkspaceBytes(s.shape), [&](const TrainRun& run) {
    std::vector<float> y(s.shape.size());
    normalise(run, inputs, s.shape, y.data());
    return y;
  });
  CHECK(everywhere(found.size(), [&](std::size_t i) {
    // |x - mean| <= 4, inverse <= 3, |scale| <= 2, |bias| <= 1 and the same once more.
    return near(found[i], reference::normaliseValue(inputs, i, i % s.shape.channels), 4 * kRounding * 2 * (4 * 3 * 2 + 1));
  }));
}

std::vector<Arriving> gradientsOf(const Sample& s) {
  std::vector<Arriving> all;
  for (const float* second : {static_cast<const float*>(nullptr), s.dy2.data()}) {
    for (const Mask mask : {Mask::none, Mask::ofNormalised, Mask::ofResult}) {
      all.push_back({s.dy.data(), second, mask, mask == Mask::ofResult ? s.y.data() : nullptr});
    }
  }
  return all;
}

// Bias, scale, and what passes, one after the other.
std::vector<float> sumsOf(const TrainKernels& kernels, const Sample& s, const Arriving& gradient, bool wantsPassing) {
  return onAnyThreads(kernels, gradientSumsWorkspaceBytes(s.shape), [&](const TrainRun& run) {
    std::vector<float> found(2 * s.shape.channels + s.shape.size());
    float* passing = wantsPassing ? &found[2 * s.shape.channels] : nullptr;
    normaliseGradientSums(run, gradient, s.x.data(), s.norm(), s.shape, {&found[0], &found[s.shape.channels], passing});
    return found;
  });
}

void checkSums(const TrainKernels& kernels, const Sample& s, const Arriving& gradient) {
  const std::vector<float> found = sumsOf(kernels, s, gradient, true);
  CHECK(std::memcmp(sumsOf(kernels, s, gradient, false).data(), found.data(), 2 * s.shape.channels * sizeof(float)) == 0);
  const Normalisation norm = s.norm();
  const reference::GradientSums expected = reference::gradientSums(gradient, s.shape, s.x.data(), &norm);
  std::vector<double> sizes(s.shape.channels, 0);
  CHECK(everywhere(s.shape.size(), [&](std::size_t i) {
    const double g = reference::arriving(gradient, i, s.x.data(), &norm, i % s.shape.channels);
    sizes[i % s.shape.channels] += std::abs(g);
    return near(found[2 * s.shape.channels + i], g, 2 * kRounding);
  }));
  CHECK(everywhere(s.shape.channels, [&](std::size_t c) {
    return near(found[c], expected.bias[c], kSumRounding * sizes[c]) &&
           near(found[s.shape.channels + c], expected.scale[c], kSumRounding * sizes[c] * 4 * double{s.inverse[c]});
  }));
}

void checkBias(const TrainKernels& kernels, const Sample& s, const Arriving& gradient) {
  const auto found = onAnyThreads(kernels, gradientSumsWorkspaceBytes(s.shape), [&](const TrainRun& run) {
    std::vector<float> sums(s.shape.channels + s.shape.size());
    biasGradient(run, gradient, s.shape, &sums[0], &sums[s.shape.channels]);
    return sums;
  });
  const reference::GradientSums expected = reference::gradientSums(gradient, s.shape, s.x.data(), nullptr);
  CHECK(everywhere(s.shape.channels, [&](std::size_t c) {
    return near(found[c], expected.bias[c], kSumRounding * 2 * static_cast<double>(s.shape.rows));
  }));
  const std::vector<float> both = sumsOf(kernels, s, gradient, true);
  CHECK(std::memcmp(&both[2 * s.shape.channels], &found[s.shape.channels], s.shape.size() * sizeof(float)) == 0);
  CHECK(std::memcmp(&both[0], &found[0], s.shape.channels * sizeof(float)) == 0);
}

void checkGradient(const TrainKernels& kernels, const Sample& s, const Arriving& gradient) {
  check::Numbers numbers(7);
  std::vector<float> bias = floats(numbers, s.shape.channels, -3, 3);
  std::vector<float> scale = floats(numbers, s.shape.channels, -3, 3);
  const GradientSums sums{bias.data(), scale.data()};
  const auto found = onAnyThreads(kernels, normaliseGradientWorkspaceBytes(s.shape), [&](const TrainRun& run) {
    std::vector<float> dx(s.shape.size());
    normaliseGradient(run, gradient, s.x.data(), s.norm(), s.shape, sums, dx.data());
    return dx;
  });
  CHECK(everywhere(found.size(), [&](std::size_t i) {
    const double expected = reference::normaliseGradientValue(gradient, s.shape, s.x.data(), s.norm(), sums, i);
    // scale * inverse <= 6; |g| <= 2, |Σg / M| <= 3, |x̂ Σ(g x̂) / M| <= 4 * 3 * 3.
    return near(found[i], expected, 5 * kRounding * 6 * (2 + 3 + 36));
  }));
}

void checkAll(const TrainKernels& kernels, const Sample& s) {
  checkStatistics(kernels, s.x, s.shape);
  for (const int residual : {0, 1, 2}) {
    for (const bool relu : {false, true}) checkNormalise(kernels, s, residual, relu);
  }
  for (const Arriving& gradient : gradientsOf(s)) {
    checkSums(kernels, s, gradient);
    if (gradient.mask != Mask::ofNormalised) checkBias(kernels, s, gradient);
    checkGradient(kernels, s, gradient);
  }
}

}  // namespace

TEST(awkwardShapes) {
  atEveryLevel([](const TrainKernels& kernels) {
    check::Numbers numbers(301);
    for (const ChannelRows& shape : kShapes) checkAll(kernels, Sample(numbers, shape));
  });
}

TEST(everyNumberOfChannels) {
  atEveryLevel([](const TrainKernels& kernels) {
    check::Numbers numbers(302);
    for (std::size_t channels = 1; channels <= 67; channels++) checkAll(kernels, Sample(numbers, {37, channels}));
  });
}

TEST(randomShapes) {
  atEveryLevel([](const TrainKernels& kernels) {
    check::Numbers numbers(303);
    for (int round = 0; round < (check::quick() ? 6 : 40); round++) checkAll(kernels, Sample(numbers, randomShape(numbers)));
  });
}

// The mean of the squares minus the square of the mean would have no right digit here.
TEST(varianceAroundALargeMean) {
  atEveryLevel([](const TrainKernels& kernels) {
    check::Numbers numbers(304);
    for (const ChannelRows& shape : {ChannelRows{5000, 3}, ChannelRows{700, 64}, ChannelRows{100, 300}}) {
      std::vector<float> x = floats(numbers, shape.size(), 4000, 4000.05);
      checkStatistics(kernels, x, shape);
      // One that differs from all others, in the first place and in the last.
      x.front() = -1e4f;
      x.back() = 3e4f;
      checkStatistics(kernels, x, shape);
    }
  });
}

TEST(oneRowHasNoVariance) {
  atEveryLevel([](const TrainKernels& kernels) {
    const std::vector<float> found = statisticsOf(kernels, {3, -1e30f, 0}, {1, 3});
    CHECK(found == std::vector<float>({3, -1e30f, 0, 0, 0, 0, found[6], found[6], found[6]}));
    CHECK(near(found[6], 1 / std::sqrt(double{1e-5f}), 1e-4));
  });
}

// The mask that is computed again is the one that was used: the same bits as of the stored result.
TEST(maskIsThatOfTheResult) {
  atEveryLevel([](const TrainKernels& kernels) {
    check::Numbers numbers(305);
    for (const ChannelRows& shape : {ChannelRows{500, 5}, ChannelRows{300, 16}, ChannelRows{40, 300}}) {
      Sample s(numbers, shape);
      // Results that are 0 but for roundings, and 0.
      for (std::size_t i = 0; i < s.x.size(); i++) {
        const std::size_t c = i % shape.channels;
        s.x[i] = s.mean[c] - s.bias[c] / (s.inverse[c] * s.scale[c]);
        if (i % 3 == 1) s.x[i] = std::nextafter(s.x[i], 9.0f);
        if (i % 3 == 2) s.x[i] = std::nextafter(s.x[i], -9.0f);
      }
      std::vector<float> y(shape.size());
      normalise(*Runner(kernels, normaliseWorkspaceBytes(shape)), {s.x.data(), s.norm(), nullptr, {}, true}, shape, y.data());
      const auto zeros = std::count(y.begin(), y.end(), 0.0f);
      CHECK(zeros > static_cast<std::ptrdiff_t>(y.size() / 10) && zeros < static_cast<std::ptrdiff_t>(y.size() * 9 / 10));
      const std::vector<float> again = sumsOf(kernels, s, {s.dy.data(), nullptr, Mask::ofNormalised}, true);
      CHECK(sameBits(again, sumsOf(kernels, s, {s.dy.data(), nullptr, Mask::ofResult, y.data()}, true)));
    }
  });
}

TEST(notANumberAndInfinity) {
  atEveryLevel([](const TrainKernels& kernels) {
    check::Numbers numbers(306);
    Sample s(numbers, {40, 9});
    s.x[4 * 9 + 1] = kNan;
    s.x[7 * 9 + 2] = kInfinity;
    s.x[8 * 9 + 3] = -kInfinity;
    const std::vector<float> found = statisticsOf(kernels, s.x, s.shape);
    for (std::size_t c = 0; c < 9; c++) {
      CHECK(std::isnan(found[9 + c]) == (c >= 1 && c <= 3));
      CHECK(std::isnan(found[c]) == (c >= 1 && c <= 3) || std::isinf(found[c]));
    }
    for (const bool relu : {false, true}) checkNormalise(kernels, s, 1, relu);
    s.dy[100] = kNan;
    s.dy2[101] = kInfinity;
    s.y[102] = kNan;
    s.dy[103] = kInfinity;
    for (const Arriving& gradient : gradientsOf(s)) checkGradient(kernels, s, gradient);
    // Where the result is NaN the gradient passes, where it is 0 not even NaN does.
    s.y[100] = 0;
    const std::vector<float> passed = sumsOf(kernels, s, {s.dy.data(), nullptr, Mask::ofResult, s.y.data()}, true);
    CHECK_EQUAL(passed[18 + 100], 0.0f);
    CHECK_EQUAL(passed[18 + 102], s.dy[102]);
  });
}

TEST(resultsMayTakeThePlaceOfInputs) {
  atEveryLevel([](const TrainKernels& kernels) {
    check::Numbers numbers(307);
    const Sample s(numbers, {333, 19});
    const std::size_t bytes = gradientSumsWorkspaceBytes(s.shape) + normaliseGradientWorkspaceBytes(s.shape);
    std::vector<float> apart(s.shape.size());
    const NormaliseInputs inputs{s.x.data(), s.norm(), s.other.data(), {}, true};
    normalise(*Runner(kernels, bytes, 3), inputs, s.shape, apart.data());
    std::vector<float> inPlace = s.other;
    normalise(*Runner(kernels, bytes, 3), {s.x.data(), s.norm(), inPlace.data(), {}, true}, s.shape, inPlace.data());
    CHECK(sameBits(inPlace, apart));

    std::vector<float> bias(19), scale(19);
    const Arriving gradient{s.dy.data(), s.dy2.data(), Mask::ofResult, s.y.data()};
    normaliseGradientSums(*Runner(kernels, bytes, 3), gradient, s.x.data(), s.norm(), s.shape,
                          {bias.data(), scale.data(), apart.data()});
    inPlace = s.dy2;
    normaliseGradientSums(*Runner(kernels, bytes, 3), {s.dy.data(), inPlace.data(), Mask::ofResult, s.y.data()}, s.x.data(),
                          s.norm(), s.shape, {bias.data(), scale.data(), inPlace.data()});
    CHECK(sameBits(inPlace, apart));

    const GradientSums sums{bias.data(), scale.data()};
    normaliseGradient(*Runner(kernels, bytes, 3), gradient, s.x.data(), s.norm(), s.shape, sums, apart.data());
    inPlace = s.x;
    normaliseGradient(*Runner(kernels, bytes, 3), gradient, inPlace.data(), s.norm(), s.shape, sums, inPlace.data());
    CHECK(sameBits(inPlace, apart));
  });
}

// dx by central differences of the definition: the loss is Σ dy * normalised(x) with the batch's own statistics.
TEST(gradientAgainstDifferences) {
  atEveryLevel([](const TrainKernels& kernels) {
    check::Numbers numbers(308);
    const ChannelRows shape{11, 3};
    Sample s(numbers, shape);
    const std::vector<float> statistics = statisticsOf(kernels, s.x, shape);
    const Normalisation norm{&statistics[0], &statistics[6], s.scale.data(), s.bias.data()};
    const auto loss = [&](const std::vector<double>& x) {
      double sum = 0;
      for (std::size_t c = 0; c < 3; c++) {
        double mean = 0, variance = 0;
        for (std::size_t r = 0; r < 11; r++) mean += x[r * 3 + c] / 11;
        for (std::size_t r = 0; r < 11; r++) variance += (x[r * 3 + c] - mean) * (x[r * 3 + c] - mean) / 11;
        for (std::size_t r = 0; r < 11; r++) {
          const double y = (x[r * 3 + c] - mean) / std::sqrt(variance + double{1e-5f}) * double{s.scale[c]} + double{s.bias[c]};
          sum += double{s.dy[r * 3 + c]} * (y < 0 ? 0 : y);
        }
      }
      return sum;
    };
    const Arriving gradient{s.dy.data(), nullptr, Mask::ofNormalised};
    std::vector<float> bias(3), scale(3), dx(33);
    const Runner runner(kernels, gradientSumsWorkspaceBytes(shape) + normaliseGradientWorkspaceBytes(shape));
    normaliseGradientSums(*runner, gradient, s.x.data(), norm, shape, {bias.data(), scale.data()});
    normaliseGradient(*runner, gradient, s.x.data(), norm, shape, {bias.data(), scale.data()}, dx.data());
    std::vector<double> x(s.x.begin(), s.x.end());
    for (std::size_t i = 0; i < x.size(); i++) {
      constexpr double kStep = 1e-6;
      const double here = x[i];
      x[i] = here + kStep;
      const double above = loss(x);
      x[i] = here - kStep;
      const double below = loss(x);
      x[i] = here;
      CHECK(near(dx[i], (above - below) / (2 * kStep), 1e-5));
    }
  });
}

TEST(runningStatistics) {
  // Rows (1, 2), (3, 6), (8, 1): means 4 and 3, biased variances 26/3 and 14/3, unbiased 13 and 7. As BatchNorm2d of PyTorch.
  float mean[] = {4, 3}, variance[] = {26.0f / 3, 14.0f / 3}, inverse[] = {0, 0};
  const float oldMean[] = {0, 0}, oldVariance[] = {1, 1};
  float nextMean[2], nextVariance[2];
  updateRunningStatistics({mean, variance, inverse}, {3, 2}, 0.1, {oldMean, oldVariance, nextMean, nextVariance});
  CHECK(near(nextMean[0], 0.4, 1e-7) && near(nextMean[1], 0.3, 1e-7));
  CHECK(near(nextVariance[0], 2.2, 1e-6) && near(nextVariance[1], 1.6, 1e-6));
  inverseDeviations(variance, 2, 1e-5f, inverse);
  CHECK(near(inverse[1], 1 / std::sqrt(14.0 / 3 + 1e-5), 1e-7));
}

TEST(refusals) {
  atEveryLevel([](const TrainKernels& kernels) {
    float x[2] = {};
    CHECK(throws<std::invalid_argument>([&] { batchStatistics(*Runner(kernels, 4096), x, {0, 2}, 1e-5f, {x, x, x}); }));
    CHECK(throws<std::invalid_argument>([&] { batchStatistics(*Runner(kernels, 64), x, {1, 2}, 1e-5f, {x, x, x}); }));
    CHECK(throws<std::invalid_argument>([&] { updateRunningStatistics({x, x, x}, {1, 2}, 0.1, {x, x, x, x}); }));
    const Arriving ofNormalised{x, nullptr, Mask::ofNormalised};
    CHECK(throws<std::invalid_argument>([&] { biasGradient(*Runner(kernels, 8192), ofNormalised, {1, 2}, x); }));
    for (const ChannelRows& shape : {ChannelRows{std::size_t{1} << 40, std::size_t{1} << 40}, {0, std::size_t{1} << 60}}) {
      CHECK(throws<std::length_error>([&] { batchStatisticsWorkspaceBytes(shape); }));
      CHECK(throws<std::length_error>([&] { normaliseWorkspaceBytes(shape); }));
      CHECK(throws<std::length_error>([&] { gradientSumsWorkspaceBytes(shape); }));
      CHECK(throws<std::length_error>([&] { normaliseGradientWorkspaceBytes(shape); }));
    }
  });
}
