// A graphics card as the Device of device_backend.h. Only this file, backend.cu and the folder card use the CUDA runtime.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "core/backend.h"
#include "cuda/card/queue.cuh"
#include "cuda/kept_memory.h"

namespace saliencymix::cuda {

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

  class Lease {
   public:
    Lease(Card& card, std::unique_ptr<CardQueue> queue) : card_(card), queue_(std::move(queue)) {}
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease() { card_.takeBack(std::move(queue_)); }
    CardQueue& operator*() const { return *queue_; }
    CardQueue* operator->() const { return queue_.get(); }

   private:
    Card& card_;
    std::unique_ptr<CardQueue> queue_;
  };

  Lease borrow(int threads) {
    refuseWithoutCard();
    std::unique_lock lock(mutex_);
    returned_.wait(lock, [&] { return leased_ < tuning::kQueues; });
    leased_++;
    std::unique_ptr<CardQueue> queue;
    if (!idle_.empty()) {
      queue = std::move(idle_.back());
      idle_.pop_back();
    }
    lock.unlock();
    try {
      if (queue == nullptr) queue = std::make_unique<CardQueue>([this] { makeRoom(); });
    } catch (...) {
      takeBack(nullptr);
      throw;
    }
    queue->useThreads(threads);
    return Lease(*this, std::move(queue));
  }

  std::unique_ptr<Resident> allocate(std::size_t bytes) {
    refuseWithoutCard();
    DeviceMemory memory = kept_.take(bytes);
    if (memory == nullptr) memory = allocateOnDevice(bytes, [this] { makeRoom(); });
    return std::make_unique<CardMemory>(*this, bytes, std::move(memory));
  }

  void releaseKept() {
    kept_.release();
    const std::lock_guard lock(mutex_);
    idle_.clear();
  }

 private:
  class CardMemory final : public Resident {
   public:
    CardMemory(Card& card, std::size_t size, DeviceMemory memory)
        : Resident(card.name(), size), card_(card), memory_(std::move(memory)) {}
    // Nobody uses it any more: calls own the memory until they have waited for the card.
    ~CardMemory() override { card_.kept_.keep(bytes, std::move(memory_)); }
    std::byte* data() const override { return memory_.get(); }

   private:
    Card& card_;
    DeviceMemory memory_;
  };

  // Frees the memory of queues and batches that are not in use.
  void makeRoom() {
    kept_.release();
    const std::lock_guard lock(mutex_);
    for (const auto& queue : idle_) queue->releaseMemory();
  }

  void takeBack(std::unique_ptr<CardQueue> queue) {
    if (queue != nullptr) queue->settle();
    const std::lock_guard lock(mutex_);
    leased_--;
    if (queue != nullptr) idle_.push_back(std::move(queue));
    returned_.notify_one();
  }

  struct Probe {
    std::string problem;
    std::string description = "NVIDIA graphics cards";
    std::string level = "none";
  };
  static Probe probe();
  // Done when it is first needed, because it starts the driver, which programs that only use the CPU should not.
  static const Probe& probed() {
    static const Probe found = probe();
    return found;
  }
  static void refuseWithoutCard() {
    if (!probed().problem.empty()) throw std::runtime_error(probed().problem);
  }

  KeptMemory<DeviceMemory> kept_;
  std::mutex mutex_;
  std::condition_variable returned_;  // a queue was given back
  int leased_ = 0;
  std::vector<std::unique_ptr<CardQueue>> idle_;
};

}  // namespace saliencymix::cuda
