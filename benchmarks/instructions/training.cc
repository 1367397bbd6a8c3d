#include "training.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <string_view>

#include "train/batch_norm.h"
#include "train/convolution.h"
#include "train/levels.h"
#include "train/pooling.h"
#include "train/update.h"

using namespace saliencymix::train;

namespace {

// Memory for a job, made once: numbers from -1 to 1, and working memory.
class Memory {
 public:
  float* floats(std::size_t count) {
    kept_.emplace_back(count);
    std::uint32_t state = 1;
    for (float& value : kept_.back()) {
      state = state * 1664525u + 1013904223u;
      value = static_cast<float>(state >> 8) / (1 << 23) - 1;
    }
    return kept_.back().data();
  }
  TrainRun run(std::size_t workspaceBytes) {
    lines_ = std::vector<Line>((workspaceBytes + 63) / 64);
    return {*chosenTrainLevel().level->kernels, 1, std::as_writable_bytes(std::span(lines_))};
  }

 private:
  struct alignas(64) Line {
    std::byte bytes[64];
  };
  std::vector<std::vector<float>> kept_;
  std::vector<Line> lines_;
};

std::size_t product(int a, int b, int c) {
  return static_cast<std::size_t>(a) * static_cast<std::size_t>(b) * static_cast<std::size_t>(c);
}

void addConvolution(std::vector<Job>& jobs, const std::string& name, const ConvolutionShape& shape, bool byInput = true) {
  const auto memory = std::make_shared<Memory>();
  const std::size_t pixels = product(shape.batch, shape.outputHeight(), shape.outputWidth());
  const std::size_t outputs = static_cast<std::size_t>(shape.outputs);
  float* const x = memory->floats(product(shape.batch, shape.height, shape.width) * static_cast<std::size_t>(shape.channels));
  float* const y = memory->floats(pixels * outputs);
  float* const w = memory->floats(product(shape.kernelHeight, shape.kernelWidth, shape.groupChannels()) * outputs);
  const TrainKernels& kernels = *chosenTrainLevel().level->kernels;
  const auto add = [&](const char* what, std::function<void()> run) {
    jobs.push_back({name + ", " + what, static_cast<int>(pixels), std::move(run)});
  };
  add("forward", [=, &kernels] {
    convolution(shape, x, w, nullptr, y, memory->run(convolutionWorkspaceBytes(shape, kernels, 1)));
  });
  if (byInput) {
    add("by input", [=, &kernels] {
      convolutionByInput(shape, y, w, x, memory->run(convolutionByInputWorkspaceBytes(shape, kernels, 1)));
    });
  }
  add("by weights", [=, &kernels] {
    convolutionByWeights(shape, x, y, w, nullptr, memory->run(convolutionByWeightsWorkspaceBytes(shape, kernels, 1)));
  });
}

// 3×3 with padding 1 unless said otherwise.
ConvolutionShape square(int batch, int side, int channels, int outputs, int kernel = 3, int stride = 1) {
  ConvolutionShape shape;
  shape.batch = batch;
  shape.height = shape.width = side;
  shape.channels = channels;
  shape.outputs = outputs;
  shape.kernelHeight = shape.kernelWidth = kernel;
  shape.strideX = shape.strideY = stride;
  shape.padTop = shape.padLeft = shape.padBottom = shape.padRight = kernel / 2;
  return shape;
}

void addConvolutions(std::vector<Job>& jobs) {
  addConvolution(jobs, "3×3 direct 64", square(2, 16, 64, 64));
  for (ConvolutionShape shape : {square(2, 32, 16, 16), square(2, 16, 64, 64), square(8, 8, 256, 256)}) {
    shape.form = ConvolutionForm::winograd;
    addConvolution(jobs, "3×3 winograd " + std::to_string(shape.channels), shape);
  }
  addConvolution(jobs, "3×3 stride 2 64", square(2, 16, 64, 128, 3, 2));
  addConvolution(jobs, "1×1 256", square(2, 16, 256, 64, 1));
  addConvolution(jobs, "7×7 stride 2 of RGB", square(1, 64, 3, 64, 7, 2), false);
}

// Batch normalisation with residual and activation, of 2 × 32² × 64.
void addNormalisations(std::vector<Job>& jobs) {
  const auto memory = std::make_shared<Memory>();
  const ChannelRows shape{2 * 32 * 32, 64};
  const std::size_t size = shape.rows * shape.channels;
  float* const x = memory->floats(size);
  float* const y = memory->floats(size);
  float* const residual = memory->floats(size);
  float* const factors = memory->floats(6 * shape.channels);
  const auto factor = [=](std::size_t number) { return factors + number * shape.channels; };
  const Normalisation norm{factor(0), factor(1), factor(2), factor(3)};
  const auto add = [&](const char* name, std::function<void()> run) {
    jobs.push_back({name, static_cast<int>(shape.rows), std::move(run)});
  };
  add("batch statistics, 64 channels", [=] {
    batchStatistics(memory->run(batchStatisticsWorkspaceBytes(shape)), x, shape, 1e-5f, {factor(0), factor(4), factor(1)});
  });
  add("normalise, residual, activation, 64 channels", [=] {
    normalise(memory->run(normaliseWorkspaceBytes(shape)), {x, norm, residual, {}, true}, shape, y);
  });
  const Arriving arriving{residual, nullptr, Mask::ofResult, y};
  add("normalise, sums of gradients, 64 channels", [=] {
    normaliseGradientSums(memory->run(gradientSumsWorkspaceBytes(shape)), arriving, x, norm, shape, {factor(4), factor(5), y});
  });
  add("normalise, gradient, 64 channels", [=] {
    normaliseGradient(memory->run(normaliseGradientWorkspaceBytes(shape)), arriving, x, norm, shape, {factor(4), factor(5)}, y);
  });
}

void addUpdates(std::vector<Job>& jobs) {
  const auto memory = std::make_shared<Memory>();
  constexpr std::size_t kSize = 20000;
  float* const weights = memory->floats(kSize);
  float* const gradient = memory->floats(kSize);
  const Updated updated{kSize, weights, gradient, {memory->floats(kSize), memory->floats(kSize)}};
  for (std::size_t i = 0; i < kSize; i++) updated.kept[1][i] = 1;  // squares
  jobs.push_back({"SGD, per weight", kSize, [=] {
                    update(memory->run(0), Sgd{0.9f, true, 5e-4f, 1e-3f}, std::span(&updated, 1));
                  }});
  jobs.push_back({"AdamW, per weight", kSize, [=] {
                    AdamW adamw(0.9, 0.999, 1e-8);
                    adamw.stepSize = 1e-3f;
                    update(memory->run(0), adamw, std::span(&updated, 1));
                  }});
}

}  // namespace

void addTrainingJobs(std::vector<Job>& jobs) {
  const char* const asked = std::getenv("SALIENCYMIX_CPU");
  if (asked != nullptr && std::string_view(asked) == "scalar") return;
  if (chosenTrainLevel().level == nullptr) return;
  addConvolutions(jobs);
  addNormalisations(jobs);
  addUpdates(jobs);
}
