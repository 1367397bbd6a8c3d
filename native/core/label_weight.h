// The weight of the target's label, where labels follow not the area but what is seen of something: of what is salient in each
// image, or of its object. `maps` says how much of it each pixel has.
#pragma once

#include <cstdint>

#include "core/mix.h"

namespace saliencymix {

// Of a map values below 0, which a model's may have, count as 0; so does what is no number. A mask's pixel is of the object or not.
inline double massOf(float value) { return value > 0.0f ? static_cast<double>(value) : 0.0; }
inline double massOf(std::uint8_t value) { return value != 0 ? 1.0 : 0.0; }

// The share of the target's mass that the mixed image shows, over the sum of that share and the source's; of an image without
// mass nothing is seen. Where nothing is seen of either, and for kinds that show no part of a source, it is the sample's lambda.
template <class T>
double labelWeight(const NhwcBatch<T>& maps, const MixSample& sample) {
  if (!visitKind(sample.kind, [](auto kind) { return decltype(kind)::kShowsPart; })) return sample.lambda;
  const Box& to = sample.boxes.to;
  double ofTarget = 0.0, ofSource = 0.0, seenOfTarget = 0.0, seenOfSource = 0.0;
  for (int y = 0; y < maps.height; y++) {
    for (int x = 0; x < maps.width; x++) {
      const double mass = massOf(maps.value(sample.target, y, x, 0));
      const bool covered = y >= to.top && y < to.bottom && x >= to.left && x < to.right;
      ofTarget += mass;
      ofSource += massOf(maps.value(sample.source, y, x, 0));
      if (covered) seenOfSource += massOf(mixedValue(maps, sample, y, x, 0));
      else seenOfTarget += mass;
    }
  }
  const double target = ofTarget > 0.0 ? seenOfTarget / ofTarget : 0.0;
  const double source = ofSource > 0.0 ? seenOfSource / ofSource : 0.0;
  return target + source > 0.0 ? target / (target + source) : sample.lambda;
}

}  // namespace saliencymix
