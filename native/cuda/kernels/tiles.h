// Images cut into tiles, for kernels that look at a pixel's neighbours.
#pragma once

#include "core/image.h"
#include "cuda/block.h"
#include "cuda/tuning.h"

namespace saliencymix::cuda {

// As reflect101, of indices up to two outside.
SALIENCYMIX_HOST_DEVICE inline int mirrored(int index, int length) {
  if (length < 3) return reflect101(index, length);
  const int inside = index < 0 ? -index : index;
  const int fromEnd = 2 * (length - 1) - inside;
  return inside < fromEnd ? inside : fromEnd;
}

// A part of an image.
struct Tile {
  int image;
  int top;
  int left;
  int rows;
  int cols;
};

// Rectangles that images are cut into, a block for each.
struct Tiles {
  int rows;  // of a tile
  int cols;
  int down;  // tiles of an image
  int across;

  // As wide as is allowed and about evenly cut, at multiples of four columns; as high as makes `maxPixels`.
  static Tiles of(int height, int width, int maxCols = tuning::kTileColumns, int maxPixels = tuning::kTilePixels) {
    const int cols = 4 * partsOf(partsOf(width, partsOf(width, maxCols)), 4);
    const int across = partsOf(width, cols);
    const int maxRows = maxPixels / cols;
    const int down = partsOf(height, maxRows < tuning::kTileRows ? maxRows : tuning::kTileRows);
    return {partsOf(height, down), cols, down, across};
  }
  SALIENCYMIX_HOST_DEVICE int perImage() const { return down * across; }

  // The tile of a block.
  SALIENCYMIX_HOST_DEVICE Tile at(int block, int height, int width) const {
    const int tile = block % perImage();
    const int top = tile / across * rows;
    const int left = tile % across * cols;
    return {block / perImage(), top, left, height - top < rows ? height - top : rows,
            width - left < cols ? width - left : cols};
  }
};

}  // namespace saliencymix::cuda
