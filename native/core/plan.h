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

// See mix_kinds.h.
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

// How the pixel is found around which a patch is placed.
enum class AnchorKind {
  given,          // `at` is known already
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
  int fill;       // value of erased pixels, see fill.h
  BoxPair boxes;  // found by placing, or drawn; only for kinds that have a box
};

// Asks for one extreme pixel of one image's map; the answer is written to `found`.
struct AnchorRequest {
  int image;
  Extreme extreme;
  double u;
  Point* found;
  int sample = 0;  // the sample that needs it
};

// The requests that must be answered before `samples` can be placed, in order of images, so that each map is computed once.
std::vector<AnchorRequest> anchorRequests(std::span<MixSample> samples);

// Boxes and surviving lambda of every sample, once the anchors are known.
void placeSamples(std::span<MixSample> samples, int height, int width, BoxRule rule);

}  // namespace saliencymix
