#include "core/plan.h"

#include <algorithm>

namespace saliencymix {

namespace {

bool hasBox(const MixSample& sample) { return sample.kind == MixKind::paste || sample.kind == MixKind::erase; }

void ask(std::vector<AnchorRequest>& requests, Anchor& anchor, int image) {
  if (anchor.kind == AnchorKind::peak) requests.push_back({image, Extreme::peak, anchor.u, &anchor.at});
  if (anchor.kind == AnchorKind::low) requests.push_back({image, Extreme::low, anchor.u, &anchor.at});
}

}  // namespace

std::vector<AnchorRequest> anchorRequests(std::span<MixSample> samples) {
  std::vector<AnchorRequest> requests;
  for (std::size_t i = 0; i < samples.size(); i++) {
    MixSample& sample = samples[i];
    if (!hasBox(sample) || sample.placeOf != static_cast<int>(i)) continue;
    ask(requests, sample.from, sample.source);
    ask(requests, sample.to, sample.target);
  }
  std::stable_sort(requests.begin(), requests.end(),
                   [](const AnchorRequest& a, const AnchorRequest& b) { return a.image < b.image; });
  return requests;
}

void placeSamples(std::span<MixSample> samples, int height, int width, BoxRule rule) {
  for (std::size_t i = 0; i < samples.size(); i++) {
    MixSample& sample = samples[i];
    if (!hasBox(sample)) continue;
    MixSample& owner = samples[static_cast<std::size_t>(sample.placeOf)];
    if (sample.placeOf != static_cast<int>(i)) {
      sample.from.at = owner.from.at;
      sample.to.at = owner.to.at;
    } else if (sample.to.kind == AnchorKind::corresponding) {
      sample.to.at = sample.from.at;
    }
    // A shared place comes with a shared lambda, so the boxes are the owner's.
    sample.boxes = placeBoxes(height, width, sample.lambda, sample.from.at, sample.to.at, rule);
  }
  for (MixSample& sample : samples) {
    if (sample.kind == MixKind::paste) sample.lambda = survivingShare(height, width, sample.boxes.to);
    if (sample.kind == MixKind::erase) sample.lambda = 1.0;  // nothing of another class came in
  }
}

}  // namespace saliencymix
