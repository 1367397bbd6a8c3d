// Softmax cross entropy and dropout by the kernels of native/cuda/train, against their definitions.
#pragma once

#include "device_train.h"
#include "train/reference/cross_entropy.h"
#include "train/reference/dropout.h"

namespace device_train::losses {

// Loss first, then the gradient.
inline std::vector<float> lossAndGradient(const std::vector<float>& logits, const std::vector<float>& labels, int rows,
                                          int classes) {
  return inAnyOrder([&](Arrays& arrays) {
    const Workspace workspace = arrays.workspace(saliencymix::cuda::crossEntropyWorkspaceBytes(rows));
    float* const loss = arrays.room(1);
    float* const dlogits = arrays.room(logits.size());
    const float* const from = arrays.up(logits);
    const float* const soft = arrays.up(labels);
    operators().softmaxCrossEntropy(from, soft, rows, classes, loss, nullptr, workspace);
    const std::vector<float> alone = down(loss, 1);
    operators().softmaxCrossEntropy(from, soft, rows, classes, loss, dlogits, workspace);
    std::vector<float> found = down(loss, 1);
    CHECK(sameBits(alone, found));
    const std::vector<float> gradient = down(dlogits, logits.size());
    found.insert(found.end(), gradient.begin(), gradient.end());
    return found;
  });
}

inline void compare(const std::vector<float>& logits, const std::vector<float>& labels, int rows, int classes) {
  const std::vector<float> found = lossAndGradient(logits, labels, rows, classes);
  const reference::CrossEntropy expected = reference::softmaxCrossEntropy(
      logits.data(), labels.data(), static_cast<std::size_t>(rows), static_cast<std::size_t>(classes));
  // Rounded to float once.
  constexpr double kRounding = 0x1.00001p-24;
  CHECK(near(found[0], expected.loss, kRounding * std::abs(expected.loss) + 1e-14));
  CHECK(everywhere(logits.size(), [&](std::size_t i) {
    return near(found[1 + i], expected.dlogits[i], kRounding * std::abs(expected.dlogits[i]) + 1e-14);
  }));
}

TEST(crossEntropyShapes) {
  check::Numbers numbers(431);
  for (const auto& [rows, classes] : {std::pair{1, 1}, {1, 2}, {3, 7}, {128, 10}, {33, 1000}, {700, 3}, {5, 256}, {2, 257}}) {
    const std::size_t size = static_cast<std::size_t>(rows * classes);
    for (const double reach : {0.01, 1.0, 30.0, 800.0}) {
      compare(floats(numbers, size, -reach, reach), floats(numbers, size, 0, 1), rows, classes);
    }
  }
}

TEST(crossEntropyRandomShapes) {
  check::Numbers numbers(432);
  for (int round = 0; round < (check::quick() ? 4 : 40); round++) {
    const int rows = 1 + numbers.below(40), classes = 1 + numbers.below(60);
    const std::size_t size = static_cast<std::size_t>(rows * classes);
    compare(floats(numbers, size, -9, 9), floats(numbers, size, 0, 1), rows, classes);
  }
}

TEST(crossEntropyOfNanAndInfinity) {
  const std::vector<float> labels = {1, 0, 0, 0.5f, 0, 0.5f};
  for (const float special : {kNan, kInfinity, -kInfinity}) {
    for (std::size_t at = 0; at < 3; at++) {
      std::vector<float> logits = {1, 2, 3, 4, 5, 6};
      logits[at] = special;
      const std::vector<float> found = lossAndGradient(logits, labels, 2, 3);
      CHECK(std::isfinite(found[4]) && std::isfinite(found[5]) && std::isfinite(found[6]));
      // Where the first logit is -infinity, its label 1 makes the loss infinite; elsewhere 0 * infinity is NaN.
      CHECK(special == -kInfinity && at == 0 ? found[0] == kInfinity : std::isnan(found[0]));
      compare(logits, labels, 2, 3);
    }
  }
  compare({-kInfinity, -kInfinity}, {0.5f, 0.5f}, 1, 2);
  compare({3e38f, -3e38f}, {1, 0}, 1, 2);
}

TEST(crossEntropyByHand) {
  // -log(e^2 / (e^2 + 1)) = log(1 + e^-2), and all classes alike: log 2.
  const std::vector<float> found = lossAndGradient({2, 0, 5, 5}, {1, 0, 0.5f, 0.5f}, 2, 2);
  CHECK(near(found[0], (std::log1p(std::exp(-2.0)) + std::log(2.0)) / 2, 1e-7));
  CHECK(near(found[2], 0.11920292202211755 / 2, 1e-8) && found[3] == 0);
}

inline std::vector<float> dropped(const DropoutMask& mask, int images, int elements, const std::vector<float>& x, bool inPlace,
                                  int shift = 0) {
  return inAnyOrder([&](Arrays& arrays) {
    const std::vector<std::int64_t> drawn = {static_cast<std::int64_t>(mask.seed), static_cast<std::int64_t>(mask.step)};
    auto* const random = reinterpret_cast<std::int64_t*>(machine().allocate(2 * sizeof(std::int64_t)));
    machine().copyUp(random, drawn.data(), 2 * sizeof(std::int64_t));
    float* const from = arrays.up(x);
    float* const to = inPlace ? from : arrays.room(x.size());
    operators().dropout({random, mask.number, mask.dropped, mask.scale}, images, elements, from, to);
    return down(to, x.size());
  }, shift);
}

inline void compareMask(check::Numbers& numbers, const DropoutMask& mask, int images, int elements) {
  const std::size_t each = static_cast<std::size_t>(elements);
  const std::vector<float> x = floats(numbers, static_cast<std::size_t>(images) * each, -2, 2);
  const std::vector<float> y = dropped(mask, images, elements, x, false);
  std::vector<float> expected = x;
  for (std::size_t i = 0; i < x.size(); i++) {
    expected[i] *= reference::kept(mask, static_cast<int>(i / each), i % each) ? mask.scale : 0.0f;
  }
  CHECK(sameBits(y, expected));
  CHECK(sameBits(dropped(mask, images, elements, x, true), y));
  CHECK(sameBits(dropped(mask, images, elements, x, false, 1), y));
}

TEST(dropoutShapes) {
  check::Numbers numbers(441);
  for (const auto& [images, elements] :
       {std::pair{1, 1}, {1, 9}, {3, 67}, {2, 768}, {1, 4100}, {1, 257}, {2, 9001}, {300, 12}, {33, 7}}) {
    for (const double rate : {0.0, 0.1, 0.5, 0.99}) {
      compareMask(numbers, reference::maskOf(numbers.next() >> 11, 5, 3, rate), images, elements);
    }
  }
  // The largest seed, step and number of a mask.
  compareMask(numbers, reference::maskOf(9007199254740991, 4294967295, 4294967295, 0.5), 3, 100);
}

// As PyTorch, which multiplies by 0: what is not finite stays visible.
TEST(dropoutOfNanAndInfinity) {
  for (const float special : {kNan, kInfinity}) {
    const std::vector<float> y = dropped(reference::maskOf(1, 1, 0, 0.5), 1, 100, std::vector<float>(100, special), false);
    for (const float value : y) CHECK(!std::isfinite(value));
  }
}

TEST(lossRefusals) {
  float x[1] = {};
  std::int64_t random[2] = {};
  Arrays arrays;
  const Workspace workspace = arrays.workspace(64);
  CHECK(throws<std::invalid_argument>([&] { operators().softmaxCrossEntropy(x, x, 0, 1, x, x, workspace); }));
  CHECK(throws<std::invalid_argument>([&] { operators().softmaxCrossEntropy(x, x, 1, 0, x, x, workspace); }));
  CHECK(throws<std::invalid_argument>([&] { operators().softmaxCrossEntropy(x, x, 9, 1, x, x, workspace); }));
  CHECK(throws<std::length_error>([&] { operators().softmaxCrossEntropy(x, x, 1 << 16, 1 << 16, x, x, workspace); }));
  CHECK(throws<std::invalid_argument>([&] { operators().dropout({random, 0, 65537, 1}, 1, 1, x, x); }));
  CHECK(throws<std::invalid_argument>([&] { operators().dropout({random, 0, 32768, 1}, 1, 0, x, x); }));
  CHECK(throws<std::length_error>([&] { operators().dropout({random, 0, 32768, 1}, 1 << 16, 1 << 16, x, x); }));
}

}  // namespace device_train::losses
