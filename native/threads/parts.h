// What the pool has besides threads that sleep until there is work, as cpu/parts.h has it of the backend; with two threads.
#pragma once

namespace saliencymix {

struct PoolParts {
  // Threads stay awake for a moment: EPYC 0.69 to 0.85, Zen 5 0.62 to 0.93, Xeon 0.69 to 0.88 where a batch is one image.
  static constexpr bool kSpinning = true;
  // Idle threads are moved off the caller's processor: at 64 x 224² EPYC 0.75, Zen 5 0.84, Xeon 0.86; CutMix of 1024 x 32² 0.79, 0.79
  // and 0.87.
  static constexpr bool kMovingThreads = true;
  // Threads are woken before there is work for them: EPYC 0.80 at 1 x 32², 0.86 at 64 x 32²; Xeon 0.84 there with four threads; Zen 5
  // 0.90 at 256 x 32².
  static constexpr bool kPrewaking = true;
};

}  // namespace saliencymix
