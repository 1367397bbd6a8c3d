// The levels of vector code in this build, and the one in use.
//
// The best that the processor supports is taken, unless the environment variable SALIENCYMIX_CPU names one. A name that is
// unknown or that the processor cannot run makes the backend unavailable; another level is never taken in its place.
#pragma once

#include <span>
#include <string>

#include "cpu/kernels.h"

namespace saliencymix::cpu {

struct Level {
  const char* name;
  const char* description;
  const Kernels* kernels;
  bool (*supported)();
};

// Best first; the last is the scalar reference, which every build has.
std::span<const Level> levels();

struct ChosenLevel {
  const Level* level;   // the one asked for, or the best
  std::string problem;  // why it cannot be used; empty when it can
};

// Chosen when first asked for, and then the same for the whole process.
const ChosenLevel& chosenLevel();

}  // namespace saliencymix::cpu
