// The backends in this build, in order of preference.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/backend.h"
#include "core/philox.h"

namespace saliencymix {

class ImageRows;
struct Framing;

std::span<const Backend* const> backends();

// nullptr where there is none of that name.
const Backend* findBackend(std::string_view name);

// The names of all that a backend lacks: saliency methods, kinds of mixing, number types of mixed images.
std::vector<std::string_view> lackedBy(const Backend& backend);

// drawSamples of core/philox.h, by the fastest code of this processor, whichever backend uses the numbers.
void drawSamplesOnCpu(const RandomRun& run, std::size_t count, std::uint32_t* words);

// showFramed of core/framing.h by the fastest code of this processor. Images are brought to their size where they are decoded,
// so this is the CPU's whichever backend mixes them.
void showFramedOnCpu(ImageRows& image, const Framing& framing, int height, int width, std::uint8_t* out);

}  // namespace saliencymix
