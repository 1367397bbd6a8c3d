// The Device of device_backend.h: a graphics card. Only this file and its folder use the CUDA runtime.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "core/backend.h"
#include "cuda/card/lane.cuh"

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
      if (lane == nullptr) lane = std::make_unique<CardLane>([this] { makeRoom(); });
    } catch (...) {
      takeBack(nullptr);
      throw;
    }
    lane->useThreads(threads);
    return Loan(*this, std::move(lane));
  }

  std::unique_ptr<Resident> allocate(std::size_t bytes) {
    refuseWithoutCard();
    return std::make_unique<CardMemory>(name(), bytes, [this] { makeRoom(); });
  }

  void releaseKept() {
    const std::lock_guard lock(mutex_);
    idle_.clear();
  }

 private:
  class CardMemory final : public Resident {
   public:
    CardMemory(const char* owner, std::size_t size, const std::function<void()>& makeRoom)
        : Resident(owner, size), memory_(allocateOnDevice(size, makeRoom)) {}
    std::byte* data() const override { return memory_.get(); }

   private:
    DeviceMemory memory_;
  };

  // Frees the memory of lanes that are not in use.
  void makeRoom() {
    const std::lock_guard lock(mutex_);
    for (const auto& lane : idle_) lane->releaseMemory();
  }

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
  // Asked for when it is first needed, because that starts the driver, which programs that use the CPU alone should not.
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
