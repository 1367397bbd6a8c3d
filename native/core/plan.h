// What happens to each image of a batch, as plain data: drawn by the caller, completed by placing, applied by mixing.
#pragma once

#include <array>
#include <span>
#include <string_view>
#include <vector>

#include "core/argmax.h"
#include "core/box.h"
#include "core/image.h"

namespace saliencymix {

// What happens to a sample: see mix_kinds.h.
enum class MixKind {
#define MIX_KIND(Type, name) name,
#include "core/mix_kinds.def"
#undef MIX_KIND
};

inline constexpr std::array kMixKindNames = {
#define MIX_KIND(Type, name) std::string_view(#name),
#include "core/mix_kinds.def"
#undef MIX_KIND
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
  int boxOwner;   // the sample whose anchors and boxes this one shares; its own position where it has its own
  Anchor from;    // in the source
  Anchor to;      // in the target
  double lambda;  // drawn; after placing, the target's weight in the label, as its kind counts it
  int fill;       // value of erased pixels, every channel
  BoxPair boxes;  // found by placing, or drawn; of kinds that have a box
};

// One extreme pixel of one image's map; `found` is where the answer goes.
struct AnchorRequest {
  int image;
  Extreme extreme;
  double u;
  Point* found;
  int sample = 0;  // that asks
};

// The saliency questions that placing `samples` asks, in order of images, so that each map is computed once.
std::vector<AnchorRequest> anchorRequests(std::span<MixSample> samples);

// Boxes and surviving lambda of every sample, once the anchors are known.
void placeSamples(std::span<MixSample> samples, int height, int width, BoxRule rule);

}  // namespace saliencymix
