// What runs the kernels of the training operators, and has the memory that they work on.
#pragma once

#include <cstddef>

#include "cuda/train/operators.h"

namespace device_train {

using saliencymix::cuda::TrainOperators;

class Machine {
 public:
  virtual ~Machine() = default;
  virtual TrainOperators& operators() = 0;
  // Memory of the device, of which nothing is known, until all is released.
  virtual std::byte* allocate(std::size_t bytes) = 0;
  virtual void release() = 0;
  virtual void copyUp(void* to, const void* from, std::size_t bytes) = 0;
  // When all that was asked for before has been done.
  virtual void copyDown(void* to, const void* from, std::size_t bytes) = 0;
};

}  // namespace device_train
