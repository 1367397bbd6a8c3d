// Kernels of block.h on a graphics card.
#pragma once

#include <cuda_fp16.h>
#include <cuda_runtime.h>

#include <cstddef>
#include <cstdint>

#include "core/host_device.h"

namespace saliencymix::cuda {

// A block of threads, as block.h has it. Compiled for the host too, where nothing runs it.
class CardBlock {
 public:
  SALIENCYMIX_HOST_DEVICE explicit CardBlock(std::byte* shared) : shared_(shared) {}

  SALIENCYMIX_HOST_DEVICE std::byte* shared() const { return shared_; }
#if defined(__CUDA_ARCH__)
  __device__ int index() const { return static_cast<int>(blockIdx.x); }
  template <class F>
  __device__ void each(int count, const F& f) const {
    for (int i = static_cast<int>(threadIdx.x); i < count; i += static_cast<int>(blockDim.x)) f(i);
    __syncthreads();
  }
  __device__ void atomicMax(std::uint32_t* at, std::uint32_t value) const { ::atomicMax(at, value); }
  __device__ void atomicMax(std::uint64_t* at, std::uint64_t value) const {
    ::atomicMax(reinterpret_cast<unsigned long long*>(at), static_cast<unsigned long long>(value));
  }
  __device__ void atomicAdd(std::int64_t* at, std::int64_t value) const {
    ::atomicAdd(reinterpret_cast<unsigned long long*>(at), static_cast<unsigned long long>(value));
  }
  __device__ std::uint32_t fetchAdd(std::uint32_t* at, std::uint32_t value) const { return ::atomicAdd(at, value); }
  __device__ float lowReciprocal(float value) const {
    float found;
    asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(found) : "f"(value));  // to 2^-23
    return found * (1.0f - 0x1p-21f);
  }
  __device__ std::uint16_t halfBits(float value) const {
    // The card gives every NaN the same bits.
    if (value != value) return static_cast<std::uint16_t>((__float_as_uint(value) >> 16 & 0x8000u) | 0x7e00u);
    return __half_as_ushort(__float2half_rn(value));
  }
#else
  int index() const { return 0; }
  template <class F>
  void each(int, const F&) const {}
  template <class T>
  void atomicMax(T*, T) const {}
  template <class T>
  void atomicAdd(T*, T) const {}
  std::uint32_t fetchAdd(std::uint32_t*, std::uint32_t) const { return 0; }
  float lowReciprocal(float) const { return 0; }
  std::uint16_t halfBits(float) const { return 0; }
#endif

 private:
  std::byte* shared_;
};

// Threads that a multiprocessor of the kind of card can hold.
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ < 800
constexpr int kThreadsOfMultiprocessor = 1024;
#else
constexpr int kThreadsOfMultiprocessor = 1536;  // 2048 of some, which no kernel asks for
#endif

template <class Kernel>
constexpr int blocksAtOnce() {
  if constexpr (requires { Kernel::kBlocksAtOnce; }) {
    constexpr int most = kThreadsOfMultiprocessor / Kernel::kThreads;
    return Kernel::kBlocksAtOnce < most ? Kernel::kBlocksAtOnce : most;
  } else {
    return 0;  // as the compiler sees fit
  }
}

template <class Kernel>
__global__ void __launch_bounds__(Kernel::kThreads, blocksAtOnce<Kernel>()) runKernel(const Kernel kernel) {
  extern __shared__ __align__(16) unsigned char shared[];
  kernel(CardBlock(reinterpret_cast<std::byte*>(shared)));
}

}  // namespace saliencymix::cuda
