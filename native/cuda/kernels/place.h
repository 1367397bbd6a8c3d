// The boxes of a batch, from the anchors that its maps have given.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/place_sample.h"
#include "core/plan.h"
#include "cuda/block.h"
#include "cuda/tuning.h"

namespace saliencymix::cuda {

// The positions of the requests that find a sample's anchors; -1 where there is none.
struct RequestIndex {
  std::int32_t from;
  std::int32_t to;
};

// Writes the answers into the samples. One sample for each thread.
struct PutAnchors {
  static constexpr int kThreads = tuning::kPlaceThreads;

  MixSample* samples;
  const RequestIndex* requestIndex;
  const Point* answers;
  int count;

  std::size_t sharedBytes() const { return 0; }
  int blocks() const { return partsOf(count, kThreads); }

  template <class Block>
  SALIENCYMIX_HOST_DEVICE void operator()(const Block& block) const {
    eachOfLaunch(block, kThreads, count, [&](int i) {
      if (requestIndex[i].from >= 0) samples[i].from.at = answers[requestIndex[i].from];
      if (requestIndex[i].to >= 0) samples[i].to.at = answers[requestIndex[i].to];
    });
  }
};

// One sample for each thread. Launched after PutAnchors has ended, because samples read the anchors of others.
struct PlaceBoxes {
  static constexpr int kThreads = tuning::kPlaceThreads;

  MixSample* samples;
  int count;
  int height;
  int width;
  BoxRule rule;

  std::size_t sharedBytes() const { return 0; }
  int blocks() const { return partsOf(count, kThreads); }

  template <class Block>
  SALIENCYMIX_HOST_DEVICE void operator()(const Block& block) const {
    eachOfLaunch(block, kThreads, count, [&](int i) { placeSample(samples, i, height, width, rule); });
  }
};

}  // namespace saliencymix::cuda
