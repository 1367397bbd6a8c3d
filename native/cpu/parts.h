// What the backend has besides one kernel for all shapes and one pass after the other. With and without each of these parts the bytes
// are the same. The ablation (npm run bench:ablation) builds copies in which one line here says false, and measures what each
// gains. Beside each: how many times as fast mixing is without it, in batches where it gains most, on an EPYC with AVX2 and on
// a Xeon with AVX-512 (benchmarks/ABLATION.md). What gains less than a tenth anywhere is taken out.
#pragma once

namespace saliencymix::cpu {

struct Parts {
  // Fine-grained saliency.
  // A row of an image of CIFAR is one register, with AVX-512: 0.64 to 0.68 at 256 x 32².
  static constexpr bool kNarrowImages = true;
  // No map where only its first peak is wanted: EPYC 0.71 to 0.81, Xeon 0.76 to 0.83 at 224².
  static constexpr bool kPeakAlone = true;
  // Whole cells are ruled out by bounds: EPYC 0.81 to 0.82, Xeon 0.84 to 0.87 at 256 x 224².
  static constexpr bool kPeakByCells = true;

  // Spectral residual.
  // Only rows of a map that may have an extreme are searched for one.
  static constexpr bool kExtremesByRows = true;

  // Mixing.
  // A sample is mixed by the thread that has found its box: EPYC 0.90, Xeon 0.90 at 256 x 224².
  static constexpr bool kMixAsFound = true;
  // Images in an order in which each is read twice in succession: EPYC 0.86 to 0.92, Xeon 0.88 there on two threads.
  static constexpr bool kChains = true;
  // Large results are written past the cache: Xeon 0.75 for float32 planes of 64 x 224² and 0.84 for CutMix of 256 x 224²;
  // uint8 of SaliencyMix, which memcpy so writes by itself, 1.0 on both. The first two are not of the page above, whose cells are
  // uint8 of SaliencyMix; the ablation has a job for such planes since.
  static constexpr bool kStreaming = true;
  // What is used next is fetched into the cache before: EPYC nothing certain, Xeon 0.79 to 0.86 at 32² on two threads.
  static constexpr bool kFetching = true;
};

}  // namespace saliencymix::cpu
