// Convolutions in Winograd's form (winograd_kernels.h) as tasks for threads, cut by shape alone.
#pragma once

#include <cstdint>
#include <vector>

#include "core/arena_layout.h"
#include "train/kernels.h"

namespace saliencymix::train {

// Whether a window is one of 3×3 that moves by single pixels, and tiles are worth their transforms.
bool takesTiles(const TapWindow& window, int columns);

// The tiles of a batch: how many, and how they are laid out for the kernels.
struct Tiling {
  TileGrid grid;
  std::int64_t tiles;
  int channels;
  int columns;
  int panels;
  std::size_t lanes;  // of a panel
  std::size_t pitch;  // floats of a tile's channels

  Tiling(const TapWindow& window, int columns, int batch, int panelLanes);
};

// A convolution or its gradient by the input.
class TiledProduct {
 public:
  TiledProduct(const WindowProduct& product, int batch, const TrainKernels& kernels);
  // Takes memory for weights, and for the blocks of so many threads.
  void layOut(ArenaLayout& arena, int threads);
  void run(int threads) const;

 private:
  // Floats from one of the 36 planes to the next, for so many tiles.
  std::size_t plane(std::int64_t tiles) const;
  std::size_t productPlane(std::int64_t tiles) const;
  void runBlocks(int threads) const;
  void runPanels(int threads) const;

  WindowProduct product_;
  const WinogradKernels& kernels_;
  Tiling tiling_;
  // Few tiles and many weights: all tiles are read at once, and each panel's weights are packed when they are needed.
  bool few_;
  std::int64_t blockTiles_;
  int chunk_;  // channels that are packed at a time
  float* packed_ = nullptr;
  float* tiles_ = nullptr;
  // Of each thread.
  struct Memory {
    float* taps;
    float* packed;
    float* tiles;
    float* products;
  };
  std::vector<Memory> memory_;
};

// The gradient by the weights.
class TiledWeightGradient {
 public:
  TiledWeightGradient(const WeightGradient& gradient, int batch, const TrainKernels& kernels);
  void layOut(ArenaLayout& arena, int threads);
  // to[tap, channel, column], `row` floats from one channel to the next.
  void run(float* to, std::size_t row, int threads) const;

 private:
  // How tiles are summed; by shape alone. See winograd_by_weights.cc.
  enum class Way { atOnce, byParts, byBlocks };
  // Of the tiles of a block.
  struct Memory {
    float* values;
    float* slopes;  // the gradient of the results
  };
  // Floats from one of the 36 planes to the next, for so many tiles.
  std::size_t valuePlane(std::int64_t tiles) const;
  std::size_t slopePlane(std::int64_t tiles) const;
  std::size_t sumPlane() const;
  std::size_t sumFloats() const;
  float* sumsAt(int part, int panel) const;
  void read(Part tiles, Part block, const Memory& memory) const;
  void readTogether(Part block, int threads) const;
  TileSums sumsOf(const Memory& memory, int panel, Part channels, std::int64_t tiles) const;
  void runAtOnce(float* to, std::size_t row, int threads) const;
  void runParts(float* to, std::size_t row, int threads) const;
  void runBlocks(float* to, std::size_t row, int threads) const;
  template <class Task>
  void forEachChannels(int threads, const Task& task) const;
  void addSums(int part, int panel, Part channels) const;
  void writeWeights(int panel, Part channels, float* to, std::size_t row) const;

  WeightGradient gradient_;
  const WinogradKernels& kernels_;
  Tiling tiling_;
  Way way_;
  std::int64_t partTiles_;   // of which there are sums
  std::int64_t blockTiles_;  // that are in memory
  std::vector<Memory> memory_;  // byParts: of each thread; else one
  float* sums_ = nullptr;
  std::vector<float*> local_;  // atOnce: sums of each thread
};

}  // namespace saliencymix::train
