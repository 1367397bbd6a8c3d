// Where a sample's boxes are, and the weight of its label.
#pragma once

#include "core/host_device.h"
#include "core/mix_kinds.h"
#include "core/plan.h"

namespace saliencymix {

// Boxes and surviving lambda of sample i, once the anchors of the sample that it shares its boxes with are known. In any
// order: nothing is changed that another sample looks at.
SALIENCYMIX_HOST_DEVICE inline void placeSample(MixSample* samples, int i, int height, int width, BoxRule rule) {
  MixSample& sample = samples[i];
  if (!hasBox(sample.kind)) return;
  if (boxFrom(sample.kind) == BoxFrom::anchors) {
    const MixSample& owner = samples[sample.boxOwner];
    const Point from = owner.from.at;
    const Point to = owner.to.kind == AnchorKind::corresponding ? from : owner.to.at;
    if (sample.boxOwner != i) {
      sample.from.at = from;
      sample.to.at = to;
    } else if (owner.to.kind == AnchorKind::corresponding) {
      sample.to.at = to;
    }
    // Shared boxes come with a shared lambda, so they are of the owner's size.
    sample.boxes = placeBoxes(height, width, sample.lambda, from, to, rule);
  }
  sample.lambda = visitKind(sample.kind, [&](auto kind) { return kind.lambda(height, width, sample.boxes.to); });
}

}  // namespace saliencymix
