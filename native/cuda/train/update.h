// One step of an optimizer for all parameters (train/update.h), in a few launches: the kernels get tables of tensors among their
// arguments, of which CUDA takes 4 KiB. The first kernels look whether all that the step would make is finite, then others take
// it. To keep the old values beside the new ones instead would take as much memory again.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

#include "cuda/block.h"
#include "cuda/train/planes.h"
#include "train/update.h"

namespace saliencymix::cuda {

// The new value of a weight; that of v in the place of the old one. Each operation is rounded as in train/reference/update.h.
SALIENCYMIX_HOST_DEVICE inline float stepped(const train::Sgd& sgd, float weight, float gradient, float (&kept)[1]) {
  const float decayed = sgd.weightDecay > 0 ? gradient + weight * sgd.weightDecay : gradient;
  if (sgd.momentum == 0) return weight - decayed * sgd.stepSize;
  kept[0] = kept[0] * sgd.momentum + decayed;
  return weight - (sgd.nesterov ? decayed + kept[0] * sgd.momentum : kept[0]) * sgd.stepSize;
}
SALIENCYMIX_HOST_DEVICE inline float stepped(const train::AdamW& adamw, float weight, float gradient, float (&kept)[2]) {
  kept[0] = kept[0] * adamw.beta1 + gradient * adamw.newShare1;
  kept[1] = kept[1] * adamw.beta2 + gradient * gradient * adamw.newShare2;
  const float size = std::sqrt(kept[1]) / adamw.bias2 + adamw.epsilon;
  return weight * adamw.decay - kept[0] / size * adamw.stepSize;
}

// v - v is 0 for finite values, else NaN.
SALIENCYMIX_HOST_DEVICE inline bool isFinite(float value) { return value - value == 0.0f; }

// Said in one float: all bits 0, or those of a NaN, which any block may set.
struct Verdict {
  std::uint32_t* bits;

  template <class Block>
  SALIENCYMIX_HOST_DEVICE void refuse(const Block& block) const {
    block.atomicMax(bits, std::uint32_t{0x7fc00000});
  }
  SALIENCYMIX_HOST_DEVICE bool refused() const { return *bits != 0; }
};

// Tensors in blocks: each has blocks of its own, which follow one another.
template <class Tensor, int most>
struct TensorTable {
  static constexpr int kThreads = tuning::kUpdateThreads;
  static constexpr std::uint32_t kValues = kThreads * tuning::kUpdateValues;  // of a block

  Tensor tensors[most];
  int count = 0;
  int blocks = 0;

  bool full() const { return count == most; }
  // tensor.size must be set and above 0.
  void add(Tensor tensor) {
    tensor.firstBlock = static_cast<std::uint32_t>(blocks);
    blocks += static_cast<int>((tensor.size + kValues - 1) / kValues);
    tensors[count++] = tensor;
  }

  // The last tensor whose first block is not behind this one.
  SALIENCYMIX_HOST_DEVICE int tensorOf(int block) const {
    int begin = 0;
    int end = count;
    while (end - begin > 1) {
      const int middle = (begin + end) / 2;
      if (tensors[middle].firstBlock <= static_cast<std::uint32_t>(block)) begin = middle;
      else end = middle;
    }
    return begin;
  }

  // each.template operator()<width>(place) for the values of a tensor that a block has: in fours where they can be, and the rest
  // one by one.
  template <class Block, class Each>
  SALIENCYMIX_HOST_DEVICE static void eachOf(const Block& block, const Tensor& tensor, const Each& each) {
    const std::uint32_t begin = (static_cast<std::uint32_t>(block.index()) - tensor.firstBlock) * kValues;
    const std::uint32_t end = tensor.size - begin < kValues ? tensor.size : begin + kValues;
    const std::uint32_t fours = tensor.isAligned() ? (end - begin) / 4 : 0;
    block.each(kThreads, [&](int thread) {
      for (std::uint32_t i = static_cast<std::uint32_t>(thread); i < fours; i += kThreads) {
        each.template operator()<4>(begin + 4 * i);
      }
      for (std::uint32_t i = begin + 4 * fours + static_cast<std::uint32_t>(thread); i < end; i += kThreads) {
        each.template operator()<1>(i);
      }
    });
  }
};

inline SALIENCYMIX_HOST_DEVICE std::uintptr_t addressOf(const float* at) { return reinterpret_cast<std::uintptr_t>(at); }

template <int kept>
struct UpdatedTensor {
  const float* weight;
  const float* gradient;
  const float* keptBefore[kept];  // null: none
  float* nextWeight;
  float* nextKept[kept];
  std::uint32_t size;
  std::uint32_t firstBlock;

