// The host in place of a card, for the tests of the training operators: blocks and threads in a shuffled order, memory full of
// rubbish (device_on_host.h).
#pragma once

#include "cuda/train/operators_on.h"
#include "device_on_host.h"
#include "device_train.h"

namespace device_train {

class HostMachine final : public Machine {
 public:
  TrainOperators& operators() override { return operators_; }
  std::byte* allocate(std::size_t bytes) override {
    memory_.push_back(device_on_host::rubbish(bytes));
    return memory_.back().get();
  }
  void release() override { memory_.clear(); }
  void copyUp(void* to, const void* from, std::size_t bytes) override { copy(to, from, bytes); }
  void copyDown(void* to, const void* from, std::size_t bytes) override { copy(to, from, bytes); }

 private:
  static void copy(void* to, const void* from, std::size_t bytes) {
    if (bytes > 0) std::memcpy(to, from, bytes);
  }

  saliencymix::cuda::TrainOperatorsOn<device_on_host::HostQueue> operators_{device_on_host::HostQueue()};
  std::vector<device_on_host::Memory> memory_;
};

inline Machine& machine() {
  static HostMachine host;
  return host;
}

}  // namespace device_train
