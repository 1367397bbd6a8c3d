// What a call's result may take of the processor's last cache: larger ones are written past it.
#pragma once

#include <algorithm>
#include <cstddef>

#if defined(__linux__)
#include <unistd.h>
#endif

namespace saliencymix::cpu {

inline std::size_t cacheShareBytes() {
  static const std::size_t size = [] {
    // Also where a larger cache is told of: a server's is shared with many other cores, a virtual machine's with strangers.
    constexpr std::size_t kMost = std::size_t{32} << 20;
#if defined(_SC_LEVEL3_CACHE_SIZE)
    const long told = sysconf(_SC_LEVEL3_CACHE_SIZE);
    if (told > 0) return std::min(static_cast<std::size_t>(told), kMost);
#endif
    return kMost;
  }();
  return size;
}

}  // namespace saliencymix::cpu
