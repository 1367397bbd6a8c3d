// The kernels of training: convolutions in every form that they take, what stands between them, and the update.
#pragma once

#include <vector>

#include "job.h"

// For the level in use; none where that is the scalar reference, which training does not have.
void addTrainingJobs(std::vector<Job>& jobs);
