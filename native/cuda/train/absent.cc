// Stands in for card.cu where the build had no CUDA compiler.
#include <stdexcept>

#include "cuda/backend.h"
#include "cuda/train/operators.h"

namespace saliencymix::cuda {

std::unique_ptr<TrainOperators> trainOperatorsOn(void*) { throw std::runtime_error(cudaBackend().unavailable()); }

}  // namespace saliencymix::cuda
