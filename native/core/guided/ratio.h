// How GuidedMixup (map.h) mixes two images: each pixel by its saliency in both. s are the maps, of sum 1.
//
//   r = s_target / (s_target + s_source), 1/2 where both are 0: the mask (masked.h);  lambda = mean of r
// The authors' code divides 0 by 0 there.
#pragma once

#include <cstddef>

#include "core/guided/lanes.h"

namespace saliencymix::guided {

// The target's share of a pixel.
inline double ratio(float ofTarget, float ofSource) {
  const double target = static_cast<double>(ofTarget);
  const double both = target + static_cast<double>(ofSource);
  return both > 0.0 ? target / both : 0.5;
}

// lambda. The maps have `pixels` numbers each.
inline double meanRatio(const float* ofTarget, const float* ofSource, std::size_t pixels) {
  const double sum = sumInLanes(pixels, [=](std::size_t i) { return ratio(ofTarget[i], ofSource[i]); });
  return sum / static_cast<double>(pixels);
}

}  // namespace saliencymix::guided
