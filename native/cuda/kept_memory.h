// Memory of batches that were freed, kept for the next ones of the same size. To ask a device for memory takes longer than
// mixing a small batch, and to give it back waits for all that the device does.
#pragma once

#include <algorithm>
#include <cstddef>
#include <mutex>
#include <utility>
#include <vector>

#include "cuda/tuning.h"

namespace saliencymix::cuda {

// Memory: an owner that can be moved and is empty by default.
template <class Memory>
class KeptMemory {
 public:
  // Memory of exactly so many bytes; empty where none is kept.
  Memory take(std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    const auto found = std::ranges::find(pieces_, bytes, &Piece::bytes);
    if (found == pieces_.end()) return {};
    Memory memory = std::move(found->memory);
    pieces_.erase(found);
    return memory;
  }

  // What is too much is freed, the oldest first.
  void keep(std::size_t bytes, Memory memory) {
    std::vector<Piece> freed;  // without the lock
    const std::lock_guard lock(mutex_);
    pieces_.push_back({bytes, std::move(memory)});
    std::size_t all = 0;
    for (const Piece& piece : pieces_) all += piece.bytes;
    while (pieces_.size() > tuning::kKeptPieces || all > tuning::kKeptBytes) {
      all -= pieces_.front().bytes;
      freed.push_back(std::move(pieces_.front()));
      pieces_.erase(pieces_.begin());
    }
  }

  void release() {
    std::vector<Piece> freed;
    const std::lock_guard lock(mutex_);
    freed.swap(pieces_);
  }

 private:
  struct Piece {
    std::size_t bytes;
    Memory memory;
  };

  std::mutex mutex_;
  std::vector<Piece> pieces_;  // the oldest first
};

}  // namespace saliencymix::cuda
