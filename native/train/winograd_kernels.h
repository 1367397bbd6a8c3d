// What a level of vector code does for Winograd's convolution F(4×4, 3×3), and for its gradient by the weights F(3×3, 4×4)
// (Lavin & Gray, "Fast algorithms for convolutional neural networks", CVPR 2016).
//
// Results are taken in tiles of 4×4, which are made of 6×6 pixels. These are transformed to 36 numbers for each channel, and
// the kernel to 36 numbers for each channel and output; the products, summed over the channels, are transformed back to the 16
// results. That takes 36 products in the place of 144. Number k of all tiles, channels and outputs is a matrix product.
#pragma once

#include <cstddef>

#include "train/convolution_kernels.h"

namespace saliencymix::train {

constexpr int kTileSide = 4;
constexpr int kTileProducts = 36;

// The tiles of an image's results.
struct TileGrid {
  int down;
  int across;
};

// products[k, tile, column of the panel] = the sum over the channels of values[k, tile, channel] * packed[k, channel, column].
struct TileProducts {
  const float* values;
  std::size_t pitch;       // from one tile to the next
  std::size_t valuePlane;  // from one k to the next; likewise below
  int tiles;
  int channels;
  const float* packed;
  std::size_t packedPlane;
  int panel;
  int columns;  // of all panels
  float* products;
  std::size_t productPlane;
  bool add;  // to what is there
};

struct TileResults {
  ResultGrid to;
  TileGrid grid;
  int panel;
  int columns;
  const float* bias;  // of all columns, or nullptr
};

struct Range {
  int begin;
  int end;
};

// sums[k, channel, column of the panel] = the sum over tiles of values[k, tile, channel] * gradient[k, tile, column].
struct TileSums {
  const float* values;
  std::size_t pitch;
  std::size_t valuePlane;
  const float* gradient;  // of the panel: a row for each tile
  std::size_t gradientPlane;
  int tiles;
  Range ks;
  Part channels;
  int panel;
  int columns;
  float* sums;  // of the first k and channel
  std::size_t sumPlane;
  std::size_t sumRow;
  bool add;
};

struct WinogradKernels {
  // to[k, tile, channel]: what some tiles are made of, with the window's factors. There must be room for whole registers of channels.
  void (*readTiles)(const TapWindow& window, const TileGrid& grid, Part tiles, float* to, std::size_t pitch, std::size_t plane);
  // The same for the gradient of the results: for each k and panel a row for each tile from number `first` on.
  void (*readGradientTiles)(const WeightGradient& gradient, const TileGrid& grid, Part tiles, std::int64_t first, float* to,
                            std::size_t panelPitch, std::size_t plane);
  // packed[k, channel, column of the panel], for some channels. `taps` has room for 9 rows of each channel.
  void (*packWeights)(const WeightPacking& weights, int panel, int columns, Part channels, float* taps, float* packed,
                      std::size_t plane);
  void (*multiply)(const TileProducts& products);
  void (*writeTiles)(const TileResults& results, Part tiles, const float* products, std::size_t plane);
  void (*sumProducts)(const TileSums& sums);
  // to[tap, channel, column] of some channels and a panel's columns; `sums` begin with the first of these channels.
  void (*writeWeights)(const float* sums, std::size_t plane, std::size_t row, int panel, int columns, Part channels, float* to,
                       std::size_t toTap, std::size_t toRow);
};

}  // namespace saliencymix::train
