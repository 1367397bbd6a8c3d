// The backends in this build, in order of preference.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "core/backend.h"

namespace saliencymix {

std::span<const Backend* const> backends();

// nullptr where there is none of that name.
const Backend* findBackend(std::string_view name);

// The names of all that a backend lacks: saliency methods, kinds of mixing, number types of mixed images.
std::vector<std::string_view> lackedBy(const Backend& backend);

}  // namespace saliencymix
