// Samples of any kind of mixing, for tests.
#pragma once

#include "check.h"
#include "core/mix_kinds.h"
#include "core/plan.h"

namespace kinds {

using namespace saliencymix;

// May be empty.
inline Box boxInside(check::Numbers& numbers, int height, int width) {
  const int top = numbers.below(height);
  const int left = numbers.below(width);
  return {top, left, top + numbers.below(height - top + 1), left + numbers.below(width - left + 1)};
}

// Gives the sample a kind, and boxes where the kind's are drawn.
inline void drawKind(MixSample& sample, check::Numbers& numbers, int height, int width) {
  sample.kind = static_cast<MixKind>(numbers.below(static_cast<int>(kMixKindNames.size())));
  if (boxFrom(sample.kind) != BoxFrom::draw) return;
  sample.boxes.to = boxInside(numbers, height, width);
  do {
    sample.boxes.from = boxInside(numbers, height, width);
  } while (sample.boxes.from.empty());
}

// A byte for all channels, or one for each.
inline int drawFill(check::Numbers& numbers) {
  return numbers.below(2) == 0 ? numbers.below(256) : ~numbers.below(1 << 24);
}

}  // namespace kinds
