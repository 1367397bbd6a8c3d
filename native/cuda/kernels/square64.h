// Where the numbers of a 64 x 64 square lie in a block's shared memory: the columns of each row in another order, so that
// neighbours in a row and neighbours in a column lie in different banks.
#pragma once

#include "core/host_device.h"

namespace saliencymix::cuda {

struct Square64 {
  static constexpr int kSide = 64;
  static constexpr int kArea = kSide * kSide;

  // 64 row + (col ^ row). No sum in it carries a bit, so a place that is a power of two further on, or several of them, is found
  // by `place ^ (n * kStep)`: along a row or down a column, from where those bits of the index are 0.
  SALIENCYMIX_HOST_DEVICE static constexpr int at(int row, int col) { return ((kSide + 1) * row) ^ col; }
  struct AlongRows {
    static constexpr int kStep = 1;
  };
  struct DownColumns {
    static constexpr int kStep = kSide + 1;
  };
};

}  // namespace saliencymix::cuda
