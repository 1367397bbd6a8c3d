// The peak and the low of a map, found by many threads. Each thread keeps the best of the values it has seen, and a block
// combines them as keys (core/argmax.h): the largest key is that of the first extreme, in whatever order they are compared.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/argmax.h"
#include "cuda/block.h"

namespace saliencymix::cuda {

// The best keys that a thread has seen, of any values in any order.
struct BestKeys {
  std::uint64_t peak = 0;
  std::uint64_t low = 0;

  SALIENCYMIX_HOST_DEVICE BestKeys keys() const { return *this; }
  SALIENCYMIX_HOST_DEVICE void update(float value, std::uint32_t index) {
    const std::uint64_t asPeak = extremeKey(value, index, Extreme::peak);
    const std::uint64_t asLow = extremeKey(value, index, Extreme::low);
    peak = asPeak > peak ? asPeak : peak;
    low = asLow > low ? asLow : low;
  }
};

// The same for a thread that sees values of at least 0, none of them a NaN, in the order of their indices: two comparisons
// are enough, and keys are made only at the end.
struct BestValues {
  float maximum = -1.0f;
  float minimum = 3.402823466e+38f;
  std::uint32_t maxAt = 0;
  std::uint32_t minAt = 0;

  SALIENCYMIX_HOST_DEVICE void update(float value, std::uint32_t index) {
    if (value > maximum) {
      maximum = value;
      maxAt = index;
    }
    if (value < minimum) {
      minimum = value;
      minAt = index;
    }
  }
  SALIENCYMIX_HOST_DEVICE BestKeys keys() const {
    if (maximum < 0.0f) return {};
    return {extremeKey(maximum, maxAt, Extreme::peak), extremeKey(minimum, minAt, Extreme::low)};
  }
};

// Combines the best keys of a block's threads in shared memory, and then with those of the image.
template <int threads>
class KeyReduction {
 public:
  static constexpr std::size_t kBytes = 2 * threads * sizeof(std::uint64_t);

  SALIENCYMIX_HOST_DEVICE explicit KeyReduction(std::byte* shared) : keys_(reinterpret_cast<std::uint64_t*>(shared)) {}

  template <class Best>
  SALIENCYMIX_HOST_DEVICE void put(int thread, const Best& ofThread) const {
    const BestKeys best = ofThread.keys();
    keys_[thread] = best.peak;
    keys_[threads + thread] = best.low;
  }

  template <class Block>
  SALIENCYMIX_HOST_DEVICE void finish(const Block& block, std::uint64_t* peak, std::uint64_t* low) const {
    reduce(block, keys_, 2, threads, Max());
    block.each(1, [&](int) {
      block.atomicMax(peak, keys_[0]);
      block.atomicMax(low, keys_[threads]);
    });
  }

 private:
  std::uint64_t* keys_;  // the peak of each thread, then the low of each thread
};

}  // namespace saliencymix::cuda
