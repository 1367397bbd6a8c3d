// The optimizers by the kernels of native/cuda/train: the same bits as the definition, for all parameters in one call.
#pragma once

#include "device_train.h"
#include "train/reference/update.h"

namespace device_train::update {

using saliencymix::cuda::AdamWStep;
using saliencymix::cuda::DeviceUpdated;
using saliencymix::cuda::SgdStep;

struct Tensors {
  Tensors(check::Numbers& numbers, std::size_t size)
      : weight(floats(numbers, size)), gradient(floats(numbers, size, -3, 3)), first(floats(numbers, size)),
        second(floats(numbers, size, 0, 2)) {}
  Updated updated() { return {weight.size(), weight.data(), gradient.data(), {first.data(), second.data()}}; }
  std::vector<float> weight, gradient, first, second;
};

// Sizes around those of vectors and blocks (4096 values), and more tensors than a table of arguments takes.
inline std::vector<Tensors> tensors(std::uint64_t seed) {
  check::Numbers numbers(seed);
  std::vector<Tensors> all;
  for (const std::size_t size : {1u, 0u, 3u, 64u, 4096u, 4097u, 8191u, 20001u, 17u, 2u}) all.emplace_back(numbers, size);
  for (std::size_t i = 0; i < 160; i++) all.emplace_back(numbers, 1 + i % 9);
  return all;
}

inline bool sameBits(const std::vector<Tensors>& found, const std::vector<Tensors>& expected) {
  const auto same = [](const Tensors& a, const Tensors& b) {
    return train_checks::sameBits(a.weight, b.weight) && train_checks::sameBits(a.first, b.first) &&
           train_checks::sameBits(a.second, b.second);
  };
  return std::equal(found.begin(), found.end(), expected.begin(), expected.end(), same);
}

inline SgdStep stepOn(Arrays& arrays, const Sgd& sgd) {
  // What the optimizer itself says of the step is not read.
  return {{sgd.momentum, sgd.nesterov, sgd.weightDecay, kNan}, arrays.up(std::vector<float>{sgd.stepSize})};
}
inline AdamWStep stepOn(Arrays& arrays, const AdamW& adamw) {
  AdamW without = adamw;
  without.decay = without.stepSize = without.bias2 = kNan;
  const float* const numbers = arrays.up(std::vector<float>{adamw.decay, adamw.stepSize, adamw.bias2});
  return {without, numbers, numbers + 1, numbers + 2};
}

enum class Into { theSame, other };

// The tensors on the device, before and after.
class Uploaded {
 public:
  Uploaded(Arrays& arrays, const std::vector<Tensors>& all, Into into) {
    for (const Tensors& one : all) {
      DeviceUpdated there{one.weight.size(), arrays.up(one.weight), arrays.up(one.gradient), {}, nullptr, {}};
      for (const int k : {0, 1}) {
        float* const kept = arrays.up(k == 0 ? one.first : one.second);
        there.kept[k] = kept;
        there.nextKept[k] = into == Into::theSame ? kept : arrays.room(one.weight.size());
      }
      there.nextWeight = into == Into::theSame ? const_cast<float*>(there.weight) : arrays.room(one.weight.size());
      parameters.push_back(there);
    }
  }
  // `kept`: how many tensors the optimizer keeps; the others stay as they were.
  std::vector<Tensors> after(std::vector<Tensors> all, int kept) const {
    for (std::size_t i = 0; i < all.size(); i++) {
      all[i].weight = down(parameters[i].nextWeight, parameters[i].size);
      if (kept > 0) all[i].first = down(parameters[i].nextKept[0], parameters[i].size);
      if (kept > 1) all[i].second = down(parameters[i].nextKept[1], parameters[i].size);
    }
    return all;
  }

