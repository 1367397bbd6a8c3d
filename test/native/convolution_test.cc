// Convolution and its gradients at every level against the definition summed in double, over awkward shapes, and on several
// numbers of threads.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <new>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include "check.h"
#include "train/convolution.h"
#include "train/levels.h"
#include "train/reference/convolution.h"

using namespace saliencymix;
using namespace saliencymix::train;

namespace {

std::string text(const ConvolutionShape& s) {
  std::ostringstream result;
  result << s.batch << "x" << s.height << "x" << s.width << "x" << s.channels << " to " << s.outputs << ", kernel "
         << s.kernelHeight << "x" << s.kernelWidth << ", stride " << s.strideY << "x" << s.strideX << ", padding " << s.padTop
         << " " << s.padLeft << " " << s.padBottom << " " << s.padRight << ", dilation " << s.dilationY << "x" << s.dilationX
         << ", groups " << s.groups;
  return result.str();
}

std::vector<float> floats(check::Numbers& numbers, std::size_t size) {
  std::vector<float> values(size);
  for (float& value : values) value = static_cast<float>(numbers.uniform() * 2 - 1);
  return values;
}

std::size_t sizeOf(std::initializer_list<int> sizes) {
  std::size_t product = 1;
  for (const int size : sizes) product *= static_cast<std::size_t>(size);
  return product;
}

// Numbers for a shape, and what a level makes of them. Every array ends where its memory ends, so that a sanitizer sees
// accesses beyond it.
struct Case {
  ConvolutionShape shape;
  std::vector<float> input;
  std::vector<float> weights;
  std::vector<float> bias;
  std::vector<float> gradient;

  Case(const ConvolutionShape& s, check::Numbers& numbers) : shape(s) {
    checkShape(s);
    input = floats(numbers, sizeOf({s.batch, s.height, s.width, s.channels}));
    weights = floats(numbers, sizeOf({s.kernelHeight, s.kernelWidth, s.groupChannels(), s.outputs}));
    bias = floats(numbers, sizeOf({s.outputs}));
    gradient = floats(numbers, sizeOf({s.batch, s.outputHeight(), s.outputWidth(), s.outputs}));
  }
};

struct Results {
  std::vector<float> output;
  std::vector<float> byInput;
  std::vector<float> byWeights;
  std::vector<float> byBias;

  bool operator==(const Results& other) const {
    const auto same = [](const std::vector<float>& a, const std::vector<float>& b) {
      return std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
    };
    return same(output, other.output) && same(byInput, other.byInput) && same(byWeights, other.byWeights) &&
           same(byBias, other.byBias);
  }
};

// A block of exactly so many bytes from a multiple of 64 on, full of NaN.
class Workspace {
 public:
  explicit Workspace(std::size_t bytes) : bytes_(bytes), block_(static_cast<std::byte*>(::operator new(bytes, kAlignment))) {
    std::memset(block_, 0xff, bytes);
  }
  ~Workspace() { ::operator delete(block_, kAlignment); }
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;
  std::span<std::byte> bytes() { return {block_, bytes_}; }

 private:
  static constexpr std::align_val_t kAlignment{64};
  std::size_t bytes_;
  std::byte* block_;
};

Results computed(const Case& c, const TrainLevel& level, int threads) {
  const float unwritten = std::numeric_limits<float>::quiet_NaN();
  Results r{std::vector(c.gradient.size(), unwritten), std::vector(c.input.size(), unwritten),
            std::vector(c.weights.size(), unwritten), std::vector(c.bias.size(), unwritten)};
  const TrainKernels& kernels = *level.kernels;
  {
    Workspace workspace(convolutionWorkspaceBytes(c.shape, kernels, threads));
    convolution(c.shape, c.input.data(), c.weights.data(), c.bias.data(), r.output.data(),
                {kernels, threads, workspace.bytes()});
  }
  {
    Workspace workspace(convolutionByInputWorkspaceBytes(c.shape, kernels, threads));
    convolutionByInput(c.shape, c.gradient.data(), c.weights.data(), r.byInput.data(), {kernels, threads, workspace.bytes()});
  }
  {
    Workspace workspace(convolutionByWeightsWorkspaceBytes(c.shape, kernels, threads));
    convolutionByWeights(c.shape, c.input.data(), c.gradient.data(), r.byWeights.data(), r.byBias.data(),
                         {kernels, threads, workspace.bytes()});
  }
  return r;
}

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

ConvolutionShape square(int batch, int side, int channels, int outputs, int kernel, int stride) {
  ConvolutionShape s{.batch = batch, .height = side, .width = side, .channels = channels, .outputs = outputs};
  s.kernelHeight = s.kernelWidth = kernel;
  s.strideY = s.strideX = stride;
  s.padTop = s.padLeft = s.padBottom = s.padRight = kernel / 2;
  return s;
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
