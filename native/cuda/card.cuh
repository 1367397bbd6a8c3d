// The graphics card: the Device and Lane of device_backend.h and trip.h, by the CUDA runtime. The only file that calls it.
#pragma once

#include <cuda_runtime.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/backend.h"
#include "cuda/tuning.h"
#include "threads/pool.h"

namespace saliencymix::cuda {

// Throws what the runtime says of a call that failed, and leaves it ready for the next one.
inline void check(cudaError_t status, const char* what) {
  if (status == cudaSuccess) return;
  cudaGetLastError();
  throw std::runtime_error(std::string("CUDA: ") + what + " failed: " + cudaGetErrorString(status) + " (" +
                           cudaGetErrorName(status) + ")");
}

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
#else
  int index() const { return 0; }
  template <class F>
  void each(int, const F&) const {}
  template <class T>
  void atomicMax(T*, T) const {}
  template <class T>
  void atomicAdd(T*, T) const {}
#endif

 private:
  std::byte* shared_;
};

template <class Kernel>
__global__ void __launch_bounds__(Kernel::kThreads) runKernel(const Kernel kernel) {
  extern __shared__ __align__(16) unsigned char shared[];
  kernel(CardBlock(reinterpret_cast<std::byte*>(shared)));
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

// Whole pages of 512 bytes: kernels read whole words, also at the end.
inline DeviceMemory allocateOnDevice(std::size_t bytes) {
  constexpr std::size_t kPage = 512;
  void* memory = nullptr;
  const cudaError_t status = cudaMalloc(&memory, std::max(kPage, (bytes + kPage - 1) / kPage * kPage));
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

// One batch on its way: a stream, memory on the card, and page-locked memory that bytes pass through both ways, so that the
// processor copies one piece while the card takes or gives another.
class CardLane {
 public:
  CardLane() {
    cudaStream_t stream = nullptr;
    check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "creating a stream");
    stream_.reset(stream);
    void* staging = nullptr;
    check(cudaMallocHost(&staging, tuning::kStagingBytes * tuning::kStagingSlots), "allocating page-locked memory");
    staging_.reset(static_cast<std::byte*>(staging));
    for (Event& event : passed_) {
      cudaEvent_t made = nullptr;
      check(cudaEventCreateWithFlags(&made, cudaEventDisableTiming), "creating an event");
      event.reset(made);
    }
  }

  void useThreads(int threads) { threads_ = threads; }

  // For those who measure.
  cudaStream_t stream() const { return stream_.get(); }

  std::byte* reserve(std::size_t bytes) {
    if (bytes > size_) {
      wait();
      memory_.reset();
      size_ = 0;
      memory_ = allocateOnDevice(bytes);
      size_ = bytes;
    }
    return memory_.get();
  }

  void upload(void* to, const void* from, std::size_t bytes) {
    for (std::size_t done = 0; done < bytes;) {
      const std::size_t size = std::min(bytes - done, tuning::kStagingBytes);
      std::byte* const place = takeStaging(size);
      copy(place, static_cast<const std::byte*>(from) + done, size);
      check(cudaMemcpyAsync(static_cast<std::byte*>(to) + done, place, size, cudaMemcpyHostToDevice, stream_.get()),
            "copying to the card");
      check(cudaEventRecord(passed_[slot_].get(), stream_.get()), "recording an event");
      done += size;
    }
  }

  void download(void* to, const void* from, std::size_t bytes) {
    struct Piece {
      std::size_t slot;
      std::size_t at;
      std::size_t size;
    };
    std::deque<Piece> coming;
    const auto takeOldest = [&] {
      const Piece piece = coming.front();
      coming.pop_front();
      check(cudaEventSynchronize(passed_[piece.slot].get()), "waiting for the card");
      copy(static_cast<std::byte*>(to) + piece.at, slotMemory(piece.slot), piece.size);
    };
    for (std::size_t asked = 0; asked < bytes;) {
      if (coming.size() == tuning::kStagingSlots) takeOldest();
      nextSlot();
      const std::size_t size = std::min(bytes - asked, tuning::kStagingBytes);
      check(cudaMemcpyAsync(slotMemory(slot_), static_cast<const std::byte*>(from) + asked, size, cudaMemcpyDeviceToHost,
                            stream_.get()),
            "copying from the card");
      check(cudaEventRecord(passed_[slot_].get(), stream_.get()), "recording an event");
      used_ = tuning::kStagingBytes;  // what comes in stays until it is taken
      coming.push_back({slot_, asked, size});
      asked += size;
    }
    while (!coming.empty()) takeOldest();
  }

  void zero(void* at, std::size_t bytes) { check(cudaMemsetAsync(at, 0, bytes, stream_.get()), "clearing memory"); }

  template <class Kernel>
  void launch(const Kernel& kernel) {
    const int blocks = kernel.blocks();
    if (blocks == 0) return;
    const std::size_t shared = kernel.sharedBytes();
    constexpr std::size_t kWithoutAsking = 48 << 10;
    if (shared > kWithoutAsking) {
      check(cudaFuncSetAttribute(runKernel<Kernel>, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(shared)),
            "asking for shared memory");
    }
    runKernel<Kernel><<<static_cast<unsigned>(blocks), Kernel::kThreads, shared, stream_.get()>>>(kernel);
    check(cudaGetLastError(), "launching a kernel");
  }

  void wait() { check(cudaStreamSynchronize(stream_.get()), "the work on the card"); }

  // As wait, for a lane whose trip has failed: that is reported already.
  void settle() noexcept {
    cudaStreamSynchronize(stream_.get());
    cudaGetLastError();
  }

  void releaseMemory() {
    memory_.reset();
    size_ = 0;
  }

 private:
  std::byte* slotMemory(std::size_t slot) const { return staging_.get() + slot * tuning::kStagingBytes; }

  // Small pieces share a slot; a slot is used again once all that it held has passed.
  std::byte* takeStaging(std::size_t size) {
    constexpr std::size_t kAlignment = 64;
    if (used_ + size > tuning::kStagingBytes) nextSlot();
    std::byte* const place = slotMemory(slot_) + used_;
    used_ += (size + kAlignment - 1) / kAlignment * kAlignment;
    return place;
  }
  void nextSlot() {
    slot_ = (slot_ + 1) % tuning::kStagingSlots;
    check(cudaEventSynchronize(passed_[slot_].get()), "waiting for the card");
    used_ = 0;
  }

  // One thread copies slower than the bus does.
  void copy(std::byte* to, const std::byte* from, std::size_t size) const {
    constexpr std::size_t kPart = 256 << 10;
    const int parts = static_cast<int>((size + kPart - 1) / kPart);
    Pool::shared().forEach(parts, std::min(parts, threads_), [&](int i) {
      const std::size_t begin = static_cast<std::size_t>(i) * kPart;
      std::memcpy(to + begin, from + begin, std::min(kPart, size - begin));
    });
  }

  Stream stream_;
  DeviceMemory memory_;
  std::size_t size_ = 0;
  PinnedMemory staging_;
  std::array<Event, tuning::kStagingSlots> passed_;
  std::size_t slot_ = 0;
  std::size_t used_ = tuning::kStagingBytes;  // of the slot; full before the first
  int threads_ = 1;
};

// The first card of the runtime.
class Card {
 public:
  static Card& shared() {
    // Never destroyed: calls of other threads may still be under way when the process ends.
    static Card* const card = std::make_unique<Card>().release();
    return *card;
  }

  const char* name() const { return "cuda"; }
  const char* description() const { return probed().description.c_str(); }
  const char* level() const { return probed().level.c_str(); }
  std::string unavailable() const { return probed().problem; }

  class Loan {
   public:
    Loan(Card& card, std::unique_ptr<CardLane> lane) : card_(card), lane_(std::move(lane)) {}
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;
    ~Loan() { card_.takeBack(std::move(lane_)); }
    CardLane& operator*() const { return *lane_; }
    CardLane* operator->() const { return lane_.get(); }

   private:
    Card& card_;
    std::unique_ptr<CardLane> lane_;
  };

  Loan borrow(int threads) {
    refuseWithoutCard();
    std::unique_lock lock(mutex_);
    given_.wait(lock, [&] { return lent_ < tuning::kLanes; });
    lent_++;
    std::unique_ptr<CardLane> lane;
    if (!idle_.empty()) {
      lane = std::move(idle_.back());
      idle_.pop_back();
    }
    lock.unlock();
    try {
      if (lane == nullptr) lane = std::make_unique<CardLane>();
    } catch (...) {
      takeBack(nullptr);
      throw;
    }
    lane->useThreads(threads);
    return Loan(*this, std::move(lane));
  }

  std::unique_ptr<Resident> allocate(std::size_t bytes) {
    refuseWithoutCard();
    return std::make_unique<CardMemory>(name(), bytes);
  }

  void releaseKept() {
    const std::lock_guard lock(mutex_);
    idle_.clear();
  }

 private:
  class CardMemory final : public Resident {
   public:
    CardMemory(const char* owner, std::size_t size) : Resident(owner, size), memory_(allocateOnDevice(size)) {}
    std::byte* data() const override { return memory_.get(); }

   private:
    DeviceMemory memory_;
  };

  void takeBack(std::unique_ptr<CardLane> lane) {
    if (lane != nullptr) lane->settle();
    const std::lock_guard lock(mutex_);
    lent_--;
    if (lane != nullptr) idle_.push_back(std::move(lane));
    given_.notify_one();
  }

  struct Probe {
    std::string problem;
    std::string description = "NVIDIA graphics cards";
    std::string level = "none";
  };
  static Probe probe();
  // Asked when somebody first wants to know, for it wakes the driver: who computes on the processor alone never does.
  static const Probe& probed() {
    static const Probe found = probe();
    return found;
  }
  static void refuseWithoutCard() {
    if (!probed().problem.empty()) throw std::runtime_error(probed().problem);
  }

  std::mutex mutex_;
  std::condition_variable given_;
  int lent_ = 0;
  std::vector<std::unique_ptr<CardLane>> idle_;
};

}  // namespace saliencymix::cuda
