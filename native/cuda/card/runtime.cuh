// The CUDA runtime's errors as exceptions, and owners for the memory, streams and events that it gives.
#pragma once

#include <cuda_runtime.h>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>

namespace saliencymix::cuda {

// 13000 is 13.0.
inline std::string versionText(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

// Throws where a call of the runtime failed, with what the runtime says about it. Clears the error for the next call.
inline void check(cudaError_t status, const char* what) {
  if (status == cudaSuccess) return;
  cudaGetLastError();
  throw std::runtime_error(std::string("CUDA: ") + what + " failed: " + cudaGetErrorString(status) + " (" +
                           cudaGetErrorName(status) + ")");
}

struct FreeOnDevice {
  void operator()(std::byte* memory) const { cudaFree(memory); }
};
struct FreeOnHost {
  void operator()(std::byte* memory) const { cudaFreeHost(memory); }
};
using DeviceMemory = std::unique_ptr<std::byte, FreeOnDevice>;
using PinnedMemory = std::unique_ptr<std::byte, FreeOnHost>;

struct DestroyStream {
  void operator()(cudaStream_t stream) const { cudaStreamDestroy(stream); }
};
struct DestroyEvent {
  void operator()(cudaEvent_t event) const { cudaEventDestroy(event); }
};
using Stream = std::unique_ptr<std::remove_pointer_t<cudaStream_t>, DestroyStream>;
using Event = std::unique_ptr<std::remove_pointer_t<cudaEvent_t>, DestroyEvent>;

// A stream that does not wait for the default stream.
inline Stream newStream() {
  cudaStream_t stream = nullptr;
  check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "creating a stream");
  return Stream(stream);
}
inline Event newEvent() {
  cudaEvent_t event = nullptr;
  check(cudaEventCreateWithFlags(&event, cudaEventDisableTiming), "creating an event");
  return Event(event);
}

// Allocates whole units of 512 bytes, because kernels read whole words even at the end. Where there is not enough memory,
// makeRoom frees what is kept for later calls, and the allocation is tried once more.
inline DeviceMemory allocateOnDevice(std::size_t bytes, const std::function<void()>& makeRoom) {
  constexpr std::size_t kPage = 512;
  const std::size_t pages = std::max(kPage, (bytes + kPage - 1) / kPage * kPage);
  void* memory = nullptr;
  cudaError_t status = cudaMalloc(&memory, pages);
  if (status == cudaErrorMemoryAllocation) {
    cudaGetLastError();
    makeRoom();
    status = cudaMalloc(&memory, pages);
  }
  if (status == cudaSuccess) return DeviceMemory(static_cast<std::byte*>(memory));
  cudaGetLastError();
  std::size_t free = 0;
  std::size_t total = 0;
  cudaMemGetInfo(&free, &total);
  cudaGetLastError();
  const auto mebibytes = [](std::size_t size) { return std::to_string(size >> 20) + " MiB"; };
  throw std::runtime_error("the graphics card has no " + mebibytes(bytes) + " to give (" + mebibytes(free) + " free of " +
                           mebibytes(total) + "; " + cudaGetErrorString(status) + "); use smaller batches, or backend \"cpu\"");
}

}  // namespace saliencymix::cuda
