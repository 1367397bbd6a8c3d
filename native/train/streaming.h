// Which results are written past the caches.
#pragma once

#include <cstddef>
#include <cstdint>

namespace saliencymix::train {

// A large result is read again only when most of it has left the caches, and a plain store first reads the memory that it
// writes. So it is streamed: past the caches, in whole lines. The result has `size` floats, and begins at whole lines as each
// `row` of so many floats must. 3 MiB is what gained most (benchmarks/TRAINING-ABLATION.md).
inline bool isStreamed(const float* to, std::size_t size, std::size_t row) {
  constexpr std::size_t kLarge = std::size_t{3} << 20;
  constexpr std::size_t kLine = 64;
  return size * sizeof(float) >= kLarge && reinterpret_cast<std::uintptr_t>(to) % kLine == 0 && row * sizeof(float) % kLine == 0;
}

}  // namespace saliencymix::train
