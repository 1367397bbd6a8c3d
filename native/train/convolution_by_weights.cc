// The gradients of a convolution by its weights and by its bias: sums over all places of the output.
//
// The places are cut into parts, each with sums of its own; in a part so many rows at a time are summed in registers, and
// these sums are added. In the end the parts' sums are added in pairs. So the rounding error hardly grows with the batch.
#include <algorithm>
#include <cstdint>
#include <vector>

#include "core/arena_layout.h"
#include "train/convolution_windows.h"
#include "train/sizes.h"

namespace saliencymix::train {

namespace {

// A part has at least so many rows, and all parts' sums together take no more than so many floats.
constexpr std::int64_t kPartRows = 4096;
constexpr std::size_t kPartFloats = std::size_t{4} << 20;
// Rows whose sums stay in registers.
constexpr int kBlockRows = 256;
// Columns of the window's matrix that are copied at a time.
constexpr int kBlockColumns = 336;
// Channels of a task where each is by itself.
constexpr int kDepthwiseChannels = 64;
// With fewer parts, the outputs are shared out, too.
constexpr int kFewTasks = 16;

template <class T>
T divideUp(T a, T b) {
  return (a + b - 1) / b;
}

Part pieceOf(std::int64_t size, int piece, int pieces) { return {size * piece / pieces, size * (piece + 1) / pieces}; }

// How the work is cut, by shape alone.
struct WeightPlan {
  std::int64_t rows;  // places of the output
  int parts;
  std::size_t weights;  // of all groups
  std::size_t outputs;
  int columns;  // of a group's matrix
  int columnBlocks;
  int panels;
  int panelBlocks;
  bool strips;
  int unit;  // rows that are not parted
  int blockRows;
  std::size_t matrixFloats;  // of a block

  WeightPlan(const ConvolutionShape& s, const ConvolutionKernels& kernels)
      : rows(static_cast<std::int64_t>(s.batch) * s.outputHeight() * s.outputWidth()),
        outputs(static_cast<std::size_t>(s.outputs)),
        columns(s.kernelHeight * s.kernelWidth * s.groupChannels()),
        columnBlocks(divideUp(columns, kBlockColumns)),
        panels(divideUp(s.groupOutputs(), kernels.panelLanes)) {
    weights = static_cast<std::size_t>(columns) * outputs;
    const TapWindow window = windowOf(s, nullptr);
    strips = !isDepthwise(s) && takesStrips(window);
    unit = 1;
    blockRows = kBlockRows;
    const int blockColumns = std::min(columns, kBlockColumns) + kernels.panelLanes;
    matrixFloats = static_cast<std::size_t>(kBlockRows) * static_cast<std::size_t>(blockColumns);
    if (strips) {
      const int lines = stripLines(window, kBlockRows);
      columnBlocks = 1;
      unit = window.gridWidth;
      blockRows = lines * unit;
      matrixFloats = stripFloats(window, lines) + static_cast<std::size_t>(kernels.panelLanes);
    }
    const std::int64_t most = std::clamp<std::int64_t>(static_cast<std::int64_t>(kPartFloats / weights), 1, kMaxParts);
    parts = static_cast<int>(std::clamp<std::int64_t>(rows / kPartRows, 1, most));
    panelBlocks = std::clamp(kFewTasks / (parts * columnBlocks), 1, divideUp(panels, 2));
  }

  Part rowsOf(int part) const {
    const Part units = pieceOf(rows / unit, part, parts);
    return {units.begin * unit, units.end * unit};
  }
  // The sums of a part: of the weights, then of the bias.
  std::size_t partFloats() const { return product({weights + outputs}); }
  std::size_t packedFloats(const ConvolutionKernels& kernels) const {
    return static_cast<std::size_t>(blockRows) * static_cast<std::size_t>(kernels.packedPanels * kernels.panelLanes);
  }
};

struct WeightMemory {
  float* parts = nullptr;
  // Of each thread.
  std::vector<float*> blocks;
  std::vector<float*> packed;

  WeightMemory(const WeightPlan& plan, const ConvolutionShape& shape, const TrainKernels& kernels, int threads,
               ArenaLayout& arena) {
    if (plan.parts > 1) parts = arena.take<float>(product({static_cast<std::size_t>(plan.parts), plan.partFloats()}));
    if (isDepthwise(shape)) return;
    for (int i = 0; i < threads; i++) {
      blocks.push_back(arena.take<float>(plan.matrixFloats));
      packed.push_back(arena.take<float>(plan.packedFloats(kernels.convolution)));
    }
  }
};

// One piece of the sums: a part of the rows, a group, some columns of its matrix and some of its outputs.
struct WeightTask {
  int part;
  int group;
  int columnBlock;
  int panelBlock;

