// Softmax cross entropy, against the definition with the C library's exponential and logarithm.
#include "train_checks.h"
#include "train/cross_entropy.h"
#include "train/reference/cross_entropy.h"

using namespace train_checks;

namespace {

// Loss first, then the gradient.
std::vector<float> lossAndGradient(const TrainKernels& kernels, const std::vector<float>& logits,
                                   const std::vector<float>& labels, std::size_t rows, std::size_t classes) {
  const std::size_t bytes = crossEntropyWorkspaceBytes(rows, classes);
  return onAnyThreads(kernels, bytes, [&](const TrainRun& run) {
    std::vector<float> found(1 + logits.size());
    found[0] = softmaxCrossEntropy(run, logits.data(), labels.data(), rows, classes, &found[1]);
    const float alone = softmaxCrossEntropy(run, logits.data(), labels.data(), rows, classes, nullptr);
    CHECK(std::memcmp(&alone, &found[0], sizeof(float)) == 0);
    return found;
  });
}

void compare(const TrainKernels& kernels, const std::vector<float>& logits, const std::vector<float>& labels, std::size_t rows,
             std::size_t classes) {
  const std::vector<float> found = lossAndGradient(kernels, logits, labels, rows, classes);
  const reference::CrossEntropy expected = reference::softmaxCrossEntropy(logits.data(), labels.data(), rows, classes);
  // Rounded to float once.
  constexpr double kRounding = 0x1.00001p-24;
  CHECK(near(found[0], expected.loss, kRounding * std::abs(expected.loss) + 1e-14));
  CHECK(everywhere(logits.size(), [&](std::size_t i) {
    return near(found[1 + i], expected.dlogits[i], kRounding * std::abs(expected.dlogits[i]) + 1e-14);
  }));
}

}  // namespace

TEST(shapesOfAllKinds) {
  atEveryLevel([](const TrainKernels& kernels) {
    check::Numbers numbers(341);
    const std::pair<std::size_t, std::size_t> shapes[] = {{1, 1}, {1, 2}, {3, 7}, {128, 10}, {33, 1000}, {700, 3}};
    for (const auto& [rows, classes] : shapes) {
      for (const double size : {0.01, 1.0, 30.0, 800.0}) {
        compare(kernels, floats(numbers, rows * classes, -size, size), floats(numbers, rows * classes, 0, 1), rows, classes);
      }
    }
  });
}

TEST(randomShapes) {
  atEveryLevel([](const TrainKernels& kernels) {
    check::Numbers numbers(342);
    for (int round = 0; round < (check::quick() ? 20 : 60); round++) {
      const std::size_t rows = static_cast<std::size_t>(1 + numbers.below(40));
      const std::size_t classes = static_cast<std::size_t>(1 + numbers.below(60));
      compare(kernels, floats(numbers, rows * classes, -9, 9), floats(numbers, rows * classes, 0, 1), rows, classes);
    }
  });
}

// The same numbers at every level: nothing depends on the level or on the C library.
TEST(sameBitsAtEveryLevel) {
  check::Numbers numbers(343);
  const std::vector<float> logits = floats(numbers, 500, -20, 20);
  const std::vector<float> labels = floats(numbers, 500, 0, 1);
  std::vector<std::vector<float>> found;
  atEveryLevel([&](const TrainKernels& kernels) { found.push_back(lossAndGradient(kernels, logits, labels, 50, 10)); });
  for (const auto& one : found) CHECK(sameBits(one, found[0]));
}

TEST(notANumberAndInfinity) {
  atEveryLevel([](const TrainKernels& kernels) {
    const std::vector<float> labels = {1, 0, 0, 0.5f, 0, 0.5f};
    for (const float special : {kNan, kInfinity, -kInfinity}) {
      for (std::size_t at = 0; at < 3; at++) {
        std::vector<float> logits = {1, 2, 3, 4, 5, 6};
        logits[at] = special;
        const std::vector<float> found = lossAndGradient(kernels, logits, labels, 2, 3);
        CHECK(std::isfinite(found[4]) && std::isfinite(found[5]) && std::isfinite(found[6]));
        // Where the first logit is -infinity, its label 1 makes the loss infinite; elsewhere 0 * infinity is NaN.
        CHECK(special == -kInfinity && at == 0 ? found[0] == kInfinity : std::isnan(found[0]));
        compare(kernels, logits, labels, 2, 3);
      }
    }
    compare(kernels, {-kInfinity, -kInfinity}, {0.5f, 0.5f}, 1, 2);
    compare(kernels, {3e38f, -3e38f}, {1, 0}, 1, 2);
  });
}

// The gradient by central differences of the loss as it is defined; the labels of a row need not add up to 1.
TEST(gradientAgainstDifferences) {
  atEveryLevel([](const TrainKernels& kernels) {
    check::Numbers numbers(344);
    const std::vector<float> logits = floats(numbers, 15, -3, 3);
    const std::vector<float> labels = floats(numbers, 15, 0, 1);
    const std::vector<float> found = lossAndGradient(kernels, logits, labels, 3, 5);
    for (std::size_t i = 0; i < 15; i++) {
      std::vector<float> above = logits, below = logits;
      above[i] += 0x1p-10f;
      below[i] -= 0x1p-10f;
      const auto loss = [&](const std::vector<float>& z) {
        return reference::softmaxCrossEntropy(z.data(), labels.data(), 3, 5).loss;
      };
      const double step = double{above[i]} - double{below[i]};
      CHECK(near(found[1 + i], (loss(above) - loss(below)) / step, 1e-6));
    }
  });
}

TEST(valuesByHand) {
  atEveryLevel([](const TrainKernels& kernels) {
    // -log(e^2 / (e^2 + 1)) = log(1 + e^-2), and all classes alike: log 2.
    const std::vector<float> found = lossAndGradient(kernels, {2, 0, 5, 5}, {1, 0, 0.5f, 0.5f}, 2, 2);
    CHECK(near(found[0], (std::log1p(std::exp(-2.0)) + std::log(2.0)) / 2, 1e-7));
    CHECK(near(found[2], 0.11920292202211755 / 2, 1e-8) && found[3] == 0);
  });
}

TEST(refusals) {
  atEveryLevel([](const TrainKernels& kernels) {
    float x[1] = {};
    CHECK(throws<std::invalid_argument>([&] { softmaxCrossEntropy(*Runner(kernels, 64), x, x, 0, 1, x); }));
    CHECK(throws<std::invalid_argument>([&] { softmaxCrossEntropy(*Runner(kernels, 64), x, x, 1, 0, x); }));
    CHECK(throws<std::invalid_argument>([&] { softmaxCrossEntropy(*Runner(kernels, 0), x, x, 1, 1, x); }));
  });
}
