// Working memory that outlives the call that needed it, so that the next one need not ask the system again.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

namespace saliencymix {

// Blocks of one process, shared by all threads. Any thread may borrow. What is kept unused is bounded.
class Scratch {
 public:
  // Blocks that are not on loan take at most this many bytes.
  static constexpr std::size_t kMostKept = std::size_t{64} << 20;

  static Scratch& shared();

  // A block on loan; it goes back when this dies.
  class Loan {
   public:
    Loan(Loan&& other) noexcept;
    Loan& operator=(Loan&&) = delete;
    ~Loan();
    // At a multiple of 64 bytes; its content is left over from others.
    std::byte* data() const { return block_.get(); }

   private:
    friend class Scratch;
    struct Free {
      void operator()(std::byte* block) const;
    };
    Loan(Scratch& owner, std::unique_ptr<std::byte, Free> block, std::size_t size);

    Scratch* owner_;
    std::unique_ptr<std::byte, Free> block_;
    std::size_t size_;
  };

  // Throws std::bad_alloc.
  Loan borrow(std::size_t bytes);

  // Frees what is not on loan.
  void release();
  std::size_t keptBytes();

 private:
  void takeBack(Loan& loan);

  struct Kept {
    std::unique_ptr<std::byte, Loan::Free> block;
    std::size_t size;
  };
  std::mutex mutex_;
  std::vector<Kept> kept_;
  std::size_t keptBytes_ = 0;
};

}  // namespace saliencymix
