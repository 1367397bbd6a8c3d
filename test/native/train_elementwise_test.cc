// Addition, ReLU and its gradient at every level.
#include "train_checks.h"
#include "train/elementwise.h"

using namespace train_checks;

TEST(sizesOfAllKinds) {
  atEveryLevel([](const TrainKernels& kernels) {
    check::Numbers numbers(321);
    for (const std::size_t size : std::initializer_list<std::size_t>{0, 1, 2, 3, 7, 16, 31, 33, 1000, 32768, 32769, 100003}) {
      std::vector<float> a = floats(numbers, size);
      std::vector<float> b = floats(numbers, size);
      const float special[] = {kNan, kInfinity, -kInfinity, 0.0f, -0.0f};
      for (std::size_t i = 0; i < size / 7; i++) {
        a[static_cast<std::size_t>(numbers.below(static_cast<int>(size)))] = special[i % 5];
        b[static_cast<std::size_t>(numbers.below(static_cast<int>(size)))] = special[i % 4];
      }
      const auto compute = [&](const auto& call) {
        return onAnyThreads(kernels, 0, [&](const TrainRun& run) {
          std::vector<float> y(size);
          call(run, y.data());
          return y;
        });
      };
      const auto sum = compute([&](const TrainRun& run, float* y) { add(run, a.data(), b.data(), size, y); });
      const auto kept = compute([&](const TrainRun& run, float* y) { relu(run, a.data(), size, y); });
      const auto gradient = compute([&](const TrainRun& run, float* y) { reluGradient(run, a.data(), b.data(), size, y); });
      CHECK(everywhere(size, [&](std::size_t i) { return near(sum[i], a[i] + b[i], 0); }));
      CHECK(everywhere(size, [&](std::size_t i) { return near(kept[i], a[i] < 0 ? 0.0f : a[i], 0); }));
      CHECK(everywhere(size, [&](std::size_t i) { return near(gradient[i], a[i] <= 0 ? 0.0f : b[i], 0); }));
      const Runner runner(kernels, 0, 3);
      std::vector<float> inPlace = a;
      add(*runner, inPlace.data(), b.data(), size, inPlace.data());
      CHECK(sameBits(inPlace, sum));
      inPlace = a;
      relu(*runner, inPlace.data(), size, inPlace.data());
      CHECK(sameBits(inPlace, kept));
      inPlace = b;
      reluGradient(*runner, a.data(), inPlace.data(), size, inPlace.data());
      CHECK(sameBits(inPlace, gradient));
    }
  });
}
