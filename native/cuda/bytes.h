// Sixteen bytes at once.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/host_device.h"

namespace saliencymix::cuda {

// Memory of any type may be read and written as words.
using Word [[gnu::may_alias]] = std::uint32_t;

// A graphics card loads or stores these at once, at addresses that are multiples of 16.
struct alignas(16) [[gnu::may_alias]] Bytes16 {
  std::uint32_t words[4];

  SALIENCYMIX_HOST_DEVICE std::uint8_t get(int i) const { return static_cast<std::uint8_t>(words[i / 4] >> (8 * (i % 4))); }
  // Appends a value at the end and drops the first one: sixteen calls fill it.
  SALIENCYMIX_HOST_DEVICE void push(std::uint8_t value) {
    for (int i = 0; i < 3; i++) words[i] = (words[i] >> 8) | (words[i + 1] << 24);
    words[3] = (words[3] >> 8) | (static_cast<std::uint32_t>(value) << 24);
  }
};

// Loads from any address by whole words. Up to 3 bytes before and after are read too, so memory must begin and end at
// multiples of 4.
SALIENCYMIX_HOST_DEVICE inline Bytes16 loadBytes16(const std::uint8_t* at) {
  const std::uint32_t over = static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(at) & 3);
  const Word* const words = reinterpret_cast<const Word*>(at - over);
  const std::uint32_t shift = 8 * over;
  Bytes16 bytes;
  std::uint32_t low = words[0];
  SALIENCYMIX_UNROLL
  for (int i = 0; i < 4; i++) {
    // The fifth word is only read where bytes of it are needed.
    const std::uint32_t high = i < 3 || over != 0 ? words[i + 1] : 0;
    bytes.words[i] = static_cast<std::uint32_t>(((static_cast<std::uint64_t>(high) << 32) | low) >> shift);
    low = high;
  }
  return bytes;
}

}  // namespace saliencymix::cuda
