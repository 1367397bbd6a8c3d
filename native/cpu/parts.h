// What the backend has besides one kernel for all shapes and one pass after the other. With and without each of these parts the bytes
// are the same. The ablation (npm run bench:ablation) builds copies in which one line here says false, and measures what each
// gains. Beside each: how many times as fast mixing is without it, in batches where it gains most, on an EPYC with AVX2, on an EPYC
// with AVX-512 (Zen 5) and on a Xeon with AVX-512 (benchmarks/ABLATION.md). What gains less than a tenth anywhere is taken out.
#pragma once

namespace saliencymix::cpu {

struct Parts {
  // Fine-grained saliency.
  // A row of an image of CIFAR is one register, with AVX-512: Zen 5 0.62 to 0.64, Xeon 0.64 to 0.68 at 256 x 32².
  static constexpr bool kNarrowImages = true;
  // No map where only its first peak is wanted: EPYC 0.71 to 0.81, Zen 5 0.66, Xeon 0.76 to 0.83 at 224².
  static constexpr bool kPeakAlone = true;
  // Whole cells are ruled out by bounds: EPYC 0.81 to 0.82, Zen 5 0.70, Xeon 0.84 to 0.87 at 256 x 224².
  static constexpr bool kPeakByCells = true;

  // Spectral residual.
  // Only rows of a map that may have an extreme are searched for one: Zen 5 0.84 for the maps of 64 x 224², Xeon 0.83.
  static constexpr bool kExtremesByRows = true;

  // Mixing.
  // A sample is mixed by the thread that has found its box: EPYC 0.90, Zen 5 0.88 (by spectral residual 0.77), Xeon 0.90 at 256 x 224².
  static constexpr bool kMixAsFound = true;
  // Images in an order in which each is read twice in succession: EPYC 0.86 to 0.92, Zen 5 0.87, Xeon 0.88 there on two threads.
  static constexpr bool kChains = true;
  // Large results are written past the cache: Xeon 0.75, Zen 5 0.93 for float32 planes of 64 x 224², Xeon 0.84 for CutMix of 256 x 224²;
  // uint8 of SaliencyMix, which memcpy so writes by itself, 1.0 on all. Those of the Xeon are older than the job of the
  // ablation for such planes.
  static constexpr bool kStreaming = true;
  // What is used next is fetched into the cache before: EPYC nothing certain, Zen 5 0.84 to 0.88, Xeon 0.79 to 0.86 at 32².
  static constexpr bool kFetching = true;
};

}  // namespace saliencymix::cpu
