// The Queue of device_call.h, by the CUDA runtime.
#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <functional>
#include <utility>

#include "cuda/card/launch.cuh"
#include "cuda/card/runtime.cuh"
#include "cuda/tuning.h"
#include "threads/pool.h"

namespace saliencymix::cuda {

// What a call uses of the card; one call at a time uses a queue. It has streams for uploads, kernels and downloads, which
// run side by side; memory on the card; and page-locked memory on the host, through which all bytes pass in pieces: the
// processor copies one piece while the card transfers another.
class CardQueue {
 public:
  explicit CardQueue(std::function<void()> makeRoom)
      : makeRoom_(std::move(makeRoom)), up_(newStream()), kernels_(newStream()), down_(newStream()), uploaded_(newEvent()) {
    void* staging = nullptr;
    check(cudaMallocHost(&staging, tuning::kStagingBytes * tuning::kStagingSlots), "allocating page-locked memory");
    staging_.reset(static_cast<std::byte*>(staging));
    for (Event& event : slotDone_) event = newEvent();
    for (Event& event : events_) event = newEvent();
  }

  void useThreads(int threads) { threads_ = threads; }

  // The stream of the kernels, for measuring them.
  cudaStream_t stream() const { return kernels_.get(); }

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
      check(cudaMemcpyAsync(static_cast<std::byte*>(to) + done, place, size, cudaMemcpyHostToDevice, up_.get()),
            "copying to the card");
      record(slotDone_[slot_], up_);
      done += size;
    }
  }

  void waitForUpload() {
    record(uploaded_, up_);
    check(cudaStreamWaitEvent(kernels_.get(), uploaded_.get()), "waiting for what goes up");
  }

  // The events are used in turns. A wait for an event that has been recorded again also waits for later kernels: longer than
  // needed, but correct.
  int recordEvent() {
    const int number = next_++ % kEvents;
    record(events_[static_cast<std::size_t>(number)], kernels_);
    return number;
  }

  void download(void* to, const void* from, std::size_t bytes, int event) {
    check(cudaStreamWaitEvent(down_.get(), events_[static_cast<std::size_t>(event)].get()), "waiting for a kernel");
    for (std::size_t asked = 0; asked < bytes;) {
      nextSlot();
      const std::size_t size = std::min(bytes - asked, tuning::kStagingBytes);
      check(cudaMemcpyAsync(slotMemory(slot_), static_cast<const std::byte*>(from) + asked, size, cudaMemcpyDeviceToHost,
                            down_.get()),
            "copying from the card");
      record(slotDone_[slot_], down_);
      used_ = tuning::kStagingBytes;  // the slot is full: what comes in must stay until it is copied out
      downloads_.push_back({slot_, static_cast<std::byte*>(to) + asked, size});
      asked += size;
    }
  }

  void zero(void* at, std::size_t bytes) { check(cudaMemsetAsync(at, 0, bytes, kernels_.get()), "clearing memory"); }

  template <class Kernel>
  void launch(const Kernel& kernel) {
    launchOn(kernels_.get(), kernel);
  }

  void wait() {
    while (!downloads_.empty()) finishOldestDownload();
    for (const Stream* stream : {&up_, &kernels_, &down_}) check(cudaStreamSynchronize(stream->get()), "the work on the card");
  }

  // As wait, but ignores errors: for use after a call has failed, whose error is reported already.
  void settle() noexcept {
    downloads_.clear();
    for (const Stream* stream : {&up_, &kernels_, &down_}) cudaStreamSynchronize(stream->get());
    cudaGetLastError();
  }

  void releaseMemory() {
    memory_.reset();
    size_ = 0;
  }

 private:
  // A piece on its way to the caller's memory.
  struct Download {
    std::size_t slot;
    std::byte* to;
    std::size_t size;
  };
  static constexpr int kEvents = 16;

  static void record(const Event& event, const Stream& stream) {
    check(cudaEventRecord(event.get(), stream.get()), "recording an event");
  }

  void finishOldestDownload() {
    const Download oldest = downloads_.front();
    downloads_.pop_front();
    check(cudaEventSynchronize(slotDone_[oldest.slot].get()), "waiting for the card");
    copy(oldest.to, slotMemory(oldest.slot), oldest.size);
  }

  std::byte* slotMemory(std::size_t slot) const { return staging_.get() + slot * tuning::kStagingBytes; }

  // Small pieces share a slot. A slot is used again when all that it held has been transferred.
  std::byte* takeStaging(std::size_t size) {
    constexpr std::size_t kAlignment = 64;
    if (used_ + size > tuning::kStagingBytes) nextSlot();
    std::byte* const place = slotMemory(slot_) + used_;
    used_ += (size + kAlignment - 1) / kAlignment * kAlignment;
    return place;
  }
  void nextSlot() {
    slot_ = (slot_ + 1) % tuning::kStagingSlots;
    const auto usesSlot = [&](const Download& pending) { return pending.slot == slot_; };
    while (std::any_of(downloads_.begin(), downloads_.end(), usesSlot)) finishOldestDownload();
    check(cudaEventSynchronize(slotDone_[slot_].get()), "waiting for the card");
    used_ = 0;
  }

  // On several threads, because one copies more slowly than the bus transfers.
  void copy(std::byte* to, const std::byte* from, std::size_t size) const {
    constexpr std::size_t kPart = 256 << 10;
    const int parts = static_cast<int>((size + kPart - 1) / kPart);
    Pool::shared().forEach(parts, std::min(parts, threads_), [&](int i) {
      const std::size_t begin = static_cast<std::size_t>(i) * kPart;
      std::memcpy(to + begin, from + begin, std::min(kPart, size - begin));
    });
  }

  std::function<void()> makeRoom_;
  Stream up_;
  Stream kernels_;
  Stream down_;
  Event uploaded_;
  std::array<Event, kEvents> events_;
  int next_ = 0;
  std::deque<Download> downloads_;
  DeviceMemory memory_;
  std::size_t size_ = 0;
  PinnedMemory staging_;
  std::array<Event, tuning::kStagingSlots> slotDone_;  // the last transfer from or to each slot
  std::size_t slot_ = 0;
  std::size_t used_ = tuning::kStagingBytes;  // of the slot; full before the first
  int threads_ = 1;
};

}  // namespace saliencymix::cuda
