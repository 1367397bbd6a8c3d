// The CPU backend: the scalar reference of native/core on several threads.
#pragma once

#include "core/backend.h"

namespace saliencymix {

const Backend& cpuBackend();

}  // namespace saliencymix
