// Working memory of calls.
#pragma once

#include "memory/block_pool.h"

namespace saliencymix {

class ScratchPool final : public BlockPool {
 public:
  // Blocks that are not on loan take at most this many bytes.
  static constexpr std::size_t kMaxKept = std::size_t{64} << 20;

  ScratchPool() : BlockPool({.kept = kMaxKept, .excess = 0, .alignment = 64, .largePagesFrom = 0}) {}

  // That of the process, for all threads.
  static ScratchPool& shared() {
    static ScratchPool scratch;
    return scratch;
  }
};

}  // namespace saliencymix
