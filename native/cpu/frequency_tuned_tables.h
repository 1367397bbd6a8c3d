// The table of frequency tuned saliency.
#pragma once

#include <memory>

namespace saliencymix::cpu {

// For SaliencyKernel::prepare, of any shape: a LinearOfSrgb.
std::shared_ptr<const void> prepareFrequencyTuned(int height, int width);

}  // namespace saliencymix::cpu
