#include "cpu/scratch.h"

#include <algorithm>
#include <new>
#include <utility>

namespace saliencymix {

namespace {
constexpr std::align_val_t kAlignment{64};
constexpr std::size_t kUnit = 4096;  // sizes are rounded up to it, so that nearly equal needs share blocks
}  // namespace

void Scratch::Loan::Free::operator()(std::byte* block) const { ::operator delete(block, kAlignment); }

Scratch::Loan::Loan(Scratch& owner, std::unique_ptr<std::byte, Free> block, std::size_t size)
    : owner_(&owner), block_(std::move(block)), size_(size) {}

Scratch::Loan::Loan(Loan&& other) noexcept
    : owner_(other.owner_), block_(std::move(other.block_)), size_(other.size_) {}

Scratch::Loan::~Loan() {
  if (block_) owner_->takeBack(*this);
}

Scratch& Scratch::shared() {
  static Scratch scratch;
  return scratch;
}

Scratch::Loan Scratch::borrow(std::size_t bytes) {
  const std::size_t size = std::max((bytes + kUnit - 1) / kUnit, std::size_t{1}) * kUnit;
  {
    const std::lock_guard lock(mutex_);
    // The smallest that is large enough.
    auto best = kept_.end();
    for (auto it = kept_.begin(); it != kept_.end(); ++it) {
      if (it->size >= size && (best == kept_.end() || it->size < best->size)) best = it;
    }
    if (best != kept_.end()) {
      Loan loan(*this, std::move(best->block), best->size);
      keptBytes_ -= best->size;
      kept_.erase(best);
      return loan;
    }
  }
  std::unique_ptr<std::byte, Loan::Free> block(static_cast<std::byte*>(::operator new(size, kAlignment)));
  return {*this, std::move(block), size};
}

// The oldest make room. A block that cannot be kept is freed with the loan.
void Scratch::takeBack(Loan& loan) {
  const std::lock_guard lock(mutex_);
  if (loan.size_ > kMostKept) return;
  while (!kept_.empty() && keptBytes_ + loan.size_ > kMostKept) {
    keptBytes_ -= kept_.front().size;
    kept_.erase(kept_.begin());
  }
  try {
    kept_.push_back({std::move(loan.block_), loan.size_});
    keptBytes_ += kept_.back().size;
  } catch (const std::bad_alloc&) {
    // The list itself found no memory: the block is gone, and nobody misses it.
  }
}

std::size_t Scratch::keptBytes() {
  const std::lock_guard lock(mutex_);
  return keptBytes_;
}

void Scratch::release() {
  const std::lock_guard lock(mutex_);
  kept_.clear();
  keptBytes_ = 0;
}

}  // namespace saliencymix
