// The levels of training kernels, and how work is given to threads.
#include <atomic>
#include <cstring>
#include <vector>

#include "check.h"
#include "cpu/levels.h"
#include "train/levels.h"
#include "train/run.h"
#include "train/sizes.h"

using namespace saliencymix;
using namespace saliencymix::train;

TEST(levelsAreThoseOfTheCpuWithoutTheScalarOne) {
  const auto cpuLevels = cpu::levels();
  CHECK_EQUAL(trainLevels().size(), cpuLevels.size() - 1);
  for (std::size_t i = 0; i < trainLevels().size(); i++) {
    CHECK(std::strcmp(trainLevels()[i].name, cpuLevels[i].name) == 0);
    CHECK(trainLevels()[i].supported == cpuLevels[i].supported);
  }
}

TEST(theLevelOfTheCpuIsTaken) {
  const ChosenTrainLevel& chosen = chosenTrainLevel();
  if (trainLevels().empty()) {
    CHECK(chosen.level == nullptr && !chosen.problem.empty());
    return;
  }
  CHECK(chosen.problem == cpu::chosenLevel().problem);
  CHECK(chosen.level != nullptr && chosen.level->supported());
  const char* name = cpu::chosenLevel().level->name;
  CHECK(std::strcmp(chosen.level->name, std::strcmp(name, "scalar") == 0 ? "portable" : name) == 0);
}

TEST(everyTaskRunsOnceAndNoSlotTwiceAtATime) {
  for (const int threads : {1, 2, 3, 16}) {
    for (const int count : {0, 1, 2, 7, 100}) {
      std::vector<std::atomic<int>> calls(static_cast<std::size_t>(count));
      std::vector<std::atomic<int>> busy(static_cast<std::size_t>(threads));
      forEachTask(count, threads, [&](int i, int slot) {
        CHECK_EQUAL(busy[static_cast<std::size_t>(slot)]++, 0);
        calls[static_cast<std::size_t>(i)]++;
        busy[static_cast<std::size_t>(slot)]--;
      });
      for (const auto& called : calls) CHECK_EQUAL(called.load(), 1);
    }
  }
}

TEST(sizesBeyondMemoryAreRefused) {
  CHECK_EQUAL(product({3, 5, 7}), std::size_t{105});
  CHECK_EQUAL(product({0, std::size_t{1} << 40, std::size_t{1} << 40}), std::size_t{0});
  bool refused = false;
  try {
    product({std::size_t{1} << 31, std::size_t{1} << 31});
  } catch (const std::length_error&) {
    refused = true;
  }
  CHECK(refused);
}
