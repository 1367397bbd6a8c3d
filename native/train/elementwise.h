// What is done value by value where it could not be joined with a normalisation.
#pragma once

#include <cstddef>

namespace saliencymix::train {

struct TrainRun;

// y = a + b. `y` may be a or b.
void add(const TrainRun& run, const float* a, const float* b, std::size_t size, float* y);

// y = 0 where x is negative, else x, NaN included. `y` may be x.
void relu(const TrainRun& run, const float* x, std::size_t size, float* y);

// dx = 0 where y (or x, which is above 0 at the same places) is at most 0, else dy. `dx` may be dy.
void reluGradient(const TrainRun& run, const float* y, const float* dy, std::size_t size, float* dx);

}  // namespace saliencymix::train
