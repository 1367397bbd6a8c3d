// One step of an optimizer for all parameters in one pass: SGD and AdamW, in the order of operations of
// src/graph/optimizers.ts, each operation rounded to float32, so that every level gives the same bits. All parameters are
// decayed.
#pragma once

#include <cstddef>
#include <span>

namespace saliencymix::train {

struct TrainRun;

// With g' = g + weightDecay * w: v = momentum * v + g'; w = w - stepSize * v, or with Nesterov's momentum
// w = w - stepSize * (g' + momentum * v). Without momentum (0) there is no v, and w = w - stepSize * g'. Where weightDecay is 0
// the weights are not even multiplied by it.
struct Sgd {
  float momentum;
  bool nesterov;
  float weightDecay;
  float stepSize;
};

// Loshchilov & Hutter, "Decoupled weight decay regularization", ICLR 2019: m = beta1 * m + (1 - beta1) * g,
// v = beta2 * v + (1 - beta2) * g²; w = w * decay - stepSize * (m / (√v / bias2 + epsilon)).
struct AdamW {
  AdamW(double firstBeta, double secondBeta, double stability)
      : beta1(static_cast<float>(firstBeta)), newShare1(static_cast<float>(1 - firstBeta)),
        beta2(static_cast<float>(secondBeta)), newShare2(static_cast<float>(1 - secondBeta)),
        epsilon(static_cast<float>(stability)) {}
  float beta1;
  float newShare1;  // 1 - beta1, subtracted before it was rounded
  float beta2;
  float newShare2;
  float epsilon;
  // What changes from step to step t.
  float decay = 1;     // 1 - rate * weight decay
  float stepSize = 0;  // rate / (1 - beta1^t)
  float bias2 = 1;     // √(1 - beta2^t)
};

// A parameter, and what the optimizer keeps of it: v of SGD (none without momentum); m and v of AdamW. The new values take the
// place of the old ones.
struct Updated {
  std::size_t size;
  float* weight;
  const float* gradient;
  float* kept[2];
};

// The same where the new values may go elsewhere. Where they go to the same memory, `next…` are the old ones' addresses.
struct UpdatedBeside {
  std::size_t size;
  const float* weight;
  const float* gradient;
  const float* kept[2];
  float* nextWeight;
  float* nextKept[2];
};

// Values that only decide whether the step is taken: running statistics, the loss.
struct Checked {
  std::size_t size;
  const float* values;
};

// Takes the step if all new weights and all checked values are finite, and gives whether they are; else nothing changes. So
// everything is read twice: to keep the old values beside the new ones would take as much memory again.
bool update(const TrainRun& run, const Sgd& sgd, std::span<const Updated> parameters, std::span<const Checked> checked = {});
bool update(const TrainRun& run, const AdamW& adamw, std::span<const Updated> parameters,
            std::span<const Checked> checked = {});

}  // namespace saliencymix::train
