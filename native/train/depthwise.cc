#include <algorithm>
#include <cstdint>

#include "train/convolution_windows.h"

namespace saliencymix::train {

void runDepthwise(const DepthwiseProduct& depthwise, int batch, const TrainRun& run) {
  // Rows of the grid that a task computes.
  constexpr std::int64_t kRows = 8;
  const std::int64_t rows = static_cast<std::int64_t>(batch) * depthwise.window.gridHeight;
  if (depthwise.window.gridWidth == 0) return;
  forEachTask(static_cast<int>((rows + kRows - 1) / kRows), run.threads, [&](int i, int) {
    run.kernels.convolution.depthwise(depthwise, {i * kRows, std::min((i + 1) * kRows, rows)});
  });
}

}  // namespace saliencymix::train
