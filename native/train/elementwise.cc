#include "train/elementwise.h"

#include "train/tasks.h"

namespace saliencymix::train {

void add(const TrainRun& run, const float* a, const float* b, std::size_t size, float* y) {
  forEachPart(run, size, [&](std::size_t at, std::size_t count) { run.kernels.layers.add(a + at, b + at, count, y + at); });
}

void relu(const TrainRun& run, const float* x, std::size_t size, float* y) {
  forEachPart(run, size, [&](std::size_t at, std::size_t count) { run.kernels.layers.relu(x + at, count, y + at); });
}

void reluGradient(const TrainRun& run, const float* y, const float* dy, std::size_t size, float* dx) {
  forEachPart(run, size, [&](std::size_t at, std::size_t count) {
    run.kernels.layers.reluGradient(y + at, dy + at, count, dx + at);
  });
}

}  // namespace saliencymix::train
