// The Lane of trip.h, by the CUDA runtime.
#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <functional>
#include <utility>

#include "cuda/card/block.cuh"
#include "cuda/card/runtime.cuh"
#include "cuda/tuning.h"
#include "threads/pool.h"

namespace saliencymix::cuda {

// One batch on its way: a stream, memory on the card, and page-locked memory that bytes pass through both ways, so that the
// processor copies one piece while the card takes or gives another.
class CardLane {
 public:
  explicit CardLane(std::function<void()> makeRoom) : makeRoom_(std::move(makeRoom)) {
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

  std::byte* reserve(std::size_t bytes) {
    if (bytes > size_) {
      wait();
      memory_.reset();
      size_ = 0;
      memory_ = allocateOnDevice(bytes, makeRoom_);
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

  std::function<void()> makeRoom_;
  Stream stream_;
  DeviceMemory memory_;
  std::size_t size_ = 0;
  PinnedMemory staging_;
  std::array<Event, tuning::kStagingSlots> passed_;
  std::size_t slot_ = 0;
  std::size_t used_ = tuning::kStagingBytes;  // of the slot; full before the first
  int threads_ = 1;
};

}  // namespace saliencymix::cuda
