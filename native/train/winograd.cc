#include "train/winograd.h"

#include <algorithm>

#include "train/run.h"
#include "train/sizes.h"
#include "train/winograd_cuts.h"

namespace saliencymix::train {

namespace {

// Fewer channels or results leave most of a transform's registers empty.
constexpr int kMinChannels = 8;
// Floats of the tiles that are multiplied at a time: they stay in the second cache, beside the products with a panel.
constexpr std::int64_t kBlockFloats = std::int64_t{128} << 10;
constexpr std::int64_t kMinBlockTiles = 28;
constexpr std::int64_t kMaxBlockTiles = 56;
// So many tiles, or fewer, are few, if there are more than so many weights.
constexpr std::int64_t kFewTiles = 256;
constexpr std::int64_t kManyWeights = 32 << 10;
// Channels of a panel that are packed at a time, where tiles are few.
constexpr int kChunk = 128;

}  // namespace

bool takesTiles(const TapWindow& w, int columns) {
  const bool isSquare = w.y.count == 3 && w.x.count == 3 && w.y.step == 1 && w.x.step == 1 && w.strideY == 1 && w.strideX == 1;
  if (!isSquare || w.channels < kMinChannels || columns < kMinChannels) return false;
  // Results that tiles have beyond the image are computed for nothing.
  const std::int64_t tiles = std::int64_t{divideUp(w.gridHeight, kTileSide)} * divideUp(w.gridWidth, kTileSide);
  const std::int64_t results = std::int64_t{w.gridHeight} * w.gridWidth;
  return 2 * kTileProducts * tiles < 9 * results;
}

Tiling::Tiling(const TapWindow& window, int resultColumns, int batch, int panelLanes)
    : grid{divideUp(window.gridHeight, kTileSide), divideUp(window.gridWidth, kTileSide)},
      tiles(std::int64_t{batch} * grid.down * grid.across),
      channels(window.channels),
      columns(resultColumns),
      panels(divideUp(resultColumns, panelLanes)),
      lanes(asSize(panelLanes)) {
  const std::size_t half = lanes / 2;
  pitch = divideUp(asSize(channels), half) * half;
  // Rows that lie a power of two apart would share a few lines of the cache.
  if (pitch % 64 == 0) pitch += half;
}

TiledProduct::TiledProduct(const WindowProduct& product, int batch, const TrainKernels& kernels)
    : product_(product),
      kernels_(kernels.winograd),
      tiling_(product.window, product.columns, batch, kernels.convolution.panelLanes),
      few_(tiling_.tiles <= kFewTiles && std::int64_t{tiling_.channels} * tiling_.columns >= kManyWeights),
      chunk_(few_ ? std::min(kChunk, tiling_.channels) : tiling_.channels) {
  const std::int64_t most =
      std::clamp(kBlockFloats / static_cast<std::int64_t>(kProducts * tiling_.pitch), kMinBlockTiles, kMaxBlockTiles);
  blockTiles_ = few_ ? tiling_.tiles : evenPiece(tiling_.tiles, most);
}

std::size_t TiledProduct::plane(std::int64_t tiles) const { return planeOf(product({asSize(tiles), tiling_.pitch})); }

std::size_t TiledProduct::productPlane(std::int64_t tiles) const { return planeOf(product({asSize(tiles), tiling_.lanes})); }

void TiledProduct::layOut(ArenaLayout& arena, int threads) {
  const std::size_t tiles = product({kProducts, plane(blockTiles_)});
  const std::size_t panels = few_ ? 1 : asSize(tiling_.panels);
  const std::size_t packed = product({kProducts, planeOf(product({panels, asSize(chunk_), tiling_.lanes}))});
  if (few_) tiles_ = arena.take<float>(tiles);
  else packed_ = arena.take<float>(packed);
  for (int i = 0; i < threads; i++) {
    memory_.push_back({arena.take<float>(product({9, asSize(chunk_), tiling_.lanes})), few_ ? arena.take<float>(packed) : nullptr,
                       few_ ? nullptr : arena.take<float>(tiles),
                       arena.take<float>(product({kProducts, productPlane(blockTiles_)}))});
  }
}

void TiledProduct::run(int threads) const { few_ ? runPanels(threads) : runBlocks(threads); }

void TiledProduct::runBlocks(int threads) const {
  const std::size_t panel = asSize(tiling_.channels) * tiling_.lanes;
  const std::size_t packedPlane = planeOf(panel * asSize(tiling_.panels));
  forEachTask(tiling_.panels, threads, [&](int i, int slot) {
    kernels_.packWeights(product_.weights, i, tiling_.columns, {0, tiling_.channels}, memory_[asSize(slot)].taps,
                         packed_ + asSize(i) * panel, packedPlane);
  });
  forEachTask(tasksOf(tiling_.tiles, blockTiles_), threads, [&](int number, int slot) {
    const Part tiles = partOf(tiling_.tiles, blockTiles_, number);
    const std::int64_t count = tiles.end - tiles.begin;
    const Memory& memory = memory_[asSize(slot)];
    kernels_.readTiles(product_.window, tiling_.grid, tiles, memory.tiles, tiling_.pitch, plane(count));
    for (int i = 0; i < tiling_.panels; i++) {
      kernels_.multiply({memory.tiles, tiling_.pitch, plane(count), static_cast<int>(count), tiling_.channels,
                         packed_ + asSize(i) * panel, packedPlane, i, tiling_.columns, memory.products, productPlane(count), false});
      kernels_.writeTiles({product_.to, tiling_.grid, i, tiling_.columns, product_.bias}, tiles, memory.products,
                          productPlane(count));
    }
  });
}

void TiledProduct::runPanels(int threads) const {
  forEachTask(tasksOf(tiling_.tiles, kReadTiles), threads, [&](int number, int) {
    const Part tiles = partOf(tiling_.tiles, kReadTiles, number);
    kernels_.readTiles(product_.window, tiling_.grid, tiles, tiles_ + asSize(tiles.begin) * tiling_.pitch, tiling_.pitch,
                       plane(tiling_.tiles));
  });
  const std::size_t packedPlane = planeOf(asSize(chunk_) * tiling_.lanes);
  forEachTask(tiling_.panels, threads, [&](int i, int slot) {
    const Memory& memory = memory_[asSize(slot)];
    for (int first = 0; first < tiling_.channels; first += chunk_) {
      const int count = std::min(chunk_, tiling_.channels - first);
      kernels_.packWeights(product_.weights, i, tiling_.columns, {first, first + count}, memory.taps, memory.packed, packedPlane);
      kernels_.multiply({tiles_ + first, tiling_.pitch, plane(tiling_.tiles), static_cast<int>(tiling_.tiles), count,
                         memory.packed, packedPlane, i, tiling_.columns, memory.products, productPlane(tiling_.tiles), first > 0});
    }
    kernels_.writeTiles({product_.to, tiling_.grid, i, tiling_.columns, product_.bias}, {0, tiling_.tiles}, memory.products,
                        productPlane(tiling_.tiles));
  });
}

}  // namespace saliencymix::train
