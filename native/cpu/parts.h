// What the backend has besides one kernel for all shapes and one pass after the other. With and without each of these parts the bytes
// are the same. The ablation (npm run bench:ablation) builds copies in which one line here says false, and measures what each
// gains.
#pragma once

namespace saliencymix::cpu {

struct Parts {
  // Fine-grained saliency.
  static constexpr bool kNarrowImages = true;  // a row of an image of CIFAR is one register
  static constexpr bool kSmoothStrips = true;  // strips of columns that stay in registers through all blurs
  static constexpr bool kKnownWidth = true;    // code for images that are 32 wide
  static constexpr bool kPeakAlone = true;     // no map where only its first peak is wanted
  static constexpr bool kPeakByCells = true;   // whole cells are ruled out by bounds
  // Mixing.
  static constexpr bool kMixAsFound = true;  // a sample is mixed by the thread that has found its box
  static constexpr bool kChains = true;      // images in an order in which each is read twice in succession
  static constexpr bool kStreaming = true;   // large results are written past the cache
  static constexpr bool kFetching = true;    // what is used next is fetched into the cache before
};

}  // namespace saliencymix::cpu
