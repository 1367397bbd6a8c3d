// Products of windows' matrices and weights as tasks for threads: what a convolution and its gradient by the input are made
// of.
#pragma once

#include <cstdint>
#include <vector>

#include "core/arena_layout.h"
#include "train/convolution.h"

namespace saliencymix::train {

class WindowProducts {
 public:
  WindowProducts(const TrainKernels& kernels, int batch) : kernels_(kernels.convolution), batch_(batch) {}

  // `weights.packed` and `product.packed` are set by layOut.
  void add(const WeightPacking& weights, const WindowProduct& product);
  // Takes memory for packed weights and for the blocks of so many threads.
  void layOut(ArenaLayout& arena, int threads);
  void run(int threads) const;

 private:
  struct Job {
    WeightPacking weights;
    WindowProduct product;
    int panels;
    std::int64_t rows;
    int blockRows;
    int rowBlocks;
    int lineBlocks;  // of an image, where strips are taken
    int panelBlocks;
    Part rowsOf(int block) const;
    int tasks() const { return rowBlocks * panelBlocks; }
  };

  const ConvolutionKernels& kernels_;
  int batch_;
  std::vector<Job> jobs_;
  std::vector<float*> blocks_;  // one for each thread
};

}  // namespace saliencymix::train
