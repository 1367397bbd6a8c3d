#include "ort/card/run.h"

namespace saliencymix::ort {

namespace {

void* streamOf(const Library& library, const raw::KernelContext* context) {
  void* stream = nullptr;
  library.check(library.api().KernelContext_GetGPUComputeStream(context, &stream));
  return stream;
}

}  // namespace

CardRun::CardRun(const Library& library, const raw::KernelContext* context, const raw::MemoryInfo* memory)
    : library_(library), operators_(cuda::trainOperatorsOn(streamOf(library, context))),
      allocator_(library.own<raw::Allocator>(library.api().ReleaseAllocator, [&](raw::Allocator** made) {
        return library.api().KernelContext_GetAllocator(context, memory, made);
      })) {}

CardRun::~CardRun() {
  // A refusal to take memory back cannot be helped here.
  for (void* const one : workspaces_) {
    const Handle<raw::Status> status(library_.api().AllocatorFree(allocator_.get(), one), {library_.api().ReleaseStatus});
  }
}

cuda::Workspace CardRun::workspace(std::size_t bytes) {
  if (bytes == 0) return {};
  void* memory = nullptr;
  library_.check(library_.api().AllocatorAlloc(allocator_.get(), bytes, &memory));
  if (memory == nullptr) throw Error("Failed to allocate memory on the graphics card");
  workspaces_.push_back(memory);
  return {static_cast<std::byte*>(memory), bytes};
}

}  // namespace saliencymix::ort
