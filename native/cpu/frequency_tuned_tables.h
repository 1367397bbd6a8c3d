// The table of frequency tuned saliency.
#pragma once

#include <memory>

namespace saliencymix::cpu {

// For SaliencyKernel::prepare, of any shape: 256 floats, the linear value of each sRGB byte.
std::shared_ptr<const void> prepareFrequencyTuned(int height, int width);

}  // namespace saliencymix::cpu
