// The gradients of a convolution by its weights and by its bias: sums over all places of the output.
//
// The places are cut into parts, each with sums of its own; in a part so many rows at a time are summed in registers, and
// these sums are added. In the end the parts' sums are added in pairs. So the rounding error hardly grows with the batch.
#include <algorithm>
#include <cstdint>
#include <vector>

#include "core/arena_layout.h"
#include "train/convolution_input.h"
#include "train/sizes.h"
#include "train/winograd.h"

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
    if (plan.parts > 1) parts = arena.take<float>(product({static_cast<std::size_t>(plan.parts), plan.weights}));
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

// to[i] = the sum of number i of all parts.
void addAllParts(const float* parts, int count, std::size_t size, float* to, const TrainRun& run) {
  constexpr std::int64_t kPlaces = 4096;
  const std::int64_t all = static_cast<std::int64_t>(size);
  forEachTask(static_cast<int>(divideUp(all, kPlaces)), run.threads, [&](int i, int) {
    run.kernels.convolution.addParts(parts, count, size, {i * kPlaces, std::min((i + 1) * kPlaces, all)}, to);
  });
}

// The gradient by the bias: the sum of all rows.
class BiasSums {
 public:
  BiasSums(std::int64_t rows, std::size_t outputs, ArenaLayout& arena)
      : rows_(rows), outputs_(outputs), parts_(static_cast<int>(std::clamp<std::int64_t>(rows / kPartRows, 1, kMaxParts))) {
    if (parts_ > 1) memory_ = arena.take<float>(product({static_cast<std::size_t>(parts_), outputs}));
  }
  void run(const float* outputGradient, float* biasGradient, const TrainRun& run) const {
    forEachTask(parts_, run.threads, [&](int part, int) {
      float* const sums = parts_ == 1 ? biasGradient : memory_ + static_cast<std::size_t>(part) * outputs_;
      run.kernels.convolution.columnSums(outputGradient, outputs_, pieceOf(rows_, part, parts_), sums);
    });
    if (parts_ > 1) addAllParts(memory_, parts_, outputs_, biasGradient, run);
  }

 private:
  std::int64_t rows_;
  std::size_t outputs_;
  int parts_;
  float* memory_ = nullptr;
};

WeightGradient gradientOf(const ConvolutionShape& shape, int group, const ReadInput& input, const float* outputGradient) {
  const GroupPointers at(shape, group);
  return {windowOf(shape, input, group), at.outputs(outputGradient), shape.outputs, shape.groupOutputs(), false};
}

void sumDirectly(const ConvolutionShape& shape, const WeightPlan& plan, const float* input, const float* outputGradient,
                 float* weightGradient, const WeightMemory& memory, const TrainRun& run) {
  const ConvolutionKernels& kernels = run.kernels.convolution;
  // A single part has its sums where they belong.
  const auto sumsOf = [&](int part) {
    return plan.parts == 1 ? weightGradient : memory.parts + static_cast<std::size_t>(part) * plan.weights;
  };
  if (isDepthwise(shape)) {
    const int blocks = divideUp(shape.outputs, kDepthwiseChannels);
    const std::int64_t lines = static_cast<std::int64_t>(shape.batch) * shape.outputHeight();
    forEachTask(plan.parts * blocks, run.threads, [&](int number, int) {
      const int part = number / blocks;
      const int first = number % blocks * kDepthwiseChannels;
      WeightGradient gradient{windowOf(shape, input + first), outputGradient + first, shape.outputs, 0, false};
      gradient.window.channels = std::min(kDepthwiseChannels, shape.outputs - first);
      kernels.depthwiseByWeights(gradient, pieceOf(lines, part, plan.parts), sumsOf(part) + first, plan.outputs);
    });
  } else {
    const int tasks = plan.parts * shape.groups * plan.columnBlocks * plan.panelBlocks;
    forEachTask(tasks, run.threads, [&](int number, int slot) {
      const WeightTask task(plan, shape, number);
      WeightGradient gradient = gradientOf(shape, task.group, {input}, outputGradient);
      gradient.strips = plan.strips;
      const std::size_t thread = static_cast<std::size_t>(slot);
      kernels.byWeights(gradient, plan.rowsOf(task.part), plan.blockRows,
                        pieceOf(plan.columns, task.columnBlock, plan.columnBlocks),
                        pieceOf(plan.panels, task.panelBlock, plan.panelBlocks), memory.blocks[thread], memory.packed[thread],
                        GroupPointers(shape, task.group).outputs(sumsOf(task.part)), plan.outputs);
    });
  }
  if (plan.parts > 1) addAllParts(memory.parts, plan.parts, plan.weights, weightGradient, run);
}

std::int64_t rowsOf(const ConvolutionShape& s) { return std::int64_t{s.batch} * s.outputHeight() * s.outputWidth(); }

}  // namespace

std::size_t convolutionByWeightsWorkspaceBytes(const ConvolutionShape& shape, const TrainKernels& kernels, int threads,
                                               bool normalised) {
  ArenaLayout arena(nullptr);
  InputMemory(shape, normalised, arena);
  BiasSums(rowsOf(shape), static_cast<std::size_t>(shape.outputs), arena);
  if (inTiles(shape)) {
    TiledWeightGradient(gradientOf(shape, 0, {}, nullptr), shape.batch, kernels).layOut(arena, threads);
  } else {
    WeightMemory(WeightPlan(shape, kernels.convolution), shape, kernels, threads, arena);
  }
  return arena.used();
}

void convolutionByWeights(const ConvolutionShape& shape, const float* input, const float* outputGradient,
                          float* weightGradient, float* biasGradient, const TrainRun& run, const InputNorm* norm) {
  ArenaLayout arena(run.workspace.data());
  const ReadInput read = InputMemory(shape, norm != nullptr, arena).read(input, norm, run);
  const std::size_t outputs = static_cast<std::size_t>(shape.outputs);
  const BiasSums bias(rowsOf(shape), outputs, arena);
  if (biasGradient != nullptr) bias.run(outputGradient, biasGradient, run);
  if (!inTiles(shape)) {
    const WeightPlan plan(shape, run.kernels.convolution);
    const WeightMemory memory(plan, shape, run.kernels, run.threads, arena);
    sumDirectly(shape, plan, read.pixels, outputGradient, weightGradient, memory, run);
    return;
  }
  for (int group = 0; group < shape.groups; group++) {
    ArenaLayout rest = arena;  // each group has the same memory
    TiledWeightGradient tiled(gradientOf(shape, group, read, outputGradient), shape.batch, run.kernels);
    tiled.layOut(rest, run.threads);
    tiled.run(GroupPointers(shape, group).outputs(weightGradient), outputs, run.threads);
  }
}

}  // namespace saliencymix::train
