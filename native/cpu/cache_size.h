// How many bytes of the last-level cache a call's result may fill: larger results are written past the cache.
#pragma once

#include <algorithm>
#include <cstddef>

#if defined(__linux__)
#include <unistd.h>
#endif

namespace saliencymix::cpu {

inline std::size_t cacheShareBytes() {
  static const std::size_t size = [] {
    // The limit where the system reports a larger cache: on a server it is shared with many cores, in a virtual machine with
    // other machines.
    constexpr std::size_t kMaxBytes = std::size_t{32} << 20;
#if defined(_SC_LEVEL3_CACHE_SIZE)
    const long told = sysconf(_SC_LEVEL3_CACHE_SIZE);
    if (told > 0) return std::min(static_cast<std::size_t>(told), kMaxBytes);
#endif
    return kMaxBytes;
  }();
  return size;
}

}  // namespace saliencymix::cpu
