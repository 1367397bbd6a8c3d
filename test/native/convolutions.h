// Convolutions of drawn numbers, as the tests of both their forms need them.
#pragma once

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

namespace convolutions {

using namespace saliencymix;
using namespace saliencymix::train;

inline std::string text(const ConvolutionShape& s) {
  std::ostringstream result;
  result << s.batch << "x" << s.height << "x" << s.width << "x" << s.channels << " to " << s.outputs << ", kernel "
         << s.kernelHeight << "x" << s.kernelWidth << ", stride " << s.strideY << "x" << s.strideX << ", padding " << s.padTop
         << " " << s.padLeft << " " << s.padBottom << " " << s.padRight << ", dilation " << s.dilationY << "x" << s.dilationX
         << ", groups " << s.groups;
  return result.str();
}

inline std::vector<float> floats(check::Numbers& numbers, std::size_t size) {
  std::vector<float> values(size);
  for (float& value : values) value = static_cast<float>(numbers.uniform() * 2 - 1);
  return values;
}

inline std::size_t sizeOf(std::initializer_list<int> sizes) {
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
      return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0);
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

inline Results computed(const Case& c, const TrainLevel& level, int threads) {
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

inline ConvolutionShape square(int batch, int side, int channels, int outputs, int kernel, int stride) {
  ConvolutionShape s{.batch = batch, .height = side, .width = side, .channels = channels, .outputs = outputs};
  s.kernelHeight = s.kernelWidth = kernel;
  s.strideY = s.strideX = stride;
  s.padTop = s.padLeft = s.padBottom = s.padRight = kernel / 2;
  return s;
}

}  // namespace convolutions
