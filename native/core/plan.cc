#include "core/plan.h"

#include <algorithm>

namespace saliencymix {

namespace {

void ask(std::vector<AnchorRequest>& requests, Anchor& anchor, int image, int sample) {
  if (anchor.kind == AnchorKind::peak) requests.push_back({image, Extreme::peak, anchor.u, &anchor.at, sample});
  if (anchor.kind == AnchorKind::low) requests.push_back({image, Extreme::low, anchor.u, &anchor.at, sample});
}

}  // namespace

std::vector<AnchorRequest> anchorRequests(std::span<MixSample> samples) {
  std::vector<AnchorRequest> requests;
  for (std::size_t i = 0; i < samples.size(); i++) {
    MixSample& sample = samples[i];
    const int number = static_cast<int>(i);
    if (!hasBox(sample) || sample.placeOf != number) continue;
    ask(requests, sample.from, sample.source, number);
    ask(requests, sample.to, sample.target, number);
  }
  std::stable_sort(requests.begin(), requests.end(),
                   [](const AnchorRequest& a, const AnchorRequest& b) { return a.image < b.image; });
  return requests;
}

void placeSamples(std::span<MixSample> samples, int height, int width, BoxRule rule) {
  for (std::size_t i = 0; i < samples.size(); i++) placeSample(samples.data(), static_cast<int>(i), height, width, rule);
}

}  // namespace saliencymix
