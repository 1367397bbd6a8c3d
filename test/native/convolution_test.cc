// Convolution and its gradients at every level against the definition summed in double, over awkward shapes, and on several
// numbers of threads.
#include <algorithm>
#include <array>
#include <cmath>

#include "convolutions.h"
#include "train/reference/convolution.h"

using namespace convolutions;

namespace {

// A sum of n products errs by no more than about n/2 roundings of the sum of absolute values; in practice by far less. The
// bound holds for sums in order, and a sum of few products has at least that of its own rounding.
void expectNear(const std::string& what, const std::vector<float>& values, const reference::Sums& sums, double terms) {
  const double unit = std::ldexp(1.0, -24);
  for (std::size_t i = 0; i < values.size(); i++) {
    const double miss = std::fabs(values[i] - sums.value[i]);
    if (miss <= unit * (terms + 2) * sums.size[i]) continue;
    check::report(__FILE__, __LINE__, what + ": number " + std::to_string(i) + " is " + std::to_string(values[i]) + ", not " +
                                          std::to_string(sums.value[i]));
    return;
  }
}

void compare(const ConvolutionShape& shape, check::Numbers& numbers) {
  const Case c(shape, numbers);
  const double columns = static_cast<double>(shape.kernelHeight) * shape.kernelWidth * shape.groupChannels();
  const double rows = static_cast<double>(shape.batch) * shape.outputHeight() * shape.outputWidth();
  const reference::Sums output = reference::convolution(shape, c.input.data(), c.weights.data(), c.bias.data());
  const reference::Sums byInput = reference::convolutionByInput(shape, c.gradient.data(), c.weights.data());
  const reference::Sums byWeights = reference::convolutionByWeights(shape, c.input.data(), c.gradient.data());
  const reference::Sums byBias = reference::biasGradient(shape, c.gradient.data());
  for (const TrainLevel& level : trainLevels()) {
    if (!level.supported()) continue;
    const std::string what = std::string(level.name) + ", " + text(shape);
    const Results one = computed(c, level, 1);
    expectNear(what + ", output", one.output, output, 2 * columns);
    expectNear(what + ", by input", one.byInput, byInput, 2.0 * columns / shape.groupChannels() * shape.groupOutputs());
    expectNear(what + ", by weights", one.byWeights, byWeights, 2 * std::min(rows, 300.0));
    expectNear(what + ", by bias", one.byBias, byBias, 2 * std::min(rows, 300.0));
    for (const int threads : {2, 3, 5, 16}) {
      if (computed(c, level, threads) == one) continue;
      check::report(__FILE__, __LINE__, what + ": other bits on " + std::to_string(threads) + " threads");
    }
  }
}

}  // namespace

TEST(everyNumberOfChannels) {
  check::Numbers numbers(71);
  for (int channels = 1; channels <= 67; channels++) {
    compare(square(1, 5, channels, 1 + numbers.below(20), 3, 1), numbers);
    compare(square(2, 4, 1 + numbers.below(20), channels, 3, 1 + channels % 2), numbers);
    compare(square(1, 6, channels, channels, 1, 1), numbers);
  }
}

TEST(everyKernelAndStride) {
  check::Numbers numbers(72);
  for (int kernel = 1; kernel <= 11; kernel++) {
    for (int stride = 1; stride <= 4; stride++) {
      ConvolutionShape s = square(1, 13, 3, 7, kernel, stride);
      compare(s, numbers);
      s.kernelWidth = 12 - kernel;
      s.padRight = 0;
      s.padLeft = 5;
      s.strideX = 1 + stride % 3;
      compare(s, numbers);
    }
  }
}

TEST(awkwardShapes) {
  check::Numbers numbers(73);
  compare(square(1, 1, 1, 1, 1, 1), numbers);
  compare(square(1, 1, 5, 3, 3, 1), numbers);
  compare(square(1, 1, 5, 3, 3, 2), numbers);
  for (const auto& [height, width] : {std::array{1, 50}, {50, 1}, {2, 31}, {17, 3}}) {
    for (const int stride : {1, 2}) {
      ConvolutionShape s = square(3, 1, 6, 19, 3, stride);
      s.height = height;
      s.width = width;
      compare(s, numbers);
      s.dilationY = s.dilationX = 2;
      s.padTop = s.padBottom = 3;
      s.padLeft = s.padRight = 2;
      compare(s, numbers);
    }
  }
  // A kernel whose taps lie outside for the most part, and one that reaches some pixels only.
  ConvolutionShape s = square(1, 3, 4, 4, 3, 1);
  s.dilationY = s.dilationX = 5;
  s.padTop = s.padLeft = s.padBottom = s.padRight = 6;
  compare(s, numbers);
  s = square(2, 9, 4, 4, 1, 3);
  compare(s, numbers);
  s = square(1, 7, 4, 4, 3, 5);
  s.padTop = 7;
  compare(s, numbers);
}

TEST(severalBlocksAndParts) {
  check::Numbers numbers(74);
  compare(square(1, 9, 130, 75, 3, 1), numbers);   // several chunks of columns
  compare(square(3, 40, 5, 9, 3, 1), numbers);     // several blocks of rows
  compare(square(9, 32, 3, 17, 3, 1), numbers);    // several parts
  compare(square(1, 4, 257, 131, 3, 1), numbers);  // few rows, many columns
  compare(square(2, 7, 300, 260, 1, 1), numbers);
}

