// Single parts of a backend's calls, for tests.
#pragma once

#include <span>
#include <vector>

#include "core/backend.h"

namespace calls {

using namespace saliencymix;

inline void saliency(const Backend& backend, const BatchView& batch, const SaliencyMethod& method, float* maps,
                     Point* peaks, Point* lows, const Run& run) {
  backend.saliency({{batch}, &method, maps, peaks, lows}, run);
}

// The extreme pixel that each request asks for, in maps that are given or that a method finds.
inline void findAnchors(const Backend& backend, const BatchView& batch, const SaliencyMethod* method, const float* maps,
                        std::span<const AnchorRequest> requests, const Run& run) {
  std::vector<MixSample> samples(requests.size());
  for (std::size_t i = 0; i < requests.size(); i++) {
    const AnchorRequest& request = requests[i];
    samples[i].source = request.image;
    samples[i].kind = MixKind::paste;
    samples[i].boxOwner = static_cast<int>(i);
    samples[i].from = {request.extreme == Extreme::peak ? AnchorKind::peak : AnchorKind::low, {0, 0}, request.u};
    samples[i].to = {AnchorKind::corresponding, {0, 0}, kFirstTie};
  }
  backend.mix({{batch}, samples, Placing{BoxRule::shift, method, maps}, std::nullopt, {}}, run);
  for (std::size_t i = 0; i < requests.size(); i++) *requests[i].found = samples[i].from.at;
}

// The first peaks alone, of every image, with no map: as SaliencyMix asks for them.
inline std::vector<Point> findPeaks(const Backend& backend, const BatchView& batch, const SaliencyMethod& method,
                                    int threads) {
  std::vector<Point> peaks(static_cast<std::size_t>(batch.count), Point{-1, -1});
  std::vector<AnchorRequest> requests;
  for (int i = 0; i < batch.count; i++) requests.push_back({i, Extreme::peak, kFirstTie, &peaks[static_cast<std::size_t>(i)]});
  findAnchors(backend, batch, &method, nullptr, requests, {threads, nullptr});
  return peaks;
}

// Samples that are placed already.
inline void mix(const Backend& backend, const NhwcBatch<std::uint8_t>& batch, std::span<const MixSample> samples,
                const OutputFormat& format, void* out, const Run& run) {
  std::vector<MixSample> copy(samples.begin(), samples.end());
  backend.mix({{{batch.data, batch.count, batch.height, batch.width, batch.channels}}, copy, std::nullopt, format, {out}}, run);
}

}  // namespace calls
