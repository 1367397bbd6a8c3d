// A run of a node on a graphics card: its kernels go into the session's stream, and all tensors are in the card's memory.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "cuda/train/operators.h"
#include "ort/library.h"

namespace saliencymix::ort {

class CardRun {
 public:
  // `memory`: the card's.
  CardRun(const Library& library, const raw::KernelContext* context, const raw::MemoryInfo* memory);
  CardRun(const CardRun&) = delete;
  CardRun& operator=(const CardRun&) = delete;
  // Gives the workspaces back: what runs later in the stream may have them.
  ~CardRun();

  cuda::TrainOperators& operators() { return *operators_; }
  cuda::Workspace workspace(std::size_t bytes);

 private:
  const Library& library_;
  std::unique_ptr<cuda::TrainOperators> operators_;
  Handle<raw::Allocator> allocator_;
  std::vector<void*> workspaces_;
};

}  // namespace saliencymix::ort
