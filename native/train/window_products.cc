#include "train/window_products.h"

#include <algorithm>

#include "train/sizes.h"

namespace saliencymix::train {

namespace {

// Floats of a block of the window's matrix: it stays in the second cache, beside a panel of weights.
constexpr std::int64_t kBlockFloats = 96 * 1024;
// Columns of the matrix that are multiplied at a time.
constexpr int kChunk = 640;
// With fewer blocks of rows, panels are shared out, too.
constexpr std::int64_t kFewBlocks = 16;

int columnsOf(const TapWindow& window) { return window.y.count * window.x.count * window.channels; }

// `length` cut into as few pieces as there can be of no more than `most`; the size of each but the last.
int evenPiece(int length, int most, int unit) {
  const int pieces = std::max(1, (length + most - 1) / most);
  const int piece = (length + pieces - 1) / pieces;
  return std::max(unit, (piece + unit - 1) / unit * unit);
}

template <class T>
T divideUp(T a, T b) {
  return (a + b - 1) / b;
}

}  // namespace

void WindowProducts::add(const WeightPacking& weights, const WindowProduct& product) {
  Job job{weights, product, 0, 0, 0, 0, 0};
  const TapWindow& window = product.window;
  job.rows = static_cast<std::int64_t>(batch_) * window.gridHeight * window.gridWidth;
  if (job.rows == 0) return;
  job.panels = divideUp(product.columns, kernels_.panelLanes);
  job.product.chunk = evenPiece(columnsOf(window), kChunk, 16);
  const std::int64_t most = std::clamp<std::int64_t>(kBlockFloats / job.product.chunk, 28, kernels_.maxRows);
  job.blockRows = static_cast<int>(divideUp(job.rows, divideUp(job.rows, most)));
  job.rowBlocks = static_cast<int>(divideUp<std::int64_t>(job.rows, job.blockRows));
  job.panelBlocks = static_cast<int>(std::clamp<std::int64_t>(kFewBlocks / job.rowBlocks, 1, divideUp(job.panels, 2)));
  jobs_.push_back(job);
}

void WindowProducts::layOut(ArenaLayout& arena, int threads) {
  std::size_t block = 0;
  for (Job& job : jobs_) {
    const std::size_t columns = static_cast<std::size_t>(columnsOf(job.product.window));
    job.weights.packed = arena.take<float>(
        product({columns, static_cast<std::size_t>(job.panels), static_cast<std::size_t>(kernels_.panelLanes)}));
    job.product.packed = job.weights.packed;
    block = std::max(block, static_cast<std::size_t>(job.blockRows) * static_cast<std::size_t>(job.product.chunk + kernels_.panelLanes));
  }
  for (int i = 0; i < threads; i++) blocks_.push_back(arena.take<float>(block));
}

void WindowProducts::run(int threads) const {
  std::vector<std::pair<const Job*, int>> panels;
  std::vector<std::pair<const Job*, int>> tasks;
  for (const Job& job : jobs_) {
    for (int i = 0; i < job.panels; i++) panels.emplace_back(&job, i);
    for (int i = 0; i < job.tasks(); i++) tasks.emplace_back(&job, i);
  }
  forEachTask(static_cast<int>(panels.size()), threads, [&](int i, int) {
    const auto& [job, panel] = panels[static_cast<std::size_t>(i)];
    kernels_.pack(job->weights, panel);
  });
  forEachTask(static_cast<int>(tasks.size()), threads, [&](int i, int slot) {
    const auto& [job, task] = tasks[static_cast<std::size_t>(i)];
    const std::int64_t begin = static_cast<std::int64_t>(task / job->panelBlocks) * job->blockRows;
    const int part = task % job->panelBlocks;
    const auto panelAt = [&](int n) { return static_cast<std::int64_t>(job->panels) * n / job->panelBlocks; };
    kernels_.product(job->product, {begin, std::min(begin + job->blockRows, job->rows)}, {panelAt(part), panelAt(part + 1)},
                     blocks_[static_cast<std::size_t>(slot)]);
  });
}

}  // namespace saliencymix::train
