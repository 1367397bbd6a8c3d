#include "train/window_products.h"

#include <algorithm>
#include <utility>

#include "train/convolution_windows.h"
#include "train/sizes.h"
#include "train/streaming.h"

namespace saliencymix::train {

namespace {

// Floats of a block of the window's matrix: it stays in the second cache, beside a panel of weights.
constexpr std::int64_t kBlockFloats = 96 * 1024;
// Columns of the matrix that are multiplied at a time.
constexpr int kChunk = 640;
// Weights of this many floats, which are read from memory, are packed when they are needed if there are so few blocks of rows
// that would need them. Fewer columns at a time then allow for more rows.
constexpr std::size_t kLargeWeights = std::size_t{256} << 10;
constexpr int kFewReaders = 4;
constexpr int kShortChunk = 320;
// Places of the grid in a block of strips.
constexpr int kStripRows = 256;
// With fewer blocks of rows panels are shared out, too, some at a time: each task copies its rows of the matrix.
constexpr int kFewBlocks = 8;
constexpr int kSharedPanels = 4;

int columnsOf(const TapWindow& window) { return window.y.count * window.x.count * window.channels; }

template <class T>
T divideUp(T a, T b) {
  return (a + b - 1) / b;
}

// `length` cut into as few pieces as there can be of no more than `most`; the size of each but the last.
int evenPiece(int length, int most) {
  constexpr int kUnit = 16;
  const int piece = divideUp(length, std::max(1, divideUp(length, most)));
  return std::max(kUnit, divideUp(piece, kUnit) * kUnit);
}

std::size_t asSize(int value) { return static_cast<std::size_t>(value); }

}  // namespace

WindowProducts::Job::Job(const WindowProduct& asked, int batch, const ConvolutionKernels& kernels)
    : product(asked),
      panels(divideUp(asked.columns, kernels.panelLanes)),
      rows(static_cast<std::int64_t>(batch) * asked.window.gridHeight * asked.window.gridWidth) {
  const TapWindow& window = product.window;
  product.strips = takesStrips(window);
  if (product.strips) {
    const int lines = stripLines(window, kStripRows);
    blockRows = lines * window.gridWidth;
    lineBlocks = divideUp(window.gridHeight, lines);
    rowBlocks = batch * lineBlocks;
  } else {
    cutMatrix(kChunk, kernels.maxRows);
    if (asSize(columnsOf(window)) * asSize(product.columns) >= kLargeWeights && rowBlocks <= kFewReaders) {
      packsAhead = false;
      cutMatrix(kShortChunk, kernels.maxRows);
    }
  }
  panelBlocks = std::clamp(kFewBlocks / rowBlocks, 1, divideUp(panels, kSharedPanels));
}

void WindowProducts::Job::cutMatrix(int chunk, int maxRows) {
  product.chunk = evenPiece(columnsOf(product.window), chunk);
  const std::int64_t most = std::clamp<std::int64_t>(kBlockFloats / product.chunk, 28, maxRows);
  blockRows = static_cast<int>(divideUp(rows, divideUp(rows, most)));
  rowBlocks = static_cast<int>(divideUp<std::int64_t>(rows, blockRows));
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

std::size_t WindowProducts::Job::blockFloats(const ConvolutionKernels& kernels) const {
  const TapWindow& window = product.window;
  if (product.strips) return stripFloats(window, blockRows / window.gridWidth) + asSize(kernels.panelLanes);
  return asSize(blockRows) * asSize(product.chunk + kernels.panelLanes);
}

void WindowProducts::add(WindowProduct product) {
  if (product.window.gridHeight == 0 || product.window.gridWidth == 0) return;
  ResultGrid& to = product.to;
  const std::size_t pixel = asSize(to.pixel);
  to.streams = isStreamed(to.image, asSize(batch_) * asSize(to.height) * asSize(to.width) * pixel, pixel);
  if (form_ == ConvolutionForm::winograd && takesTiles(product.window, product.columns)) tiled_.emplace_back(product, batch_, all_);
  else jobs_.emplace_back(product, batch_, kernels_);
}

void WindowProducts::layOut(ArenaLayout& arena, int threads) {
  for (TiledProduct& product : tiled_) product.layOut(arena, threads);
  std::size_t block = 0;
  std::size_t panel = 0;
  for (Job& job : jobs_) {
    block = std::max(block, job.blockFloats(kernels_));
    if (job.packsAhead) {
      const std::size_t columns = asSize(columnsOf(job.product.window));
      job.packed = arena.take<float>(product({columns, asSize(job.panels), asSize(kernels_.panelLanes)}));
      job.product.packed = job.packed;
    } else {
      panel = std::max(panel, asSize(job.product.chunk) * asSize(kernels_.panelLanes));
    }
  }
  for (int i = 0; i < threads; i++) {
    blocks_.push_back(arena.take<float>(block));
    panels_.push_back(arena.take<float>(panel));
  }
}

void WindowProducts::pack(int threads) const {
  std::vector<std::pair<const Job*, int>> panels;
  for (const Job& job : jobs_) {
    for (int i = 0; job.packsAhead && i < job.panels; i++) panels.emplace_back(&job, i);
  }
  forEachTask(static_cast<int>(panels.size()), threads, [&](int i, int) {
    const auto& [job, panel] = panels[asSize(i)];
    const int columns = columnsOf(job->product.window);
    float* packed = job->packed + asSize(panel) * asSize(kernels_.panelLanes) * asSize(columns);
    kernels_.pack(job->product.weights, panel, {0, columns}, packed);
  });
}

void WindowProducts::run(int threads) const {
  for (const TiledProduct& product : tiled_) product.run(threads);
  pack(threads);
  std::vector<std::pair<const Job*, int>> tasks;
  for (const Job& job : jobs_) {
    for (int i = 0; i < job.rowBlocks * job.panelBlocks; i++) tasks.emplace_back(&job, i);
  }
  forEachTask(static_cast<int>(tasks.size()), threads, [&](int i, int slot) {
    // Named one by one: clang before 16 lets no lambda take parts of a pair.
    const Job* const job = tasks[asSize(i)].first;
    const int task = tasks[asSize(i)].second;
    const int part = task % job->panelBlocks;
    const auto panelAt = [&](int n) { return static_cast<std::int64_t>(job->panels) * n / job->panelBlocks; };
    const Part panels{panelAt(part), panelAt(part + 1)};
    kernels_.product(job->product, job->rowsOf(task / job->panelBlocks), panels, blocks_[asSize(slot)], panels_[asSize(slot)]);
  });
}

}  // namespace saliencymix::train
