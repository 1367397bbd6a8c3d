// Winograd's convolution and its gradients at every level against the definition summed in double, over all kinds of shapes, and
// on several numbers of threads.
#include <array>
#include <cmath>
#include <cstdlib>

#include "convolutions.h"
#include "train/reference/convolution.h"

using namespace convolutions;

namespace {

ConvolutionShape winograd(int batch, int height, int width, int channels, int outputs, int padding = 1) {
  ConvolutionShape s = square(batch, height, channels, outputs, 3, 1);
  s.width = width;
  s.padTop = s.padLeft = s.padBottom = s.padRight = padding;
  s.form = ConvolutionForm::winograd;
  return s;
}

double norm(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value * value;
  return std::sqrt(sum);
}

// ‖values - sums‖ / ‖sums‖, of which not more than `most` is expected.
void expectNear(const std::string& what, const std::vector<float>& values, const reference::Sums& sums, double most) {
  std::vector<double> miss(values.size());
  for (std::size_t i = 0; i < values.size(); i++) miss[i] = double{values[i]} - sums.value[i];
  const double found = norm(miss) / norm(sums.value);
  if (found <= most) return;
  check::report(__FILE__, __LINE__, what + ": " + std::to_string(found * 1e6) + "e-6 of its norm off");
}

void compare(const ConvolutionShape& shape, check::Numbers& numbers, double most = 3e-6) {
  const Case c(shape, numbers);
  const reference::Sums output = reference::convolution(shape, c.input.data(), c.weights.data(), c.bias.data());
  const reference::Sums byInput = reference::convolutionByInput(shape, c.gradient.data(), c.weights.data());
  const reference::Sums byWeights = reference::convolutionByWeights(shape, c.input.data(), c.gradient.data());
  for (const TrainLevel& level : trainLevels()) {
    if (!level.supported()) continue;
    const std::string what = std::string(level.name) + ", " + text(shape);
    const Results one = computed(c, level, 1);
    expectNear(what + ", output", one.output, output, most);
    expectNear(what + ", by input", one.byInput, byInput, most);
    expectNear(what + ", by weights", one.byWeights, byWeights, most);
    for (const int threads : {2, 3, 16}) {
      if (computed(c, level, threads) == one) continue;
      check::report(__FILE__, __LINE__, what + ": other bits on " + std::to_string(threads) + " threads");
    }
  }
}

// What a level makes of a case whose input is normalised where it is read.
Results computedWith(const InputNorm& norm, const Case& c, const TrainLevel& level, int threads) {
  Results r{std::vector<float>(c.gradient.size()), {}, std::vector<float>(c.weights.size()), std::vector<float>(c.bias.size())};
  const TrainKernels& kernels = *level.kernels;
  Workspace forward(convolutionWorkspaceBytes(c.shape, kernels, threads, true));
  convolution(c.shape, c.input.data(), c.weights.data(), c.bias.data(), r.output.data(), {kernels, threads, forward.bytes()},
              &norm);
  Workspace backward(convolutionByWeightsWorkspaceBytes(c.shape, kernels, threads, true));
  convolutionByWeights(c.shape, c.input.data(), c.gradient.data(), r.byWeights.data(), r.byBias.data(),
                       {kernels, threads, backward.bytes()}, &norm);
  return r;
}

void compareNormalised(const ConvolutionShape& shape, bool relu, check::Numbers& numbers) {
  Case c(shape, numbers);
  const std::size_t channels = sizeOf({shape.channels});
  const std::vector<float> mean = floats(numbers, channels), inverse = floats(numbers, channels), scale = floats(numbers, channels),
                           bias = floats(numbers, channels);
  const InputNorm norm{{mean.data(), inverse.data(), scale.data(), bias.data()}, relu};
  const ChannelRows rows{c.input.size() / channels, channels};
  for (const TrainLevel& level : trainLevels()) {
    if (!level.supported()) continue;
    Case before = c;
    Workspace workspace(normaliseWorkspaceBytes(rows));
    normalise({*level.kernels, 1, workspace.bytes()}, {c.input.data(), norm.norm, nullptr, {}, relu}, rows, before.input.data());
    Results expected = computed(before, level, 1);
    expected.byInput.clear();
    for (const int threads : {1, 3}) {
      if (computedWith(norm, c, level, threads) == expected) continue;
      check::report(__FILE__, __LINE__, std::string(level.name) + ", " + text(shape) + (relu ? ", relu" : ""));
    }
  }
}

}  // namespace

