// The weight of the target's label, where labels follow not the area but what is seen of something: of what is salient in each
// image, or of its object. `maps` says how much of it each pixel has.
#pragma once

#include <cstdint>

#include "core/mix.h"

namespace saliencymix {

// Of a map values below 0, which a model's may have, count as 0; so does what is no number. A mask's pixel is of the object or not.
inline double massOf(float value) { return value > 0.0f ? static_cast<double>(value) : 0.0; }
inline double massOf(std::uint8_t value) { return value != 0 ? 1.0 : 0.0; }

// The shares of the two images' masses that a mixed image shows; 0 of an image without mass.
struct Seen {
  double target;
  double source;
};

// Blending shows all of both images. What is erased is seen of neither.
template <class T>
Seen seenIn(const NhwcBatch<T>& maps, const MixSample& sample) {
  const bool showsPart = visitKind(sample.kind, [](auto kind) { return decltype(kind)::kShowsPart; });
  const bool showsAll = sample.kind == MixKind::blend;
  const Box& to = sample.boxes.to;
  double ofTarget = 0.0, ofSource = 0.0, seenOfTarget = 0.0, seenOfSource = 0.0;
  for (int y = 0; y < maps.height; y++) {
    for (int x = 0; x < maps.width; x++) {
      const double target = massOf(maps.value(sample.target, y, x, 0));
      const double source = massOf(maps.value(sample.source, y, x, 0));
      const bool inBox = y >= to.top && y < to.bottom && x >= to.left && x < to.right;
      const bool covered = hasBox(sample.kind) && inBox;
      ofTarget += target;
      ofSource += source;
      if (!covered) seenOfTarget += target;
      if (covered && showsPart) seenOfSource += massOf(mixedValue(maps, sample, y, x, 0));
      if (showsAll) seenOfSource += source;
    }
  }
  return {ofTarget > 0.0 ? seenOfTarget / ofTarget : 0.0, ofSource > 0.0 ? seenOfSource / ofSource : 0.0};
}

// The target's share over the sum of both. Where nothing is seen of either, and for kinds that show no part of a source, it is
// the sample's lambda.
inline double labelWeight(const MixSample& sample, const Seen& seen) {
  const bool showsPart = visitKind(sample.kind, [](auto kind) { return decltype(kind)::kShowsPart; });
  const double sum = seen.target + seen.source;
  return showsPart && sum > 0.0 ? seen.target / sum : sample.lambda;
}

}  // namespace saliencymix