  SALIENCYMIX_HOST_DEVICE bool isAligned() const {
    std::uintptr_t all = addressOf(weight) | addressOf(gradient) | addressOf(nextWeight);
    for (int k = 0; k < kept; k++) all |= addressOf(keptBefore[k]) | addressOf(nextKept[k]);
    return all % 16 == 0;
  }
};

// As many as leave room for the other arguments.
template <class Step>
using UpdatedTable = TensorTable<UpdatedTensor<Step::kKept>, 3840 / sizeof(UpdatedTensor<Step::kKept>)>;

// Bytes that must move per weight of SGD with momentum: 12 are read to look; 12 are read and 8 written to take the step. Of
// AdamW: 16; 16 and 12.
template <class Step, bool takes>
struct UpdateTensors {
  using Table = UpdatedTable<Step>;
  static constexpr int kThreads = Table::kThreads;

  Step step;
  Verdict verdict;
  Table table;

  std::size_t sharedBytes() const { return 0; }
  int blocks() const { return table.blocks; }

  template <class Block>
  SALIENCYMIX_HOST_DEVICE void operator()(const Block& block) const {
    const auto optimizer = step.read();
    const auto& tensor = table.tensors[table.tensorOf(block.index())];
    const bool refused = takes && verdict.refused();
    Table::eachOf(block, tensor, [&]<int width>(std::uint32_t at) {
      const Floats<width> weight = get<width>(tensor.weight + at);
      const Floats<width> gradient = get<width>(tensor.gradient + at);
      Floats<width> kept[Step::kKept];
      for (int k = 0; k < Step::kKept; k++) kept[k] = getIf<width>(tensor.keptBefore[k] != nullptr, tensor.keptBefore[k], at);
      Floats<width> next = weight;
      bool finite = true;
      for (int i = 0; i < width; i++) {
        float ofOne[Step::kKept];
        for (int k = 0; k < Step::kKept; k++) ofOne[k] = kept[k].of[i];
        const float value = stepped(optimizer, weight.of[i], gradient.of[i], ofOne);
        finite = finite && isFinite(value);
        if (refused) continue;
        next.of[i] = value;
        for (int k = 0; k < Step::kKept; k++) kept[k].of[i] = ofOne[k];
      }
      if constexpr (takes) {
        put(tensor.nextWeight + at, next);
        for (int k = 0; k < Step::kKept; k++) {
          if (tensor.nextKept[k] != nullptr) put(tensor.nextKept[k] + at, kept[k]);
        }
      } else if (!finite) {
        verdict.refuse(block);
      }
    });
  }
};

struct CheckedTensor {
  const float* values;
  std::uint32_t size;
  std::uint32_t firstBlock;

  SALIENCYMIX_HOST_DEVICE bool isAligned() const { return addressOf(values) % 16 == 0; }
};
using CheckedTable = TensorTable<CheckedTensor, 3840 / sizeof(CheckedTensor)>;

// Bytes that must move per value: 4 are read.
struct CheckFinite {
  static constexpr int kThreads = CheckedTable::kThreads;

  Verdict verdict;
  CheckedTable table;

  std::size_t sharedBytes() const { return 0; }
  int blocks() const { return table.blocks; }

  template <class Block>
  SALIENCYMIX_HOST_DEVICE void operator()(const Block& block) const {
    const CheckedTensor& tensor = table.tensors[table.tensorOf(block.index())];
    CheckedTable::eachOf(block, tensor, [&]<int width>(std::uint32_t at) {
      const Floats<width> values = get<width>(tensor.values + at);
      bool finite = true;
      for (int i = 0; i < width; i++) finite = finite && isFinite(values.of[i]);
      if (!finite) verdict.refuse(block);
    });
  }
};

}  // namespace saliencymix::cuda
