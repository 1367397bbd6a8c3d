// The card as a Machine (timed_queue.h), whose marks are events of the CUDA runtime.
#pragma once

#include <algorithm>
#include <fstream>
#include <iterator>
#include <regex>
#include <string>
#include <thread>
#include <vector>

#include "cuda/backend.h"
#include "cuda/card.cuh"
#include "measure.h"

namespace gpu_bench {

using cuda::Card;
using cuda::check;

// What the first group of a pattern matches in a file of the system.
inline std::string foundIn(const char* path, const char* pattern) {
  std::ifstream file(path);
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  std::smatch match;
  return std::regex_search(text, match, std::regex(pattern)) ? match[1].str() : "unknown";
}

// Keeps a multiprocessor busy for so many ticks of its clock.
static __global__ void spin(long long ticks) {
  const long long begin = clock64();
  while (clock64() - begin < ticks) {
  }
}

// Copies vectors of 16 bytes. A block takes pieces of 4 x 256 vectors; each thread loads its four before it stores them.
static __global__ void __launch_bounds__(256) copyVectors(const uint4* from, uint4* to, std::size_t count) {
  constexpr std::size_t kAtOnce = 4;
  const std::size_t piece = kAtOnce * blockDim.x;
  for (std::size_t begin = blockIdx.x * piece; begin < count; begin += gridDim.x * piece) {
    uint4 values[kAtOnce];
#pragma unroll
    for (std::size_t k = 0; k < kAtOnce; k++) {
      const std::size_t i = begin + k * blockDim.x + threadIdx.x;
      if (i < count) values[k] = from[i];
    }
#pragma unroll
    for (std::size_t k = 0; k < kAtOnce; k++) {
      const std::size_t i = begin + k * blockDim.x + threadIdx.x;
      if (i < count) to[i] = values[k];
    }
  }
}

class CardMachine {
 public:
  using Mark = std::size_t;  // which event

  explicit CardMachine(int threads) : lease_(Card::shared().borrow(threads)) {
    check(cudaGetDeviceProperties(&properties_, 0), "asking for the card's properties");
    check(cudaDeviceGetAttribute(&kilohertz_, cudaDevAttrClockRate, 0), "asking for the clock");
  }

  const Backend& backend() const { return cudaBackend(); }
  cuda::CardQueue& queue() { return *lease_; }
  cudaStream_t stream() const { return lease_->stream(); }
  const cudaDeviceProp& properties() const { return properties_; }

  Mark mark() {
    if (used_ == events_.size()) {
      cudaEvent_t event = nullptr;
      check(cudaEventCreate(&event), "creating an event");
      events_.emplace_back(event);
    }
    check(cudaEventRecord(events_[used_].get(), stream()), "recording an event");
    return used_++;
  }
  double ms(Mark begin, Mark end) const {
    float found = 0;
    check(cudaEventElapsedTime(&found, events_[begin].get(), events_[end].get()), "asking for the time between events");
    return static_cast<double>(found);
  }
  void forgetMarks() { used_ = 0; }

  // About two milliseconds: longer than it takes to queue a call.
  void fill() {
    spin<<<1, 1, 0, stream()>>>(2 * static_cast<long long>(kilohertz_));
    check(cudaGetLastError(), "launching a kernel");
  }

  template <class Kernel>
  Attributes attributes(const Kernel& kernel) {
    static const cudaFuncAttributes found = [] {
      cudaFuncAttributes asked{};
      check(cudaFuncGetAttributes(&asked, cuda::runKernel<Kernel>), "asking for a kernel's attributes");
      return asked;
    }();
    const std::size_t shared = kernel.sharedBytes();
    int blocks = 0;
    check(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, cuda::runKernel<Kernel>, Kernel::kThreads, shared),
          "asking for the occupancy");
    return {found.numRegs, static_cast<int>(found.localSizeBytes), static_cast<int>(shared), Kernel::kThreads, blocks};
  }

  std::size_t cacheBytes() const { return static_cast<std::size_t>(properties_.l2CacheSize); }
  void copyUp(void* to, const void* from, std::size_t bytes) const {
    check(cudaMemcpy(to, from, bytes, cudaMemcpyHostToDevice), "copying to the card");
  }
  void copyDown(void* to, const void* from, std::size_t bytes) const {
    check(cudaMemcpy(to, from, bytes, cudaMemcpyDeviceToHost), "copying from the card");
  }

  // Milliseconds on the card of what `go` queues.
  template <class Go>
  double deviceTime(const Go& go) {
    forgetMarks();
    fill();
    const Mark begin = mark();
    go();
    const Mark end = mark();
    queue().wait();
    return ms(begin, end);
  }

  void describe() const {
    int driver = 0;
    int runtime = 0;
    check(cudaDriverGetVersion(&driver), "asking for the driver");
    check(cudaRuntimeGetVersion(&runtime), "asking for the runtime");
    Json("device")
        .text("name", properties_.name)
        .text("about", backend().description())
        .text("cudaOfDriver", cuda::versionText(driver))
        .text("cudaRuntime", cuda::versionText(runtime))
        .text("driver", foundIn("/proc/driver/nvidia/version", "\\s(\\d+\\.\\d+(\\.\\d+)?)\\s"))
        .text("nvcc", std::to_string(__CUDACC_VER_MAJOR__) + "." + std::to_string(__CUDACC_VER_MINOR__) + "." +
                          std::to_string(__CUDACC_VER_BUILD__))
        .text("processor", foundIn("/proc/cpuinfo", "model name\\s*: ([^\n]*)"))
        .number("cores", std::thread::hardware_concurrency())
        .number("multiprocessors", properties_.multiProcessorCount)
        .number("cacheBytes", properties_.l2CacheSize)
        .number("memoryBytes", static_cast<double>(properties_.totalGlobalMem))
        .number("megahertz", kilohertz_ / 1000.0)
        .print();
  }

 private:
  Card::Lease lease_;
  cudaDeviceProp properties_{};
  int kilohertz_ = 0;
  std::vector<cuda::Event> events_;
  std::size_t used_ = 0;
};

}  // namespace gpu_bench
