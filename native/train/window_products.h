// Products of windows' matrices and weights as tasks for threads: what a convolution and its gradient by the input are made
// of.
#pragma once

#include <cstdint>
#include <vector>

#include "core/arena_layout.h"
#include "train/convolution.h"
#include "train/winograd.h"

namespace saliencymix::train {

class WindowProducts {
 public:
  WindowProducts(const TrainKernels& kernels, int batch, ConvolutionForm form)
      : all_(kernels), kernels_(kernels.convolution), batch_(batch), form_(form) {}

  // The product's `packed`, `chunk` and `strips` are set here.
  void add(WindowProduct product);
  // Takes memory for packed weights and for the blocks of so many threads.
  void layOut(ArenaLayout& arena, int threads);
  void run(int threads) const;

 private:
  // A product, and how it is cut: by its shape alone.
  struct Job {
    WindowProduct product;
    int panels;
    std::int64_t rows;
    int blockRows = 0;
    int rowBlocks = 0;
    int lineBlocks = 0;  // of an image, where strips are taken
    int panelBlocks = 0;
    bool packsAhead = true;
    float* packed = nullptr;

    Job(const WindowProduct& asked, int batch, const ConvolutionKernels& kernels);
    void cutMatrix(int chunk, int maxRows);
    Part rowsOf(int block) const;
    std::size_t blockFloats(const ConvolutionKernels& kernels) const;
  };

  void pack(int threads) const;

  const TrainKernels& all_;
  const ConvolutionKernels& kernels_;
  int batch_;
  ConvolutionForm form_;
  std::vector<Job> jobs_;
  std::vector<TiledProduct> tiled_;
  // One for each thread.
  std::vector<float*> blocks_;
  std::vector<float*> panels_;
};

}  // namespace saliencymix::train
