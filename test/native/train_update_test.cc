// The optimizers at every level: the same bits as the definition, for all parameters in one call.
#include "train_checks.h"
#include "train/reference/update.h"
#include "train/update.h"

using namespace train_checks;

namespace {

struct Tensors {
  Tensors(check::Numbers& numbers, std::size_t size)
      : weight(floats(numbers, size)), gradient(floats(numbers, size, -3, 3)), first(floats(numbers, size)),
        second(floats(numbers, size, 0, 2)) {}
  Updated updated() { return {weight.size(), weight.data(), gradient.data(), {first.data(), second.data()}}; }
  std::vector<float> weight, gradient, first, second;
};

bool sameBits(const std::vector<Tensors>& found, const std::vector<Tensors>& expected) {
  const auto same = [](const Tensors& a, const Tensors& b) {
    return train_checks::sameBits(a.weight, b.weight) && train_checks::sameBits(a.first, b.first) &&
           train_checks::sameBits(a.second, b.second);
  };
  return std::equal(found.begin(), found.end(), expected.begin(), expected.end(), same);
}

// Sizes around those of registers and parts.
const std::vector<std::size_t> kSizes = {1, 0, 3, 64, 16384, 16385, 50001, 17, 2};

std::vector<Tensors> tensors(std::uint64_t seed) {
  check::Numbers numbers(seed);
  std::vector<Tensors> all;
  for (const std::size_t size : kSizes) all.emplace_back(numbers, size);
  return all;
}

std::vector<Updated> updatedOf(std::vector<Tensors>& all) {
  std::vector<Updated> result;
  for (Tensors& one : all) result.push_back(one.updated());
  return result;
}

template <class Optimizer>
void compare(const TrainKernels& kernels, const Optimizer& optimizer) {
  std::vector<Tensors> expected = tensors(331);
  for (Tensors& one : expected) reference::update(optimizer, one.updated());
  for (const int threads : {1, 2, 3, 5, 16}) {
    std::vector<Tensors> found = tensors(331);
    CHECK(update(*Runner(kernels, 0, threads), optimizer, updatedOf(found)));
    CHECK(sameBits(found, expected));
  }
}

AdamW adamwAt(double rate, double step) {
  AdamW adamw(0.9, 0.999, 1e-8);
  adamw.decay = static_cast<float>(1 - rate * 0.01);
  adamw.stepSize = static_cast<float>(rate / (1 - std::pow(0.9, step)));
  adamw.bias2 = static_cast<float>(std::sqrt(1 - std::pow(0.999, step)));
  return adamw;
}

}  // namespace

TEST(sgdInAllForms) {
  atEveryLevel([](const TrainKernels& kernels) {
    for (const float momentum : {0.0f, 0.9f, 1.0f}) {
      for (const bool nesterov : {false, true}) {
        for (const float weightDecay : {0.0f, 5e-4f}) {
          if (momentum > 0 || !nesterov) compare(kernels, Sgd{momentum, nesterov, weightDecay, 0.05f});
        }
      }
    }
  });
}

TEST(adamwAtSeveralSteps) {
  atEveryLevel([](const TrainKernels& kernels) {
    for (const double step : {1.0, 2.0, 1000.0}) compare(kernels, adamwAt(0.003, step));
  });
}

// Without momentum nothing is kept, and no memory is needed for it.
TEST(sgdWithoutMomentumKeepsNothing) {
  atEveryLevel([](const TrainKernels& kernels) {
    std::vector<float> weight(40000, 1);
    const std::vector<float> gradient(40000, 2);
    const Updated parameter{40000, weight.data(), gradient.data(), {nullptr, nullptr}};
    CHECK(update(*Runner(kernels, 0, 2), Sgd{0, false, 0, 0.25f}, std::span(&parameter, 1)));
    CHECK(weight == std::vector<float>(40000, 0.5f));
  });
}

// torch.optim.SGD(lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.5): w = 1, g = 2, v = 3.
// torch.optim.AdamW(lr=0.1, weight_decay=0.01), first step: w = 1, g = 2.
TEST(valuesByHand) {
  atEveryLevel([](const TrainKernels& kernels) {
    const float gradient = 2;
    float weight = 1, kept[2] = {3, 0};
    const Updated parameter{1, &weight, &gradient, {&kept[0], &kept[1]}};
    CHECK(update(*Runner(kernels, 0), Sgd{0.9f, true, 0.5f, 0.1f}, std::span(&parameter, 1)));
    CHECK(near(kept[0], 5.2, 1e-6) && near(weight, 1 - 0.1 * (2.5 + 0.9 * 5.2), 1e-6));
    weight = 1;
    kept[0] = 0;
    CHECK(update(*Runner(kernels, 0), adamwAt(0.1, 1), std::span(&parameter, 1)));
    CHECK(near(weight, 0.999 - 0.1, 1e-6) && near(kept[0], 0.2, 1e-6) && near(kept[1], 0.004, 1e-7));
  });
}

TEST(whatIsNotFiniteIsFoundAndChangesNothing) {
  atEveryLevel([](const TrainKernels& kernels) {
    check::Numbers numbers(332);
    for (const float bad : {kNan, kInfinity, -kInfinity}) {
      for (int round = 0; round < 60; round++) {
        std::vector<Tensors> all = tensors(333);
        const std::size_t tensor = static_cast<std::size_t>(numbers.below(static_cast<int>(all.size())));
        if (all[tensor].weight.empty()) continue;
        const std::size_t at = static_cast<std::size_t>(numbers.below(static_cast<int>(all[tensor].weight.size())));
        (round % 2 == 0 ? all[tensor].weight : all[tensor].gradient)[at] = bad;
        const std::vector<Tensors> before = all;
        const Runner runner(kernels, 0, 1 + round % 3);
        CHECK(!update(*runner, Sgd{0.9f, true, 5e-4f, 0.1f}, updatedOf(all)));
        CHECK(sameBits(all, before));
        CHECK(!update(*runner, adamwAt(0.1, 3), updatedOf(all)));
        CHECK(sameBits(all, before));
      }
    }
  });
}

// The weights become infinite though everything before was finite; and large finite ones are no reason to stop, whose sum would
// be infinite.
TEST(overflowIsFoundAndLargeWeightsAreNot) {
  atEveryLevel([](const TrainKernels& kernels) {
    std::vector<float> weight(100, 3e38f), gradient(100, -1);
    const Updated parameter{100, weight.data(), gradient.data(), {}};
    CHECK(update(*Runner(kernels, 0), Sgd{0, false, 0, 1}, std::span(&parameter, 1)));
    gradient[99] = -1e38f;
    CHECK(!update(*Runner(kernels, 0), Sgd{0, false, 0, 1}, std::span(&parameter, 1)));
  });
}

TEST(otherValuesAreChecked) {
  atEveryLevel([](const TrainKernels& kernels) {
    std::vector<float> statistics(20000, 1), loss(1, 2);
    const std::vector<Checked> checked = {{statistics.size(), statistics.data()}, {0, nullptr}, {1, loss.data()}};
    const auto finite = [&] { return update(*Runner(kernels, 0, 2), Sgd{0, false, 0, 1}, {}, checked); };
    CHECK(finite());
    loss[0] = kNan;
    CHECK(!finite());
    loss[0] = 2;
    statistics[19999] = kInfinity;
    CHECK(!finite());
  });
}
