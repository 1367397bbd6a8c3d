// A device for the kernels of native/cuda that is the host itself: the same kernels, calls and memory layout, without a
// graphics card. Whatever a card does not guarantee is made as bad as possible: blocks and the items of a step run in a
// shuffled order; memory that has not been written is full of rubbish, and no larger than what was asked for, so that
// sanitizers see every access outside of it.
#pragma once

#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <numeric>
#include <stdexcept>
#include <string>
#include <typeinfo>

#include "check.h"
#include "cuda/device_backend.h"

namespace device_on_host {

using namespace saliencymix;

// 0 .. count - 1 in an order that looks random: multiples of a step that has no factor in common with the count.
class Shuffled {
 public:
  Shuffled(int count, std::uint64_t seed) : count_(static_cast<std::uint64_t>(count)) {
    if (count < 2) return;
    start_ = seed % count_;
    step_ = 1 + (seed >> 20) % (count_ - 1);
    while (std::gcd(step_, count_) != 1) step_ = step_ % count_ + 1;
  }
  int at(int i) const { return static_cast<int>((start_ + static_cast<std::uint64_t>(i) * step_) % count_); }

 private:
  std::uint64_t count_;
  std::uint64_t start_ = 0;
  std::uint64_t step_ = 1;
};

class HostBlock {
 public:
  HostBlock(int index, std::byte* shared, check::Numbers& numbers) : index_(index), shared_(shared), numbers_(numbers) {}

  int index() const { return index_; }
  std::byte* shared() const { return shared_; }
  template <class F>
  void each(int count, const F& f) const {
    const Shuffled order(count, numbers_.next());
    for (int i = 0; i < count; i++) f(order.at(i));
  }
  template <class T, class V>
  void atomicMax(T* at, V value) const {
    if (value > *at) *at = value;
  }
  // As much too small as it may be, or hardly.
  float lowReciprocal(float value) const {
    const double share = numbers_.next() % 2 == 0 ? 1.0 - 0x1.ffp-21 : 1.0 - 0x1p-23;
    return static_cast<float>(share / static_cast<double>(value));
  }
  std::uint16_t halfBits(float value) const { return saliencymix::halfBits(value); }
  template <class T, class V>
  void atomicAdd(T* at, V value) const {
    *at += value;
  }
  std::uint32_t fetchAdd(std::uint32_t* at, std::uint32_t value) const {
    const std::uint32_t before = *at;
    *at += value;
    return before;
  }

 private:
  int index_;
  std::byte* shared_;
  check::Numbers& numbers_;
};

// How often each kernel was launched, by its type: for tests that a path is taken.
inline std::map<std::string, int>& launches() {
  static std::map<std::string, int> counts;
  return counts;
}

struct AlignedDelete {
  void operator()(std::byte* memory) const { ::operator delete[](memory, std::align_val_t{256}); }
};
using Memory = std::unique_ptr<std::byte[], AlignedDelete>;

// The device's memory. Pieces are allocated one by one, so only a piece that is larger than all of it is refused.
constexpr std::size_t kMemory = std::size_t{1} << 30;

inline Memory rubbish(std::size_t bytes) {
  if (bytes > kMemory) {
    throw std::runtime_error("the host has no " + std::to_string(bytes >> 20) + " MiB to give (" +
                             std::to_string(kMemory >> 20) + " MiB free of " + std::to_string(kMemory >> 20) + " MiB)");
  }
  Memory memory(static_cast<std::byte*>(::operator new[](bytes, std::align_val_t{256})));
  std::memset(memory.get(), 0xa5, bytes);
  return memory;
}

class HostQueue {
 public:
  std::byte* reserve(std::size_t bytes) {
    // Drops what a call that failed has left.
    uploads_.clear();
    downloads_.clear();
    memory_ = rubbish(bytes);
    return memory_.get();
  }
  // As late as is allowed: the bytes arrive only in waitForUpload().
  void upload(void* to, const void* from, std::size_t bytes) {
    const auto* begin = static_cast<const std::byte*>(from);
    uploads_.push_back({to, {begin, begin + bytes}});
  }
  void waitForUpload() {
    for (const Transfer& upload : uploads_) std::memcpy(upload.to, upload.bytes.data(), upload.bytes.size());
    uploads_.clear();
  }
  int recordEvent() const { return 0; }
  // The bytes are read now, before later kernels run, and arrive only in wait().
  void download(void* to, const void* from, std::size_t bytes, int) {
    const auto* begin = static_cast<const std::byte*>(from);
    downloads_.push_back({to, {begin, begin + bytes}});
  }
  void zero(void* at, std::size_t bytes) const { std::memset(at, 0, bytes); }
  void wait() {
    waitForUpload();
    for (const Transfer& download : downloads_) std::memcpy(download.to, download.bytes.data(), download.bytes.size());
    downloads_.clear();
  }

  template <class Kernel>
  void launch(const Kernel& kernel) {
    launches()[typeid(Kernel).name()]++;
    const int blocks = kernel.blocks();
    const Shuffled order(blocks, numbers_.next());
    const Memory shared = rubbish(kernel.sharedBytes());
    for (int i = 0; i < blocks; i++) {
      std::memset(shared.get(), 0xa5, kernel.sharedBytes());
      kernel(HostBlock(order.at(i), shared.get(), numbers_));
    }
  }

 private:
  struct Transfer {
    void* to;
    std::vector<std::byte> bytes;
  };

  Memory memory_;
  std::vector<Transfer> uploads_;
  std::vector<Transfer> downloads_;
  check::Numbers numbers_{2024};
};

class HostDevice {
 public:
  class Lease {
   public:
    Lease(HostQueue& queue, std::mutex& mutex) : lock_(mutex), queue_(queue) {}
    HostQueue& operator*() const { return queue_; }
    HostQueue* operator->() const { return &queue_; }

   private:
    std::unique_lock<std::mutex> lock_;
    HostQueue& queue_;
  };

  explicit HostDevice(const char* name = "host") : name_(name) {}

  const char* name() const { return name_; }
  const char* description() const { return "the kernels of the cuda backend, run on the host"; }
  const char* level() const { return "host"; }
  std::string unavailable() const { return ""; }
  Lease borrow(int) { return {queue_, mutex_}; }
  void releaseKept() {}

  std::unique_ptr<Resident> allocate(std::size_t bytes) {
    class HostMemory final : public Resident {
     public:
      HostMemory(const char* owner, std::size_t size) : Resident(owner, size), memory_(rubbish((size + 15) / 16 * 16)) {}
      std::byte* data() const override { return memory_.get(); }

     private:
      Memory memory_;
    };
    return std::make_unique<HostMemory>(name_, bytes);
  }

 private:
  const char* name_;
  std::mutex mutex_;  // for the only queue
  HostQueue queue_;
};

inline const Backend& backend() {
  static HostDevice device;
  static const cuda::DeviceBackend<HostDevice> all(device);
  return all;
}

}  // namespace device_on_host
