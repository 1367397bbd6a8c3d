#include "train_card.h"

#include <vector>

#include "cuda/card/runtime.cuh"

namespace device_train {

namespace {

using namespace saliencymix::cuda;

class CardMachine final : public Machine {
 public:
  TrainOperators& operators() override { return *operators_; }
  std::byte* allocate(std::size_t bytes) override {
    memory_.push_back(allocateOnDevice(bytes, [] {}));
    check(cudaMemsetAsync(memory_.back().get(), 0xa5, bytes, stream_.get()), "filling memory with rubbish");
    return memory_.back().get();
  }
  void release() override {
    finish();
    memory_.clear();
  }
  void copyUp(void* to, const void* from, std::size_t bytes) override { copy(to, from, bytes, cudaMemcpyHostToDevice); }
  void copyDown(void* to, const void* from, std::size_t bytes) override { copy(to, from, bytes, cudaMemcpyDeviceToHost); }

 private:
  void copy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
    check(cudaMemcpyAsync(to, from, bytes, kind, stream_.get()), "copying");
    finish();
  }
  void finish() { check(cudaStreamSynchronize(stream_.get()), "the kernels"); }

  Stream stream_ = newStream();
  std::unique_ptr<TrainOperators> operators_ = trainOperatorsOn(stream_.get());
  std::vector<DeviceMemory> memory_;
};

}  // namespace

Machine& cardMachine() {
  static CardMachine card;
  return card;
}

}  // namespace device_train
