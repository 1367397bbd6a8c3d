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
  std::uint32_t number;  // of the mask among those of the network
  double rate;           // share that is dropped, from 0 to below 1; taken to the nearest multiple of 1 / 2^16
};

// N×H×W×C in memory. The mask's elements are drawn in the order of N×C×H×W.
struct DropoutShape {
  int images;
  int height;
  int width;
  int channels;
};

// y = x / (1 - rate) where an element is kept, else x * 0. The same call gives the gradient: dx of dy. `y` may be x. Throws
// std::invalid_argument for a rate outside the range and for sides below 1.
void dropout(const TrainRun& run, const DropoutMask& mask, const DropoutShape& shape, const float* x, float* y);

}  // namespace saliencymix::train
