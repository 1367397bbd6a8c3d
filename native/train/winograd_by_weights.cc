// The gradient of a convolution by its weights, in Winograd's form.
#include <algorithm>

#include "train/run.h"
#include "train/sizes.h"
#include "train/winograd.h"
#include "train/winograd_cuts.h"

namespace saliencymix::train {

namespace {

// So many tiles, or fewer, are summed at once.
constexpr std::int64_t kTilesAtOnce = 160;
// Sums of so many floats, or fewer, are few: there may be one of each for every part of the tiles.
constexpr std::size_t kFewSums = std::size_t{48} << 10;
// The parts: at most so many, of at least so many tiles.
constexpr std::int64_t kMaxTileParts = 16;
constexpr std::int64_t kMinPartTiles = 256;
// Floats of the tiles that are read before they are summed: by a thread for itself, beside few sums; by all together.
constexpr std::int64_t kOwnFloats = std::int64_t{64} << 10;
constexpr std::int64_t kSharedFloats = std::int64_t{256} << 10;
constexpr std::int64_t kMinSharedTiles = 96;
// Channels of a task.
constexpr int kSumChannels = 28;

}  // namespace

TiledWeightGradient::TiledWeightGradient(const WeightGradient& gradient, int batch, const TrainKernels& kernels)
    : gradient_(gradient),
      kernels_(kernels.winograd),
      tiling_(gradient.window, gradient.columns, batch, kernels.convolution.panelLanes) {
  const std::int64_t tiles = tiling_.tiles;
  const std::int64_t floats = static_cast<std::int64_t>(kProducts) * (tiling_.channels + tiling_.columns);
  if (tiles <= kTilesAtOnce) {
    way_ = Way::atOnce;
    partTiles_ = blockTiles_ = tiles;
  } else if (sumFloats() <= kFewSums) {
    way_ = Way::byParts;
    partTiles_ = divideUp(tiles, std::clamp(tiles / kMinPartTiles, std::int64_t{1}, kMaxTileParts));
    blockTiles_ = evenPiece(partTiles_, std::max(kOwnFloats / floats, kReadTiles));
  } else {
    way_ = Way::byBlocks;
    partTiles_ = tiles;
    blockTiles_ = evenPiece(tiles, std::max(kSharedFloats / floats, kMinSharedTiles));
  }
}

std::size_t TiledWeightGradient::valuePlane(std::int64_t tiles) const {
  return planeOf(product({asSize(tiles), tiling_.pitch}));
}

std::size_t TiledWeightGradient::slopePlane(std::int64_t tiles) const {
  return planeOf(product({asSize(tiles), asSize(tiling_.panels), tiling_.lanes}));
}

std::size_t TiledWeightGradient::sumPlane() const {
  return planeOf(product({asSize(tiling_.channels), tiling_.lanes}));
}

std::size_t TiledWeightGradient::sumFloats() const { return product({asSize(tiling_.panels), kProducts, sumPlane()}); }

void TiledWeightGradient::layOut(ArenaLayout& arena, int threads) {
  const int readers = way_ == Way::byParts ? threads : 1;
  for (int i = 0; i < readers; i++) {
    memory_.push_back({arena.take<float>(product({kProducts, valuePlane(blockTiles_)})),
                       arena.take<float>(product({kProducts, slopePlane(blockTiles_)}))});
  }
  if (way_ == Way::atOnce) {
    for (int i = 0; i < threads; i++) local_.push_back(arena.take<float>(kProducts * planeOf(kSumChannels * tiling_.lanes)));
  } else {
    sums_ = arena.take<float>(product({asSize(tasksOf(tiling_.tiles, partTiles_)), sumFloats()}));
  }
}

void TiledWeightGradient::run(float* to, std::size_t row, int threads) const {
  switch (way_) {
    case Way::atOnce: return runAtOnce(to, row, threads);
    case Way::byParts: return runParts(to, row, threads);
    case Way::byBlocks: return runBlocks(to, row, threads);
  }
}

// Some tiles of a block into its memory.
void TiledWeightGradient::read(Part tiles, Part block, const Memory& memory) const {
  const std::int64_t count = block.end - block.begin;
  kernels_.readTiles(gradient_.window, tiling_.grid, tiles, memory.values + asSize(tiles.begin - block.begin) * tiling_.pitch,
                     tiling_.pitch, valuePlane(count));
  kernels_.readGradientTiles(gradient_, tiling_.grid, tiles, block.begin, memory.slopes, asSize(count) * tiling_.lanes,
                             slopePlane(count));
}

// All tiles of a block, which becomes that of the first memory.
void TiledWeightGradient::readTogether(Part block, int threads) const {
  const std::int64_t count = block.end - block.begin;
  forEachTask(tasksOf(count, kReadTiles), threads, [&](int number, int) {
    const Part here = partOf(count, kReadTiles, number);
    read({block.begin + here.begin, block.begin + here.end}, block, memory_[0]);
  });
}

// For so many tiles of a block. Where the sums go is still to be said.
TileSums TiledWeightGradient::sumsOf(const Memory& memory, int panel, Part channels, std::int64_t tiles) const {
  const std::size_t panelPitch = asSize(tiles) * tiling_.lanes;
  return {memory.values,
          tiling_.pitch,
          valuePlane(tiles),
          memory.slopes + asSize(panel) * panelPitch,
          slopePlane(tiles),
          static_cast<int>(tiles),
          {0, kTileProducts},
          channels,
          panel,
          tiling_.columns,
          nullptr,
          0,
          tiling_.lanes,
          false};
}

// Few tiles: all are read, then each task sums all of them for some channels.
void TiledWeightGradient::runAtOnce(float* to, std::size_t row, int threads) const {
  readTogether({0, tiling_.tiles}, threads);
  forEachChannels(threads, [&](int panel, Part channels, int slot) {
    TileSums sums = sumsOf(memory_[0], panel, channels, tiling_.tiles);
    sums.sums = local_[asSize(slot)];
    sums.sumPlane = planeOf(kSumChannels * tiling_.lanes);
    kernels_.sumProducts(sums);
    kernels_.writeWeights(sums.sums, sums.sumPlane, tiling_.lanes, panel, tiling_.columns, channels, to,
                          asSize(tiling_.channels) * row, row);
  });
}

// Few sums: each task reads and sums tiles of its own, which stay in its core's cache, and what the parts gave is added up.
void TiledWeightGradient::runParts(float* to, std::size_t row, int threads) const {
  const int parts = tasksOf(tiling_.tiles, partTiles_);
  forEachTask(parts, threads, [&](int number, int slot) {
    const Part part = partOf(tiling_.tiles, partTiles_, number);
    for (std::int64_t begin = part.begin; begin < part.end; begin += blockTiles_) {
      const Part block = {begin, std::min(begin + blockTiles_, part.end)};
      read(block, block, memory_[asSize(slot)]);
      for (int panel = 0; panel < tiling_.panels; panel++) {
        TileSums sums = sumsOf(memory_[asSize(slot)], panel, {0, tiling_.channels}, block.end - block.begin);
        sums.sums = sumsAt(number, panel);
        sums.sumPlane = sumPlane();
        sums.add = begin > part.begin;
        kernels_.sumProducts(sums);
      }
    }
  });
  forEachChannels(threads, [&](int panel, Part channels, int) {
    for (int number = 1; number < parts; number++) addSums(number, panel, channels);
    writeWeights(panel, channels, to, row);
  });
}

// Many sums: the threads read a block together, then sum it together, each for some k.
void TiledWeightGradient::runBlocks(float* to, std::size_t row, int threads) const {
  for (std::int64_t begin = 0; begin < tiling_.tiles; begin += blockTiles_) {
    const Part block = {begin, std::min(begin + blockTiles_, tiling_.tiles)};
    readTogether(block, threads);
    forEachTask(kTileProducts * tiling_.panels, threads, [&](int number, int) {
      const int k = number / tiling_.panels, panel = number % tiling_.panels;
      TileSums sums = sumsOf(memory_[0], panel, {0, tiling_.channels}, block.end - block.begin);
      sums.ks = {k, k + 1};
      sums.sums = sumsAt(0, panel) + asSize(k) * sumPlane();
      sums.add = begin > 0;
      kernels_.sumProducts(sums);
    });
  }
  forEachChannels(threads, [&](int panel, Part channels, int) { writeWeights(panel, channels, to, row); });
}

// task(panel, channels, slot)
template <class Task>
void TiledWeightGradient::forEachChannels(int threads, const Task& task) const {
  const int blocks = tasksOf(tiling_.channels, kSumChannels);
  forEachTask(blocks * tiling_.panels, threads, [&](int number, int slot) {
    task(number / blocks, partOf(tiling_.channels, kSumChannels, number % blocks), slot);
  });
}

// sums_[part, panel, k, channel, column]
float* TiledWeightGradient::sumsAt(int part, int panel) const {
  return sums_ + asSize(part) * sumFloats() + asSize(panel) * kProducts * sumPlane();
}

// To those of the first part.
void TiledWeightGradient::addSums(int part, int panel, Part channels) const {
  const int left = tiling_.columns - panel * static_cast<int>(tiling_.lanes);
  const std::size_t columns = std::min(asSize(left), tiling_.lanes);
  for (std::size_t k = 0; k < kProducts; k++) {
    for (std::int64_t channel = channels.begin; channel < channels.end; channel++) {
      const std::size_t at = k * sumPlane() + asSize(channel) * tiling_.lanes;
      float* total = sumsAt(0, panel) + at;
      const float* more = sumsAt(part, panel) + at;
      for (std::size_t i = 0; i < columns; i++) total[i] += more[i];
    }
  }
}

// Of the sums of the first part.
void TiledWeightGradient::writeWeights(int panel, Part channels, float* to, std::size_t row) const {
  kernels_.writeWeights(sumsAt(0, panel) + asSize(channels.begin) * tiling_.lanes, sumPlane(), tiling_.lanes, panel,
                        tiling_.columns, channels, to, asSize(tiling_.channels) * row, row);
}

}  // namespace saliencymix::train
