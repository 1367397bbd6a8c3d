// The CUDA backend: one graphics card, the first that the CUDA runtime lists (CUDA_VISIBLE_DEVICES says which that is).
#pragma once

#include "core/backend.h"

namespace saliencymix {

// In a build without nvcc (absent.cc) it is there by name, and says why it cannot be used.
const Backend& cudaBackend();

}  // namespace saliencymix
