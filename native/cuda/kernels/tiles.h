// Images cut into tiles, for kernels that look at a pixel's neighbours.
#pragma once

#include "cuda/block.h"
#include "cuda/tuning.h"

namespace saliencymix::cuda {

// Rectangles that images are cut into, a block for each.
struct Tiles {
  int rows;  // of a tile
  int cols;
  int down;  // tiles of an image
  int across;

  // As wide as `kTileColumns` allows and evenly cut, as high as makes `kTilePixels`.
  static Tiles of(int height, int width) {
    const int across = partsOf(width, tuning::kTileColumns);
    const int cols = partsOf(width, across);
    const int most = tuning::kTilePixels / cols;
    const int down = partsOf(height, most < tuning::kTileRows ? most : tuning::kTileRows);
    return {partsOf(height, down), cols, down, across};
  }
  SALIENCYMIX_HOST_DEVICE int perImage() const { return down * across; }
};

}  // namespace saliencymix::cuda
