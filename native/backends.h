// The backends in this build, in order of preference.
#pragma once

#include <span>
#include <string_view>

#include "core/backend.h"

namespace saliencymix {

std::span<const Backend* const> backends();

// By name, or for "auto" the first that is available. nullptr where there is none of that name.
const Backend* findBackend(std::string_view name);

}  // namespace saliencymix
