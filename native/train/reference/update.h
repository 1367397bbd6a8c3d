// The optimizers as they are defined, value by value, each operation rounded to float32 as in the graph of the standard
// operators: the kernels give the same bits.
#pragma once

#include <cmath>
#include <cstddef>

#include "train/update.h"

namespace saliencymix::train::reference {

inline void update(const Sgd& sgd, const Updated& p) {
  for (std::size_t i = 0; i < p.size; i++) {
    const float decayed = sgd.weightDecay > 0 ? p.gradient[i] + p.weight[i] * sgd.weightDecay : p.gradient[i];
    if (sgd.momentum == 0) {
      p.weight[i] = p.weight[i] - decayed * sgd.stepSize;
      continue;
    }
    const float velocity = p.kept[0][i] * sgd.momentum + decayed;
    const float direction = sgd.nesterov ? decayed + velocity * sgd.momentum : velocity;
    p.weight[i] = p.weight[i] - direction * sgd.stepSize;
    p.kept[0][i] = velocity;
  }
}

inline void update(const AdamW& adamw, const Updated& p) {
  for (std::size_t i = 0; i < p.size; i++) {
    const float g = p.gradient[i];
    const float mean = p.kept[0][i] * adamw.beta1 + g * adamw.newShare1;
    const float square = p.kept[1][i] * adamw.beta2 + g * g * adamw.newShare2;
    const float size = std::sqrt(square) / adamw.bias2 + adamw.epsilon;
    p.weight[i] = p.weight[i] * adamw.decay - mean / size * adamw.stepSize;
    p.kept[0][i] = mean;
    p.kept[1][i] = square;
  }
}

}  // namespace saliencymix::train::reference
