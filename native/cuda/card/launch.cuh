// Puts a kernel of block.h into a stream.
#pragma once

#include "cuda/card/block.cuh"
#include "cuda/card/runtime.cuh"
#include "cuda/tuning.h"

namespace saliencymix::cuda {

template <class Kernel>
void launchOn(cudaStream_t stream, const Kernel& kernel) {
  // What every version of CUDA takes as arguments.
  static_assert(sizeof(Kernel) <= 4096);
  const int blocks = kernel.blocks();
  if (blocks == 0) return;
  const std::size_t shared = kernel.sharedBytes();
  if (shared > tuning::kSharedOfBlock) {
    check(cudaFuncSetAttribute(runKernel<Kernel>, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(shared)),
          "asking for shared memory");
  }
  runKernel<Kernel><<<static_cast<unsigned>(blocks), Kernel::kThreads, shared, stream>>>(kernel);
  check(cudaGetLastError(), "launching a kernel");
}

}  // namespace saliencymix::cuda
