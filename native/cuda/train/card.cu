#include "cuda/card/stream.cuh"
#include "cuda/train/operators_on.h"

namespace saliencymix::cuda {

std::unique_ptr<TrainOperators> trainOperatorsOn(void* stream) {
  return std::make_unique<TrainOperatorsOn<StreamQueue>>(StreamQueue(static_cast<cudaStream_t>(stream)));
}

}  // namespace saliencymix::cuda
