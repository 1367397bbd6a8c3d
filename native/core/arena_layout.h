// Lays out arrays one after the other in a block of memory. Run over nullptr first, it tells how large the block has to be.
#pragma once

#include <cstddef>

namespace saliencymix {

class ArenaLayout {
 public:
  static constexpr std::size_t kAlignment = 64;

  explicit ArenaLayout(std::byte* block) : block_(block) {}

  // `count` values, the first at a multiple of 64 bytes. Gives the address of value number `before`, so that as many can be
  // reached at negative places. (Nobody may add to what is given, which can be nullptr.)
  template <class T>
  [[gnu::always_inline]] T* take(std::size_t count, std::size_t before = 0) {
    std::byte* here = block_ == nullptr ? nullptr : block_ + used_ + before * sizeof(T);
    used_ += (count * sizeof(T) + kAlignment - 1) / kAlignment * kAlignment;
    return reinterpret_cast<T*>(here);
  }
  std::size_t used() const { return used_; }

 private:
  std::byte* block_;
  std::size_t used_ = 0;
};

}  // namespace saliencymix
