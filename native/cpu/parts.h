// What the backend has besides one kernel for all shapes and one pass after the other. With and without each of these parts the bytes
// are the same. The ablation (npm run bench:ablation) builds copies in which one line here says false, and measures what each
// gains. Beside each: how many times as fast mixing is without it, in batches where it gains most, on an EPYC with AVX2
// (benchmarks/ABLATION.md).
#pragma once

namespace saliencymix::cpu {

struct Parts {
  // Fine-grained saliency.
  // A row of an image of CIFAR is one register. With AVX-512 only.
  static constexpr bool kNarrowImages = true;
  // Strips of columns that stay in registers through all blurs. With AVX-512 only.
  static constexpr bool kSmoothStrips = true;
  // Code for images that are 32 wide: 0.94; 12 to 14 % more instructions without (benchmarks/instructions).
  static constexpr bool kKnownWidth = true;
  // No map where only its first peak is wanted: 0.71 to 0.81 at 224².
  static constexpr bool kPeakAlone = true;
  // Whole cells are ruled out by bounds: 0.81 to 0.82 at 64 x 224².
  static constexpr bool kPeakByCells = true;

  // Mixing.
  // A sample is mixed by the thread that has found its box: nothing certain, 0.90 at 256 x 224² where two equal copies
  // differ as much.
  static constexpr bool kMixAsFound = true;
  // Images in an order in which each is read twice in succession: nothing certain, 0.86 to 0.92 there.
  static constexpr bool kChains = true;
  // Large results are written past the cache: 1.0, where memcpy does so by itself; float32 planes 1.05 to 1.08.
  static constexpr bool kStreaming = true;
  // What is used next is fetched into the cache before: nothing certain, 0.89 to 1.0.
  static constexpr bool kFetching = true;
};

}  // namespace saliencymix::cpu
