#include "train/levels.h"

#include <cstring>
#include <vector>

#include "cpu/compiler.h"
#include "cpu/levels.h"

namespace saliencymix::train {

// A new level: its file in train/levels, its declaration here, and its line below.
#if SALIENCYMIX_HAS_X64_VECTORS
namespace avx512 { extern const TrainKernels kernels; }
namespace avx2 { extern const TrainKernels kernels; }
#endif
#if SALIENCYMIX_HAS_VECTORS
namespace portable { extern const TrainKernels kernels; }
#endif

namespace {

const TrainKernels* kernelsOf([[maybe_unused]] const char* level) {
#if SALIENCYMIX_HAS_X64_VECTORS
  if (std::strcmp(level, "avx512") == 0) return &avx512::kernels;
  if (std::strcmp(level, "avx2") == 0) return &avx2::kernels;
#endif
#if SALIENCYMIX_HAS_VECTORS
  if (std::strcmp(level, "portable") == 0) return &portable::kernels;
#endif
  return nullptr;
}

std::vector<TrainLevel> levelsWithKernels() {
  std::vector<TrainLevel> found;
  for (const cpu::Level& level : cpu::levels()) {
    if (const TrainKernels* kernels = kernelsOf(level.name)) found.push_back({level.name, kernels, level.supported});
  }
  return found;
}

ChosenTrainLevel choose() {
  const cpu::ChosenLevel& chosen = cpu::chosenLevel();
  if (!chosen.problem.empty()) return {nullptr, chosen.problem};
  for (const TrainLevel& level : trainLevels()) {
    if (std::strcmp(level.name, chosen.level->name) == 0) return {&level, ""};
  }
  // The scalar reference was asked for, or is all there is.
  if (trainLevels().empty()) return {nullptr, "the compiler of this build has no vectors (GCC and Clang have)"};
  return {&trainLevels().back(), ""};
}

}  // namespace

std::span<const TrainLevel> trainLevels() {
  static const std::vector<TrainLevel> levels = levelsWithKernels();
  return levels;
}

const ChosenTrainLevel& chosenTrainLevel() {
  static const ChosenTrainLevel chosen = choose();
  return chosen;
}

}  // namespace saliencymix::train
