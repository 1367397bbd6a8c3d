// The numbers that PuzzleMix leaves open. J.-H. Kim, W. Choo, H. O. Song, "Puzzle Mix: exploiting saliency and local
// statistics for optimal mixup", ICML 2020; the defaults are those of its released code (snu-mllab/PuzzleMix), three labels too.
#pragma once

namespace saliencymix {

struct PuzzleSettings {
  double beta = 1.2;     // how much neighbouring cells should be of the same image
  double gamma = 0.5;    // how much less so where the two images continue each other; in 0 .. 1 (energy.h)
  double eta = 0.2;      // how much lambda counts
  double epsilon = 0.8;  // what moving a cell from one side of the image to the other costs; not negative
  // Sides of squares in pixels, at least 1; smaller ones are taken where these don't fill a block (energy.h, puzzle.h).
  int neighbour = 4;     // whose averages are compared across the border of two blocks
  int neighbourOfLarge = 2;  // the same in large images: the released code has it for ImageNet
  int mediumImage = 64;  // longest side of an image that is not large
  int moved = 4;         // that are moved in small images
  int smallImage = 32;   // longest side of a small image; of larger ones whole blocks are moved

  int neighbourIn(int height, int width) const {
    return (height > width ? height : width) > mediumImage ? neighbourOfLarge : neighbour;
  }
};

}  // namespace saliencymix
