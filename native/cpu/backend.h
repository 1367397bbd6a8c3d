// The CPU backend: the kernels of one level of vector code, on threads.
#pragma once

#include <memory>

#include "core/backend.h"
#include "cpu/levels.h"

namespace saliencymix {

// At the level that cpu/levels.h chooses.
const Backend& cpuBackend();

// At this level, which the processor must support: for comparing levels in one process.
std::unique_ptr<Backend> cpuBackendAt(const cpu::Level& level);

}  // namespace saliencymix