TEST(groupsAndDepthwise) {
  check::Numbers numbers(75);
  for (const int kernel : {1, 3, 5}) {
    for (const int stride : {1, 2}) {
      for (const auto& [channels, outputs, groups] :
           {std::array{6, 9, 3}, {8, 8, 8}, {5, 15, 5}, {32, 32, 4}, {35, 35, 35}, {64, 64, 64}, {1, 4, 1}, {12, 4, 4}}) {
        ConvolutionShape s = square(2, 9, channels, outputs, kernel, stride);
        s.groups = groups;
        compare(s, numbers);
        s.dilationX = 2;
        s.width = 16;
        compare(s, numbers);
      }
    }
  }
}

TEST(randomShapes) {
  check::Numbers numbers(76);
  for (int round = 0; round < (check::quick() ? 30 : 150);) {
    ConvolutionShape s{.batch = 1 + numbers.below(3), .height = 1 + numbers.below(20), .width = 1 + numbers.below(20)};
    s.groups = numbers.below(3) == 0 ? 1 + numbers.below(5) : 1;
    s.channels = s.groups * (1 + numbers.below(24));
    s.outputs = s.groups * (1 + numbers.below(40));
    s.kernelHeight = 1 + numbers.below(6);
    s.kernelWidth = 1 + numbers.below(6);
    s.strideY = 1 + numbers.below(3);
    s.strideX = 1 + numbers.below(3);
    s.dilationY = 1 + numbers.below(3);
    s.dilationX = 1 + numbers.below(3);
    s.padTop = numbers.below(5);
    s.padLeft = numbers.below(5);
    s.padBottom = numbers.below(5);
    s.padRight = numbers.below(5);
    if (s.outputHeight() == 0 || s.outputWidth() == 0) continue;
    compare(s, numbers);
    round++;
  }
}

// What PyTorch makes of them: infinity times zero is NaN, and a NaN spreads to all that it is added to, and no further.
TEST(infinitiesAndNaN) {
  check::Numbers numbers(77);
  const float infinity = std::numeric_limits<float>::infinity();
  for (const int groups : {1, 6}) {
    for (const float bad : {infinity, std::numeric_limits<float>::quiet_NaN()}) {
      ConvolutionShape s = square(1, 7, 6, 6, 3, 1);
      s.groups = groups;
      Case c(s, numbers);
      c.input[(3 * 7 + 3) * 6 + 2] = bad;
      for (std::size_t i = 0; i < c.weights.size(); i += 5) c.weights[i] = 0;
      const reference::Sums output = reference::convolution(s, c.input.data(), c.weights.data(), c.bias.data());
      const reference::Sums byWeights = reference::convolutionByWeights(s, c.input.data(), c.gradient.data());
      for (const TrainLevel& level : trainLevels()) {
        if (!level.supported()) continue;
        const Results r = computed(c, level, 1);
        const auto sameKind = [](float a, double b) {
          return std::isnan(a) == std::isnan(b) && std::isinf(a) == std::isinf(b) && (!std::isinf(a) || (a > 0) == (b > 0));
        };
        int others = 0;
        for (std::size_t i = 0; i < r.output.size(); i++) others += sameKind(r.output[i], output.value[i]) ? 0 : 1;
        for (std::size_t i = 0; i < r.byWeights.size(); i++) others += sameKind(r.byWeights[i], byWeights.value[i]) ? 0 : 1;
        CHECK_EQUAL(others, 0);
      }
    }
  }
}

// The error of the sums over all places does not grow with their number. Numbers of one sign, because then a plain sum in float
// loses more and more of what it adds: 1e-5 of these sums.
TEST(largeBatchesAreSummedAsExactly) {
  check::Numbers numbers(78);
  for (const int groups : {1, 2}) {
    ConvolutionShape s = square(64, 32, 2, 2, 3, 1);
    s.groups = groups;
    Case c(s, numbers);
    for (float& value : c.input) value = std::fabs(value);
    for (float& value : c.gradient) value = std::fabs(value);
    const reference::Sums byWeights = reference::convolutionByWeights(s, c.input.data(), c.gradient.data());
    const reference::Sums byBias = reference::biasGradient(s, c.gradient.data());
    for (const TrainLevel& level : trainLevels()) {
      if (!level.supported()) continue;
      const Results r = computed(c, level, 1);
      const auto worst = [](const std::vector<float>& values, const reference::Sums& sums) {
        double miss = 0;
        for (std::size_t i = 0; i < values.size(); i++) miss = std::max(miss, std::fabs(values[i] / sums.value[i] - 1));
        return miss;
      };
      CHECK(worst(r.byWeights, byWeights) < 5e-7);
      CHECK(worst(r.byBias, byBias) < 5e-7);
    }
  }
}

TEST(shapesThatCannotBeAreRefused) {
  const auto refused = [](const ConvolutionShape& s) {
    try {
      checkShape(s);
    } catch (const std::logic_error&) {  // of which invalid_argument and length_error are kinds
      return true;
    }
    return false;
  };
  ConvolutionShape s = square(1, 4, 4, 6, 3, 1);
  CHECK(!refused(s));
  s.groups = 4;
  CHECK(refused(s));
  s = square(1, 4, 4, 6, 3, 0);
  CHECK(refused(s));
  s = square(1, 2, 4, 6, 5, 1);
  s.padTop = 0;
  s.padBottom = 0;
  CHECK(refused(s));
  s = square(1, 4, 4, 6, 3, 1);
  s.padLeft = -1;
  CHECK(refused(s));
  CHECK(refused(square(2000000000, 30000, 1000, 1, 1, 1)));
  CHECK(refused(square(1, 100000, 1, 1, 1, 1)));
}