  WeightTask(const WeightPlan& plan, const ConvolutionShape& shape, int number) {
    panelBlock = number % plan.panelBlocks;
    number /= plan.panelBlocks;
    columnBlock = number % plan.columnBlocks;
    number /= plan.columnBlocks;
    group = number % shape.groups;
    part = number / shape.groups;
  }
};

}  // namespace

std::size_t convolutionByWeightsWorkspaceBytes(const ConvolutionShape& shape, const TrainKernels& kernels, int threads) {
  ArenaLayout arena(nullptr);
  const WeightPlan plan(shape, kernels.convolution);
  WeightMemory(plan, shape, kernels, threads, arena);
  return arena.used();
}

void convolutionByWeights(const ConvolutionShape& shape, const float* input, const float* outputGradient,
                          float* weightGradient, float* biasGradient, const TrainRun& run) {
  const ConvolutionKernels& kernels = run.kernels.convolution;
  const WeightPlan plan(shape, kernels);
  ArenaLayout arena(run.workspace.data());
  const WeightMemory memory(plan, shape, run.kernels, run.threads, arena);
  // A single part has its sums where they belong.
  const auto sumsOf = [&](int part) {
    return plan.parts == 1 ? weightGradient : memory.parts + static_cast<std::size_t>(part) * plan.partFloats();
  };
  const auto biasSumsOf = [&](int part) { return plan.parts == 1 ? biasGradient : sumsOf(part) + plan.weights; };

  if (isDepthwise(shape)) {
    const int blocks = divideUp(shape.outputs, kDepthwiseChannels);
    const std::int64_t lines = static_cast<std::int64_t>(shape.batch) * shape.outputHeight();
    forEachTask(plan.parts * blocks, run.threads, [&](int number, int) {
      const int part = number / blocks;
      const int first = number % blocks * kDepthwiseChannels;
      WeightGradient gradient{windowOf(shape, input + first), outputGradient + first, shape.outputs, 0, false};
      gradient.window.channels = std::min(kDepthwiseChannels, shape.outputs - first);
      kernels.depthwiseByWeights(gradient, pieceOf(lines, part, plan.parts), sumsOf(part) + first,
                                 plan.outputs);
    });
  } else {
    const int tasks = plan.parts * shape.groups * plan.columnBlocks * plan.panelBlocks;
    forEachTask(tasks, run.threads, [&](int number, int slot) {
      const WeightTask task(plan, shape, number);
      const GroupPointers at(shape, task.group);
      const WeightGradient gradient{windowOf(shape, at.channels(input)), at.outputs(outputGradient), shape.outputs,
                                    shape.groupOutputs(), plan.strips};
      const std::size_t thread = static_cast<std::size_t>(slot);
      kernels.byWeights(gradient, plan.rowsOf(task.part), plan.blockRows,
                        pieceOf(plan.columns, task.columnBlock, plan.columnBlocks),
                        pieceOf(plan.panels, task.panelBlock, plan.panelBlocks), memory.blocks[thread], memory.packed[thread],
                        at.outputs(sumsOf(task.part)), plan.outputs);
    });
  }
  if (biasGradient != nullptr) {
    forEachTask(plan.parts, run.threads, [&](int part, int) {
      kernels.columnSums(outputGradient, plan.outputs, plan.rowsOf(part), biasSumsOf(part));
    });
  }
  if (plan.parts == 1) return;
  constexpr std::size_t kPlaces = 4096;
  const auto addParts = [&](std::size_t first, std::size_t count, float* to) {
    forEachTask(static_cast<int>(divideUp(count, kPlaces)), run.threads, [&](int i, int) {
      const std::size_t begin = static_cast<std::size_t>(i) * kPlaces;
      const std::size_t end = std::min(begin + kPlaces, count);
      kernels.addParts(memory.parts + first, plan.parts, plan.partFloats(),
                       {static_cast<std::int64_t>(begin), static_cast<std::int64_t>(end)}, to);
    });
  };
  addParts(0, plan.weights, weightGradient);
  if (biasGradient != nullptr) addParts(plan.weights, plan.outputs, biasGradient);
}

}  // namespace saliencymix::train
