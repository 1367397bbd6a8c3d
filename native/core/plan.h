// What happens to each image of a batch, as plain data: drawn by the caller, completed by placing, applied by mixing.
#pragma once

#include <span>
#include <vector>

#include "core/argmax.h"
#include "core/box.h"
#include "core/host_device.h"
#include "core/image.h"

namespace saliencymix {

enum class MixKind {
  keep,   // the target as it is
  paste,  // box `from` of the source over box `to` of the target
  blend,  // lambda * target + (1 - lambda) * source, every pixel
  erase,  // `fill` over box `to` of the target
};

// Where a patch is put: a pixel that is known, or one that saliency tells.
enum class AnchorKind {
  given,          // `at` is already right
  corresponding,  // of the target only: the source's anchor
  peak,           // most salient pixel of the image
  low,            // least salient pixel of the image
};

struct Anchor {
  AnchorKind kind;
  Point at;  // found by placing, unless given
  double u;  // which of tied pixels, in [0, 1), or kFirstTie
};

struct MixSample {
  int target;  // positions in the batch
  int source;
  MixKind kind;
  int placeOf;    // the sample whose anchors and boxes this one shares; its own position where it has its own
  Anchor from;    // in the source
  Anchor to;      // in the target
  double lambda;  // drawn; after placing, the target's weight in the label: its surviving share, 1 when erased
  int fill;       // value of erased pixels, every channel
  BoxPair boxes;  // found by placing; paste and erase only
};

// One extreme pixel of one image's map; `found` is where the answer goes.
struct AnchorRequest {
  int image;
  Extreme extreme;
  double u;
  Point* found;
  int sample = 0;  // that asks
};

SALIENCYMIX_HOST_DEVICE inline bool hasBox(const MixSample& sample) {
  return sample.kind == MixKind::paste || sample.kind == MixKind::erase;
}

// Boxes and surviving lambda of sample i, once the anchors of the sample that it shares its place with are known. In any
// order: nothing is changed that another sample looks at.
SALIENCYMIX_HOST_DEVICE inline void placeSample(MixSample* samples, int i, int height, int width, BoxRule rule) {
  MixSample& sample = samples[i];
  if (!hasBox(sample)) return;
  const MixSample& owner = samples[sample.placeOf];
  const Point from = owner.from.at;
  const Point to = owner.to.kind == AnchorKind::corresponding ? from : owner.to.at;
  if (sample.placeOf != i) {
    sample.from.at = from;
    sample.to.at = to;
  } else if (owner.to.kind == AnchorKind::corresponding) {
    sample.to.at = to;
  }
  // A shared place comes with a shared lambda, so the boxes are the owner's.
  sample.boxes = placeBoxes(height, width, sample.lambda, from, to, rule);
  // Where pixels are erased nothing of another class came in.
  sample.lambda = sample.kind == MixKind::erase ? 1.0 : survivingShare(height, width, sample.boxes.to);
}

// The saliency questions that placing `samples` asks, in order of images, so that each map is computed once.
std::vector<AnchorRequest> anchorRequests(std::span<MixSample> samples);

// Boxes and surviving lambda of every sample, once the anchors are known.
void placeSamples(std::span<MixSample> samples, int height, int width, BoxRule rule);

}  // namespace saliencymix
