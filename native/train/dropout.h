// Dropout (Srivastava et al., JMLR 2014) with the masks of src/train/dropout-masks.ts, which are drawn where they are used and
// not stored.
#pragma once

#include <cstdint>

namespace saliencymix::train {

struct TrainRun;

// Says which random numbers a mask is made of. Every image has its own.
struct DropoutMask {
  std::uint64_t seed;   // below 2^53
  std::uint32_t step;
  std::uint32_t number;   // of the mask among those of the network
  std::uint32_t dropped;  // so many of 2^16 elements on average
  float scale;            // what the others are multiplied by: 1 / (1 - share that is dropped)
};

// N×H×W×C in memory. The mask's elements are drawn in the order of N×C×H×W.
struct DropoutShape {
  int images;
  int height;
  int width;
  int channels;
};

// y = x * scale where an element is kept, else x * 0. The same call gives the gradient: dx of dy. `y` may be x. Throws
// std::invalid_argument where that is more than all, and for sides below 1.
void dropout(const TrainRun& run, const DropoutMask& mask, const DropoutShape& shape, const float* x, float* y);

}  // namespace saliencymix::train
