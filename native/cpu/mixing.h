// Mixing a batch: anchors, boxes and pixels, on threads.
#pragma once

#include "core/backend.h"
#include "cpu/kernels.h"

namespace saliencymix::cpu {

// `batch` has the pixels of the job's batch, `out` is where its output lies.
void mixBatch(const Kernels& kernels, const BatchView& batch, const MixJob& job, void* out, const Run& run);

}  // namespace saliencymix::cpu
