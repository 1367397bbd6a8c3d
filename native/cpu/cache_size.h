// The size of the processor's last cache: results that are larger are written past it.
#pragma once

#include <cstddef>

#if defined(__linux__)
#include <unistd.h>
#endif

namespace saliencymix::cpu {

inline std::size_t lastCacheBytes() {
  static const std::size_t size = [] {
    constexpr std::size_t kUsual = std::size_t{32} << 20;
#if defined(_SC_LEVEL3_CACHE_SIZE)
    const long told = sysconf(_SC_LEVEL3_CACHE_SIZE);
    if (told > 0) return static_cast<std::size_t>(told);
#endif
    return kUsual;
  }();
  return size;
}

}  // namespace saliencymix::cpu
