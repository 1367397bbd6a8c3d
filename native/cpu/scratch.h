// Working memory of calls.
#pragma once

#include "memory/block_pool.h"

namespace saliencymix {

class Scratch final : public BlockPool {
 public:
  // Blocks that are not on loan take at most this many bytes.
  static constexpr std::size_t kMostKept = std::size_t{64} << 20;

  Scratch() : BlockPool({.kept = kMostKept, .excess = 0, .alignment = 64, .largePagesFrom = 0}) {}

  // That of the process, for all threads.
  static Scratch& shared() {
    static Scratch scratch;
    return scratch;
  }
};

}  // namespace saliencymix
