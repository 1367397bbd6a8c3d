// What the tests of the training operators share.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "check.h"
#include "train/levels.h"
#include "train/run.h"

namespace train_checks {

using namespace saliencymix::train;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

// Calls test(kernels) at every level that this processor runs. A failed check says at which level.
template <class Test>
void atEveryLevel(const Test& test) {
  for (const TrainLevel& level : trainLevels()) {
    if (!level.supported()) continue;
    const int before = check::failures();
    test(*level.kernels);
    if (check::failures() != before) std::cerr << "  at level " << level.name << "\n";
  }
}

// A run with working memory, of exactly so many bytes that a sanitizer finds the first byte too many.
class Runner {
 public:
  Runner(const TrainKernels& kernels, std::size_t bytes, int threads = 1)
      : memory_((bytes + 63) / 64), run_{kernels, threads, {reinterpret_cast<std::byte*>(memory_.data()), bytes}} {}
  const TrainRun& operator*() const { return run_; }

 private:
  struct alignas(64) Line {
    std::byte bytes[64];
  };
  std::vector<Line> memory_;
  TrainRun run_;
};

inline std::vector<float> floats(check::Numbers& numbers, std::size_t size, double low = -1, double high = 1) {
  std::vector<float> values(size);
  for (float& value : values) value = static_cast<float>(low + (high - low) * numbers.uniform());
  return values;
}

// NaN equals NaN here, and 0 equals -0.
inline bool near(double found, double expected, double tolerance) {
  if (std::isnan(expected)) return std::isnan(found);
  if (std::isinf(expected)) return found == expected;
  return std::abs(found - expected) <= tolerance;
}

// Whether right(i) for every i below `count`. Says where it first is not.
template <class Right>
bool everywhere(std::size_t count, const Right& right) {
  for (std::size_t i = 0; i < count; i++) {
    if (right(i)) continue;
    std::cerr << "  wrong at " << i << " of " << count << "\n";
    return false;
  }
  return true;
}

inline bool sameBits(const std::vector<float>& a, const std::vector<float>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](float one, float other) {
    return std::bit_cast<std::uint32_t>(one) == std::bit_cast<std::uint32_t>(other);
  });
}

// Checks that compute(run) gives the same bits on any number of threads; gives them.
template <class Compute>
std::vector<float> onAnyThreads(const TrainKernels& kernels, std::size_t bytes, const Compute& compute) {
  const std::vector<float> first = compute(*Runner(kernels, bytes, 1));
  for (const int threads : {2, 3, 5, 16}) CHECK(sameBits(compute(*Runner(kernels, bytes, threads)), first));
  return first;
}

template <class Error, class Call>
bool throws(const Call& call) {
  try {
    call();
  } catch (const Error&) {
    return true;
  }
  return false;
}

}  // namespace train_checks
