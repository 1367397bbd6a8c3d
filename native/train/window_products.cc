#include "train/window_products.h"

#include <algorithm>

#include "train/convolution_windows.h"
#include "train/sizes.h"

namespace saliencymix::train {

namespace {

// Floats of a block of the window's matrix: it stays in the second cache, beside a panel of weights.
constexpr std::int64_t kBlockFloats = 96 * 1024;
// Columns of the matrix that are multiplied at a time.
constexpr int kChunk = 640;
// Places of the grid in a block of strips.
constexpr int kStripRows = 256;
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
  Job job{weights, product, 0, 0, 0, 0, 0, 0};
  const TapWindow& window = product.window;
  job.rows = static_cast<std::int64_t>(batch_) * window.gridHeight * window.gridWidth;
  if (job.rows == 0) return;
  job.panels = divideUp(product.columns, kernels_.panelLanes);
  job.product.chunk = evenPiece(columnsOf(window), kChunk, 16);
  job.product.strips = takesStrips(window);
  if (job.product.strips) {
    const int lines = stripLines(window, kStripRows);
    job.blockRows = lines * window.gridWidth;
    job.lineBlocks = divideUp(window.gridHeight, lines);
    job.rowBlocks = batch_ * job.lineBlocks;
    job.panelBlocks = static_cast<int>(std::clamp<std::int64_t>(kFewBlocks / job.rowBlocks, 1, divideUp(job.panels, 2)));
    jobs_.push_back(job);
    return;
  }
  const std::int64_t most = std::clamp<std::int64_t>(kBlockFloats / job.product.chunk, 28, kernels_.maxRows);
  job.blockRows = static_cast<int>(divideUp(job.rows, divideUp(job.rows, most)));
  job.rowBlocks = static_cast<int>(divideUp<std::int64_t>(job.rows, job.blockRows));
  job.panelBlocks = static_cast<int>(std::clamp<std::int64_t>(kFewBlocks / job.rowBlocks, 1, divideUp(job.panels, 2)));
  jobs_.push_back(job);
}

Part WindowProducts::Job::rowsOf(int block) const {
  if (product.strips) {
    const std::int64_t image = static_cast<std::int64_t>(product.window.gridHeight) * product.window.gridWidth;
    const std::int64_t begin = block / lineBlocks * image;
    const std::int64_t first = static_cast<std::int64_t>(block % lineBlocks) * blockRows;
    return {begin + first, begin + std::min(first + blockRows, image)};
  }
  const std::int64_t begin = static_cast<std::int64_t>(block) * blockRows;
  return {begin, std::min(begin + blockRows, rows)};
}

void WindowProducts::layOut(ArenaLayout& arena, int threads) {
  std::size_t block = 0;
  for (Job& job : jobs_) {
    const std::size_t columns = static_cast<std::size_t>(columnsOf(job.product.window));
    job.weights.packed = arena.take<float>(
        product({columns, static_cast<std::size_t>(job.panels), static_cast<std::size_t>(kernels_.panelLanes)}));
    job.product.packed = job.weights.packed;
    const TapWindow& window = job.product.window;
    const std::size_t floats =
        job.product.strips ? stripFloats(window, job.blockRows / window.gridWidth) + static_cast<std::size_t>(kernels_.panelLanes)
                           : static_cast<std::size_t>(job.blockRows) * static_cast<std::size_t>(job.product.chunk + kernels_.panelLanes);
    block = std::max(block, floats);
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
    const auto [begin, end] = job->rowsOf(task / job->panelBlocks);
    const int part = task % job->panelBlocks;
    const auto panelAt = [&](int n) { return static_cast<std::int64_t>(job->panels) * n / job->panelBlocks; };
    kernels_.product(job->product, {begin, end}, {panelAt(part), panelAt(part + 1)},
                     blocks_[static_cast<std::size_t>(slot)]);
  });
}

}  // namespace saliencymix::train