  std::vector<DeviceUpdated> parameters;
};

inline int keptBy(const Sgd& sgd) { return sgd.momentum == 0 ? 0 : 1; }
inline int keptBy(const AdamW&) { return 2; }

// The tensors after a step of which the verdict must be `finite`.
template <class Optimizer>
std::vector<Tensors> stepped(const Optimizer& optimizer, const std::vector<Tensors>& all, Into into, int shift, bool finite) {
  Arrays arrays(shift);
  const Uploaded there(arrays, all, into);
  float* const verdict = arrays.room(1);
  operators().update(stepOn(arrays, optimizer), there.parameters, {}, verdict);
  const float said = down(verdict, 1)[0];
  CHECK(finite ? std::bit_cast<std::uint32_t>(said) == 0 : std::isnan(said));
  return there.after(all, keptBy(optimizer));
}

template <class Optimizer>
void compare(const Optimizer& optimizer) {
  const std::vector<Tensors> before = tensors(421);
  std::vector<Tensors> expected = before;
  for (Tensors& one : expected) reference::update(optimizer, one.updated());
  for (const Into into : {Into::theSame, Into::other}) {
    for (const int shift : {0, 1}) CHECK(sameBits(stepped(optimizer, before, into, shift, true), expected));
  }
}

inline AdamW adamwAt(double rate, double step) {
  AdamW adamw(0.9, 0.999, 1e-8);
  adamw.decay = static_cast<float>(1 - rate * 0.01);
  adamw.stepSize = static_cast<float>(rate / (1 - std::pow(0.9, step)));
  adamw.bias2 = static_cast<float>(std::sqrt(1 - std::pow(0.999, step)));
  return adamw;
}

TEST(sgdInAllForms) {
  for (const float momentum : {0.0f, 0.9f, 1.0f}) {
    for (const bool nesterov : {false, true}) {
      for (const float weightDecay : {0.0f, 5e-4f}) {
        if (momentum > 0 || !nesterov) compare(Sgd{momentum, nesterov, weightDecay, 0.05f});
      }
    }
  }
}

TEST(adamwAtSeveralSteps) {
  for (const double step : {1.0, 2.0, 1000.0}) compare(adamwAt(0.003, step));
}

// Without momentum nothing is kept, and no memory is needed for it.
TEST(sgdWithoutMomentumKeepsNothing) {
  Arrays arrays;
  float* const weight = arrays.up(std::vector<float>(5000, 1));
  const DeviceUpdated parameter{5000, weight, arrays.up(std::vector<float>(5000, 2)), {}, weight, {}};
  float* const verdict = arrays.room(1);
  operators().update(stepOn(arrays, Sgd{0, false, 0, 0.25f}), std::span(&parameter, 1), {}, verdict);
  CHECK(down(weight, 5000) == std::vector<float>(5000, 0.5f));
}

TEST(whatIsNotFiniteIsFoundAndChangesNothing) {
  check::Numbers numbers(422);
  for (const float bad : {kNan, kInfinity, -kInfinity}) {
    for (int round = 0; round < (check::quick() ? 2 : 12); round++) {
      std::vector<Tensors> all = tensors(423);
      const std::size_t tensor = static_cast<std::size_t>(numbers.below(round % 3 == 0 ? 10 : static_cast<int>(all.size())));
      if (all[tensor].weight.empty()) continue;
      const std::size_t at = static_cast<std::size_t>(numbers.below(static_cast<int>(all[tensor].weight.size())));
      (round % 2 == 0 ? all[tensor].weight : all[tensor].gradient)[at] = bad;
      for (const Into into : {Into::theSame, Into::other}) {
        CHECK(sameBits(stepped(Sgd{0.9f, true, 5e-4f, 0.1f}, all, into, round % 2, false), all));
        CHECK(sameBits(stepped(adamwAt(0.1, 3), all, into, round % 2, false), all));
      }
    }
  }
}

// The weights become infinite though everything before was finite; and large finite ones are no reason to stop, whose sum would
// be infinite.
TEST(overflowIsFoundAndLargeWeightsAreNot) {
  check::Numbers numbers(424);
  std::vector<Tensors> all{Tensors(numbers, 100)};
  all[0].weight.assign(100, 3e38f);
  all[0].gradient.assign(100, -1);
  stepped(Sgd{0, false, 0, 1}, all, Into::other, 0, true);
  all[0].gradient[99] = -1e38f;
  stepped(Sgd{0, false, 0, 1}, all, Into::other, 0, false);
}

TEST(otherValuesAreChecked) {
  std::vector<std::vector<float>> values(300, std::vector<float>(3, 1));
  values[1].assign(20000, 1);
  values[2].clear();
  const auto finite = [&](int shift) {
    Arrays arrays(shift);
    std::vector<Checked> checked;
    for (const std::vector<float>& one : values) checked.push_back({one.size(), one.empty() ? nullptr : arrays.up(one)});
    float* const weight = arrays.up(std::vector<float>{1});
    const DeviceUpdated parameter{1, weight, arrays.up(std::vector<float>{2}), {}, weight, {}};
    float* const verdict = arrays.room(1);
    operators().update(stepOn(arrays, Sgd{0, false, 0, 0.25f}), std::span(&parameter, 1), checked, verdict);
    const bool found = down(verdict, 1)[0] == 0;
    CHECK_EQUAL(down(weight, 1)[0], found ? 0.5f : 1.0f);
    return found;
  };
  for (const int shift : {0, 1}) {
    CHECK(finite(shift));
    for (const auto& [tensor, at] : {std::pair{0, 2}, {1, 19999}, {1, 4096}, {299, 0}}) {
      float& value = values[static_cast<std::size_t>(tensor)][static_cast<std::size_t>(at)];
      for (const float bad : {kNan, kInfinity, -kInfinity}) {
        value = bad;
        CHECK(!finite(shift));
      }
      value = 1;
    }
  }
}

TEST(updateRefusals) {
  float x[1] = {};
  const DeviceUpdated without{1, x, x, {x, nullptr}, x, {nullptr, nullptr}};
  const SgdStep sgd{{0.9f, false, 0, 0}, x};
  CHECK(throws<std::invalid_argument>([&] { operators().update(sgd, std::span(&without, 1), {}, x); }));
  const DeviceUpdated large{std::size_t{1} << 31, x, x, {x, x}, x, {x, x}};
  CHECK(throws<std::length_error>([&] { operators().update(sgd, std::span(&large, 1), {}, x); }));
}

}  // namespace device_train::update
