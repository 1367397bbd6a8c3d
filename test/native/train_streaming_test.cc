// Results that are written past the caches have the bits of those that are not: the same result once at an address at which it
// is streamed, and once beside it.
#include "train_checks.h"
#include "train/batch_norm.h"
#include "train/convolution.h"
#include "train/streaming.h"

using namespace train_checks;

namespace {

struct alignas(64) Line {
  float floats[16];
};

// Calls compute(to) for both addresses, and compares the `size` floats there and those around them.
template <class Compute>
void compareStreamed(std::size_t size, std::size_t row, const Compute& compute) {
  std::vector<Line> memory[] = {std::vector<Line>(size / 16 + 3), std::vector<Line>(size / 16 + 3)};
  const float* results[2];
  for (int i = 0; i < 2; i++) {
    float* const all = memory[i].data()->floats;
    std::fill_n(all, 16 * memory[i].size(), 7.0f);
    float* const to = all + 16 + i;
    CHECK(isStreamed(to, size, row) == (i == 0));
    compute(to);
    for (int k = 1; k <= 16; k++) CHECK(to[-k] == 7 && to[size + static_cast<std::size_t>(k) - 1] == 7);
    results[i] = to;
  }
  CHECK(std::memcmp(results[0], results[1], size * sizeof(float)) == 0);
}

ConvolutionShape shapeOf(int batch, int side, int channels, int outputs, int kernel, ConvolutionForm form, int stride = 1) {
  ConvolutionShape shape;
  shape.batch = batch;
  shape.height = shape.width = side;
  shape.channels = channels;
  shape.outputs = outputs;
  shape.kernelHeight = shape.kernelWidth = kernel;
  shape.strideX = shape.strideY = stride;
  shape.padTop = shape.padLeft = shape.padBottom = shape.padRight = kernel / 2;
  shape.form = form;
  return shape;
}

std::size_t sizeOf(int batch, int height, int width, int channels) {
  return static_cast<std::size_t>(batch) * static_cast<std::size_t>(height) * static_cast<std::size_t>(width) *
         static_cast<std::size_t>(channels);
}

}  // namespace

TEST(convolutions) {
  using enum ConvolutionForm;
  // Winograd's tiles, with borders; strips; a matrix; images as they are; with more columns than are multiplied at a time,
  // which are not streamed; stride 2, whose gradient by the input is written in four parts.
  const ConvolutionShape shapes[] = {shapeOf(3, 70, 64, 64, 3, winograd), shapeOf(6, 48, 16, 64, 3, direct),
                                     shapeOf(16, 30, 48, 64, 3, direct),  shapeOf(4, 56, 32, 80, 1, direct),
                                     shapeOf(4, 56, 96, 96, 3, direct),   shapeOf(4, 112, 16, 64, 3, direct, 2)};
  atEveryLevel([&](const TrainKernels& kernels) {
    check::Numbers numbers(71);
    for (const ConvolutionShape& s : shapes) {
      const std::size_t in = sizeOf(s.batch, s.height, s.width, s.channels);
      const std::size_t out = sizeOf(s.batch, s.outputHeight(), s.outputWidth(), s.outputs);
      const std::vector<float> input = floats(numbers, in), gradient = floats(numbers, out);
      const std::vector<float> weights = floats(numbers, sizeOf(s.kernelHeight, s.kernelWidth, s.channels, s.outputs));
      compareStreamed(out, static_cast<std::size_t>(s.outputs), [&](float* to) {
        const Runner runner(kernels, convolutionWorkspaceBytes(s, kernels, 2), 2);
        convolution(s, input.data(), weights.data(), nullptr, to, *runner);
      });
      if (in * sizeof(float) < (std::size_t{3} << 20)) continue;
      compareStreamed(in, static_cast<std::size_t>(s.channels), [&](float* to) {
        const Runner runner(kernels, convolutionByInputWorkspaceBytes(s, kernels, 2), 2);
        convolutionByInput(s, gradient.data(), weights.data(), to, *runner);
      });
    }
  });
}

TEST(normalisations) {
  atEveryLevel([](const TrainKernels& kernels) {
    check::Numbers numbers(72);
    for (const std::size_t channels : {std::size_t{16}, std::size_t{48}, std::size_t{320}}) {
      // The last row is shorter than a wide row.
      const ChannelRows shape{(std::size_t{800} << 10) / channels + 1, channels};
      const std::vector<float> x = floats(numbers, shape.size()), dy = floats(numbers, shape.size());
      const std::vector<float> factors = floats(numbers, 4 * channels, 0.5, 2);
      std::vector<float> sums(2 * channels);
      const auto factor = [&](std::size_t i) { return factors.data() + i * channels; };
      const Normalisation norm{factor(0), factor(1), factor(2), factor(3)};
      compareStreamed(shape.size(), channels, [&](float* to) {
        normalise(*Runner(kernels, normaliseWorkspaceBytes(shape), 2), {x.data(), norm, dy.data(), {}, true}, shape, to);
      });
      const Arriving arriving{dy.data(), nullptr, Mask::ofNormalised, nullptr};
      compareStreamed(shape.size(), channels, [&](float* to) {
        normaliseGradientSums(*Runner(kernels, gradientSumsWorkspaceBytes(shape), 2), arriving, x.data(), norm, shape,
                              {sums.data(), sums.data() + channels, to});
      });
      compareStreamed(shape.size(), channels, [&](float* to) {
        normaliseGradient(*Runner(kernels, normaliseGradientWorkspaceBytes(shape), 2), arriving, x.data(), norm, shape,
                          {sums.data(), sums.data() + channels}, to);
      });
    }
  });
}
