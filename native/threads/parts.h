// What the pool has besides threads that sleep until there is work, as cpu/parts.h has it of the backend.
#pragma once

namespace saliencymix {

struct PoolParts {
  static constexpr bool kSpinning = true;       // threads stay awake for a moment
  static constexpr bool kMovingThreads = true;  // idle threads are moved off the caller's processor
  static constexpr bool kPrewaking = true;      // threads are woken before there is work for them
};

}  // namespace saliencymix
