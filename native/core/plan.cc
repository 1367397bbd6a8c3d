#include "core/plan.h"

#include <numeric>

#include "core/place_sample.h"

namespace saliencymix {

namespace {

// Calls use(request) for every request, in order of samples.
template <class Use>
void forEachRequest(std::span<MixSample> samples, const Use& use) {
  for (std::size_t i = 0; i < samples.size(); i++) {
    MixSample& sample = samples[i];
    const int number = static_cast<int>(i);
    if (boxFrom(sample.kind) != BoxFrom::anchors || sample.boxOwner != number) continue;
    const auto ask = [&](Anchor& anchor, int image) {
      if (anchor.kind == AnchorKind::peak) use(AnchorRequest{image, Extreme::peak, anchor.u, &anchor.at, number});
      if (anchor.kind == AnchorKind::low) use(AnchorRequest{image, Extreme::low, anchor.u, &anchor.at, number});
    };
    ask(sample.from, sample.source);
    ask(sample.to, sample.target);
  }
}

}  // namespace

// A counting sort by image: it has to be fast, as the threads of a call wait for it.
std::vector<AnchorRequest> anchorRequests(std::span<MixSample> samples) {
  std::vector<std::size_t> starts(1, 0);  // where each image's requests begin; at first, how many the image before it has
  forEachRequest(samples, [&](const AnchorRequest& request) {
    const std::size_t after = static_cast<std::size_t>(request.image) + 1;
    if (after >= starts.size()) starts.resize(after + 1, 0);
    starts[after]++;
  });
  std::partial_sum(starts.begin(), starts.end(), starts.begin());
  std::vector<AnchorRequest> requests(starts.back());
  forEachRequest(samples, [&](const AnchorRequest& request) {
    requests[starts[static_cast<std::size_t>(request.image)]++] = request;
  });
  return requests;
}

void placeSamples(std::span<MixSample> samples, int height, int width, BoxRule rule) {
  for (std::size_t i = 0; i < samples.size(); i++) placeSample(samples.data(), static_cast<int>(i), height, width, rule);
}

}  // namespace saliencymix
