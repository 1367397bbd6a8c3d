// Blocks of memory that are kept for the next use instead of given back to the system. The system maps and clears new pages
// one by one, which for a large result takes longer than filling it.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

namespace saliencymix {

// Blocks that any thread may borrow. What is kept unused is bounded.
class BlockPool {
 public:
  struct Limits {
    std::size_t kept;            // blocks that are not on loan take at most this many bytes
    double excess;               // a lent block is at most this many times as large as what was asked for; 0: no limit
    std::size_t alignment;       // of each block, a power of two
    std::size_t largePagesFrom;  // blocks of this size on are to have large pages; 0: none
  };

  explicit BlockPool(const Limits& limits) : limits_(limits) {}
  BlockPool(const BlockPool&) = delete;
  BlockPool& operator=(const BlockPool&) = delete;

  // A block on loan. It goes back to the pool when the lease is destroyed. The pool must live longer than its leases.
  class Lease {
   public:
    Lease(Lease&& other) noexcept;
    Lease& operator=(Lease&&) = delete;
    ~Lease();
    // Not cleared: has whatever was written to it before.
    std::byte* data() const { return block_.get(); }
    // What was asked for, or more.
    std::size_t size() const { return size_; }

   private:
    friend class BlockPool;
    struct Free {
      std::size_t alignment;
      void operator()(std::byte* block) const;
    };
    Lease(BlockPool& owner, std::unique_ptr<std::byte, Free> block, std::size_t size);

    BlockPool* owner_;
    std::unique_ptr<std::byte, Free> block_;
    std::size_t size_;
  };

  // Throws std::bad_alloc.
  Lease borrow(std::size_t bytes);

  // Frees what is not on loan.
  void release();
  std::size_t keptBytes();
  // Of all blocks that there are, on loan or not.
  std::size_t allBytes();

 private:
  void takeBack(Lease& lease);

  struct Kept {
    std::unique_ptr<std::byte, Lease::Free> block;
    std::size_t size;
  };
  const Limits limits_;
  std::mutex mutex_;
  std::vector<Kept> kept_;
  std::size_t keptBytes_ = 0;
  std::size_t lentBytes_ = 0;
};

}  // namespace saliencymix
