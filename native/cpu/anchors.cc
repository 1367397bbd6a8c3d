#include "cpu/anchors.h"

#include <algorithm>
#include <utility>

#include "cpu/parts.h"
#include "cpu/split.h"

namespace saliencymix::cpu {

namespace {

using Images = std::vector<AnchorRequests::OfImage>;

Images groupByImage(std::span<const AnchorRequest> requests) {
  Images images;
  for (std::size_t end = 0; end < requests.size();) {
    const std::size_t begin = end;
    while (end < requests.size() && requests[end].image == requests[begin].image) end++;
    images.push_back(requests.subspan(begin, end - begin));
  }
  return images;
}

// In an order in which most images are used twice in succession: after the source of a sample comes its target, which is the
// source of another sample. So it is read from memory once.
Images inChains(const Images& images, std::span<const MixSample> samples, int count) {
  std::vector<const AnchorRequests::OfImage*> waiting(static_cast<std::size_t>(count), nullptr);
  for (const auto& one : images) waiting[static_cast<std::size_t>(one.front().image)] = &one;
  Images chained;
  for (const auto& first : images) {
    int image = first.front().image;
    while (const auto* one = std::exchange(waiting[static_cast<std::size_t>(image)], nullptr)) {
      chained.push_back(*one);
      image = samples[static_cast<std::size_t>(one->front().sample)].target;
    }
  }
  return chained;
}

}  // namespace

AnchorRequests::AnchorRequests(const BatchView& batch, std::span<MixSample> samples)
    : all_(anchorRequests(samples)), images_(groupByImage(all_)) {
  constexpr std::size_t kLarge = 32768;  // a whole batch of smaller images stays in the cache anyway
  if (Parts::kChains && batch.image(0).bytes() >= kLarge) images_ = inChains(images_, samples, batch.count);
}

void AnchorFinder::useMap(int i, const float* map) {
  for (const AnchorRequest& request : requestsOf(i)) {
    *request.found = kernels_.extreme(map, batch_.height, batch_.width, request.extreme, request.u);
  }
  answered(i);
}

bool AnchorFinder::wantsPeakAlone(int i) const {
  return std::ranges::all_of(requestsOf(i), [](const AnchorRequest& request) {
    return request.extreme == Extreme::peak && request.u < 0.0;
  });
}

void AnchorFinder::usePeak(int i, Point peak) {
  for (const AnchorRequest& request : requestsOf(i)) *request.found = peak;
  answered(i);
}

void AnchorFinder::findIn(const float* maps, const Run& run) {
  const std::size_t pixels = batch_.image(0).pixels();
  forEachPiece({count(), 1}, run, [&](const Piece& piece) {
    useMap(piece.item, maps + static_cast<std::size_t>(requestsOf(piece.item).front().image) * pixels);
  });
}

}  // namespace saliencymix::cpu
