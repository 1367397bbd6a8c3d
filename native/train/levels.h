// The levels of vector code for training in this build, and the one in use.
//
// They are those of cpu/levels.h without the scalar one, and SALIENCYMIX_CPU chooses among them in the same way; where it asks
// for the scalar reference, training takes the portable level.
#pragma once

#include <span>
#include <string>

#include "train/kernels.h"

namespace saliencymix::train {

struct TrainLevel {
  const char* name;
  const TrainKernels* kernels;
  bool (*supported)();
};

// Best first. None where the compiler has no vectors.
std::span<const TrainLevel> trainLevels();

struct ChosenTrainLevel {
  const TrainLevel* level;  // nullptr where there is a problem
  std::string problem;      // why none can be used; empty when one can
};

// Chosen when first asked for, and then the same for the whole process.
const ChosenTrainLevel& chosenTrainLevel();

}  // namespace saliencymix::train