TEST(everyNumberOfChannels) {
  check::Numbers numbers(91);
  for (int channels = 8; channels <= 67; channels += check::quick() ? 7 : 1) {
    compare(winograd(1, 4, 8, channels, 8 + numbers.below(20)), numbers);
    compare(winograd(2, 7, 4, 8 + numbers.below(20), channels), numbers);
  }
}

TEST(everySizeAndPadding) {
  check::Numbers numbers(92);
  for (int side = 3; side <= 18; side++) {
    for (int padding = 0; padding <= 3; padding++) compare(winograd(1, side, 3 + numbers.below(16), 9, 10, padding), numbers);
  }
  ConvolutionShape s = winograd(2, 9, 13, 12, 8);
  s.padTop = 0;
  s.padRight = 3;
  compare(s, numbers);
  s.padLeft = 5;
  s.padBottom = 2;
  compare(s, numbers);
}

// The shapes of the networks, with smaller batches: few tiles with many weights, many tiles, several parts and blocks of sums.
TEST(layersOfNetworks) {
  check::Numbers numbers(93);
  compare(winograd(2, 32, 32, 16, 16), numbers);
  compare(winograd(9, 32, 32, 16, 16), numbers);
  compare(winograd(5, 16, 16, 32, 32), numbers);
  compare(winograd(4, 8, 8, 64, 64), numbers);
  if (check::quick()) return;
  compare(winograd(12, 16, 16, 24, 40), numbers);
  compare(winograd(17, 32, 29, 9, 20), numbers);
  compare(winograd(2, 32, 32, 64, 64), numbers);
  compare(winograd(1, 8, 8, 256, 256), numbers);
  compare(winograd(1, 4, 4, 512, 512), numbers);
  compare(winograd(1, 14, 14, 128, 256), numbers);
  compare(winograd(1, 7, 7, 160, 320), numbers);
}

TEST(groups) {
  check::Numbers numbers(94);
  for (const auto& [channels, outputs, groups] : {std::array{16, 24, 2}, {27, 36, 3}, {64, 64, 4}}) {
    ConvolutionShape s = winograd(2, 9, 8, channels, outputs);
    s.groups = groups;
    compare(s, numbers);
  }
}

TEST(randomShapes) {
  check::Numbers numbers(95);
  for (int round = 0; round < (check::quick() ? 8 : 60); round++) {
    compare(winograd(1 + numbers.below(4), 3 + numbers.below(25), 3 + numbers.below(25), 8 + numbers.below(40),
                     8 + numbers.below(50), numbers.below(3)),
            numbers);
  }
}

// An input that is normalised where it is read: the same bits as of one that was normalised before, in tiles and without them.
TEST(normalisedInputs) {
  check::Numbers numbers(97);
  const auto direct = [](ConvolutionShape s) {
    s.form = ConvolutionForm::direct;
    return s;
  };
  ConvolutionShape groups = winograd(2, 9, 8, 27, 36);
  groups.groups = 3;
  for (const ConvolutionShape& shape :
       {winograd(2, 7, 9, 13, 10), winograd(3, 8, 8, 64, 40, 0), winograd(9, 32, 30, 16, 9), winograd(1, 4, 4, 300, 280), groups,
        direct(winograd(2, 7, 9, 13, 10)), square(2, 6, 20, 12, 1, 1), square(2, 9, 5, 7, 3, 2)}) {
    for (const bool relu : {false, true}) compareNormalised(shape, relu, numbers);
  }
}

// A number that is not finite makes all results of its tiles so, at most, and at least those that the definition has so.
TEST(infinitiesAndNaN) {
  check::Numbers numbers(96);
  for (const float bad : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
    const int side = 12, at = 5;  // in the second tile along both axes
    Case c(winograd(1, side, side, 8, 8), numbers);
    c.input[static_cast<std::size_t>((at * side + at) * 8)] = bad;
    const reference::Sums output = reference::convolution(c.shape, c.input.data(), c.weights.data(), c.bias.data());
    for (const TrainLevel& level : trainLevels()) {
      if (!level.supported()) continue;
      const Results r = computed(c, level, 1);
      for (int i = 0; i < side * side * 8; i++) {
        const std::size_t place = static_cast<std::size_t>(i);
        const int y = i / 8 / side, x = i / 8 % side;
        if (!std::isfinite(output.value[place])) CHECK(!std::isfinite(r.output[place]));
        if (y >= 8 || x >= 8) CHECK(std::isfinite(r.output[place]));
      }
      // It was multiplied with all gradients.
      for (std::size_t tap = 0; tap < 9; tap++) CHECK(!std::isfinite(r.byWeights[tap * 64]));
    }
  }
}
