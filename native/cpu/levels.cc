#include "cpu/levels.h"

#include <array>
#include <cstdlib>
#include <string_view>

#include "cpu/compiler.h"
#include "cpu/processor.h"

namespace saliencymix::cpu {

// A new level: its file in cpu/levels, its declaration here, and its line below.
#if SALIENCYMIX_HAS_X64_VECTORS
namespace avx512 { extern const Kernels kernels; }
namespace avx2 { extern const Kernels kernels; }
#endif
#if SALIENCYMIX_HAS_VECTORS
namespace portable { extern const Kernels kernels; }
#endif
namespace scalar { extern const Kernels kernels; }

namespace {

#if SALIENCYMIX_HAS_X64_VECTORS
bool hasAvx2() { return processorFeatures().avx2; }
bool hasAvx512() { return processorFeatures().avx512; }
#endif

bool always() { return true; }

constexpr std::array kLevels = {
#if SALIENCYMIX_HAS_X64_VECTORS
    Level{"avx512", "AVX-512 with VNNI", &avx512::kernels, &hasAvx512},
    Level{"avx2", "AVX2 with FMA", &avx2::kernels, &hasAvx2},
#endif
#if SALIENCYMIX_HAS_VECTORS
    Level{"portable", "128-bit vectors", &portable::kernels, &always},
#endif
    Level{"scalar", "the scalar reference", &scalar::kernels, &always},
};

std::string supportedNames() {
  std::string names;
  for (const Level& level : kLevels) {
    if (level.supported()) names += std::string(names.empty() ? "" : ", ") + level.name;
  }
  return names;
}

ChosenLevel choose() {
  const char* wanted = std::getenv("SALIENCYMIX_CPU");
  if (wanted == nullptr || *wanted == '\0') {
    for (const Level& level : kLevels) {
      if (level.supported()) return {&level, ""};
    }
  }
  const std::string asked = "SALIENCYMIX_CPU asks for \"" + std::string(wanted) + "\"";
  for (const Level& level : kLevels) {
    if (std::string_view(level.name) != wanted) continue;
    if (level.supported()) return {&level, ""};
    return {&level, asked + ", which this processor cannot run; it has " + supportedNames()};
  }
  return {&kLevels.back(), asked + ", which is none of the levels " + supportedNames()};
}

}  // namespace

std::span<const Level> levels() { return kLevels; }

const ChosenLevel& chosenLevel() {
  static const ChosenLevel chosen = choose();
  return chosen;
}

}  // namespace saliencymix::cpu
