// What the pool has besides threads that sleep until there is work, as cpu/parts.h has it of the backend; with two threads.
#pragma once

namespace saliencymix {

struct PoolParts {
  // Threads stay awake for a moment: EPYC 0.69 to 0.85, Xeon 0.75 to 0.85 where a batch is one image.
  static constexpr bool kSpinning = true;
  // Idle threads are moved off the caller's processor: EPYC 0.75 at 64 x 224², CutMix of 1024 x 32² 0.79; Xeon 0.79 at 256 x 64².
  static constexpr bool kMovingThreads = true;
  // Threads are woken before there is work for them: EPYC 0.80 at 1 x 32², 0.86 at 64 x 32²; Xeon 0.85 there.
  static constexpr bool kPrewaking = true;
};

}  // namespace saliencymix
