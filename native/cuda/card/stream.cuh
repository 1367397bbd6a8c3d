// The Queue of train/operators_on.h: a stream that belongs to somebody else.
#pragma once

#include "cuda/card/launch.cuh"

namespace saliencymix::cuda {

class StreamQueue {
 public:
  explicit StreamQueue(cudaStream_t stream) : stream_(stream) {}

  void zero(void* at, std::size_t bytes) { check(cudaMemsetAsync(at, 0, bytes, stream_), "clearing memory"); }
  template <class Kernel>
  void launch(const Kernel& kernel) {
    launchOn(stream_, kernel);
  }

 private:
  cudaStream_t stream_;
};

}  // namespace saliencymix::cuda
