// Short rows, several of which are summed by one block.
#pragma once

#include "core/host_device.h"
#include "cuda/block.h"

namespace saliencymix::cuda {

// Rows of values that are each summed by a group of threads of a block: by as many as are a power of two, up to the whole block.
template <int threads>
struct Groups {
  // With at most `values` for each thread, as far as that goes.
  Groups(int numberOfRows, int length, int values) : rows(numberOfRows) {
    while (lanes < threads && lanes * values < length) lanes *= 2;
  }

  int blocks() const { return partsOf(rows, threads / lanes); }
  SALIENCYMIX_HOST_DEVICE int ofBlock() const { return threads / lanes; }
  // The row of a thread; may lie behind the last.
  SALIENCYMIX_HOST_DEVICE int rowOf(int block, int thread) const { return block * ofBlock() + thread / lanes; }
  SALIENCYMIX_HOST_DEVICE int laneOf(int thread) const { return thread % lanes; }
  // Of the thread that has the result of a thread's row.
  SALIENCYMIX_HOST_DEVICE int firstOf(int thread) const { return thread / lanes * lanes; }

  int rows;
  int lanes = 1;
};

}  // namespace saliencymix::cuda
