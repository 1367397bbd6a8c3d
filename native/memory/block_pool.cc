#include "memory/block_pool.h"

#include <algorithm>
#include <new>
#include <utility>

#include "memory/large_pages.h"

namespace saliencymix {

namespace {
constexpr std::size_t kUnit = 4096;  // sizes are rounded up to it, so that nearly equal needs share blocks
}  // namespace

void BlockPool::Lease::Free::operator()(std::byte* block) const {
  ::operator delete(block, std::align_val_t{alignment});
}

BlockPool::Lease::Lease(BlockPool& owner, std::unique_ptr<std::byte, Free> block, std::size_t size)
    : owner_(&owner), block_(std::move(block)), size_(size) {}

BlockPool::Lease::Lease(Lease&& other) noexcept
    : owner_(other.owner_), block_(std::move(other.block_)), size_(other.size_) {}

BlockPool::Lease::~Lease() {
  if (block_) owner_->takeBack(*this);
}

BlockPool::Lease BlockPool::borrow(std::size_t bytes) {
  const std::size_t units = bytes / kUnit + (bytes % kUnit != 0 ? 1 : 0);
  const std::size_t size = std::max(units, std::size_t{1}) * kUnit;
  if (size < bytes) throw std::bad_alloc();
  const auto fits = [&](std::size_t kept) {
    return kept >= size &&
           (limits_.excess == 0 || static_cast<double>(kept) <= limits_.excess * static_cast<double>(size));
  };
  {
    const std::lock_guard lock(mutex_);
    // The smallest that is large enough. Of equal ones, that which came back last: parts of it may still be in caches.
    auto best = kept_.end();
    for (auto it = kept_.begin(); it != kept_.end(); ++it) {
      if (fits(it->size) && (best == kept_.end() || it->size <= best->size)) best = it;
    }
    if (best != kept_.end()) {
      Lease lease(*this, std::move(best->block), best->size);
      keptBytes_ -= best->size;
      lentBytes_ += best->size;
      kept_.erase(best);
      return lease;
    }
  }
  std::unique_ptr<std::byte, Lease::Free> block(
      static_cast<std::byte*>(::operator new(size, std::align_val_t{limits_.alignment})), {limits_.alignment});
  if (limits_.largePagesFrom != 0 && size >= limits_.largePagesFrom) preferLargePages(block.get(), size);
  const std::lock_guard lock(mutex_);
  lentBytes_ += size;
  return {*this, std::move(block), size};
}

// The oldest blocks are freed to make room. A block that cannot be kept is freed with its lease.
void BlockPool::takeBack(Lease& lease) {
  const std::lock_guard lock(mutex_);
  lentBytes_ -= lease.size_;
  if (lease.size_ > limits_.kept) return;
  while (!kept_.empty() && keptBytes_ + lease.size_ > limits_.kept) {
    keptBytes_ -= kept_.front().size;
    kept_.erase(kept_.begin());
  }
  try {
    kept_.push_back({std::move(lease.block_), lease.size_});
    keptBytes_ += kept_.back().size;
  } catch (const std::bad_alloc&) {
    // There was no memory for a longer list: the block is freed instead of kept.
  }
}

std::size_t BlockPool::keptBytes() {
  const std::lock_guard lock(mutex_);
  return keptBytes_;
}

std::size_t BlockPool::allBytes() {
  const std::lock_guard lock(mutex_);
  return keptBytes_ + lentBytes_;
}

void BlockPool::release() {
  const std::lock_guard lock(mutex_);
  kept_.clear();
  keptBytes_ = 0;
}

}  // namespace saliencymix
