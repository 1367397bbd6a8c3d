// Several bytes at once.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/host_device.h"

namespace saliencymix::cuda {

// Memory of any type may be read and written as words.
using Word [[gnu::may_alias]] = std::uint32_t;

// A graphics card loads or stores these at once, at addresses that are multiples of their size.
template <int kSize>
struct alignas(kSize) [[gnu::may_alias]] Vector {
  std::uint32_t words[kSize / 4];
};

// Loaded and stored at once, too.
struct alignas(16) FourFloats {
  float of[4];
};

// kBytes bytes side by side, a multiple of 4.
template <int kBytes>
struct Bytes {
  static constexpr int kWords = kBytes / 4;
  // How many of them are loaded at once.
  static constexpr int kAtOnce = kBytes % 16 == 0 ? 16 : (kBytes % 8 == 0 ? 8 : 4);

  std::uint32_t words[kWords];

  SALIENCYMIX_HOST_DEVICE std::uint8_t get(int i) const { return static_cast<std::uint8_t>(words[i / 4] >> (8 * (i % 4))); }
  // Appends a value at the end and drops the first one: kBytes calls fill it.
  SALIENCYMIX_HOST_DEVICE void push(std::uint8_t value) {
    SALIENCYMIX_UNROLL
    for (int i = 0; i < kWords - 1; i++) words[i] = (words[i] >> 8) | (words[i + 1] << 24);
    words[kWords - 1] = (words[kWords - 1] >> 8) | (static_cast<std::uint32_t>(value) << 24);
  }

  // From an address that is a multiple of kAtOnce.
  SALIENCYMIX_HOST_DEVICE static Bytes loadAligned(const std::uint8_t* at) {
    constexpr int kOfVector = kAtOnce / 4;
    Bytes bytes;
    SALIENCYMIX_UNROLL
    for (int v = 0; v < kWords / kOfVector; v++) {
      const auto vector = reinterpret_cast<const Vector<kAtOnce>*>(at)[v];
      SALIENCYMIX_UNROLL
      for (int i = 0; i < kOfVector; i++) bytes.words[v * kOfVector + i] = vector.words[i];
    }
    return bytes;
  }

  // From any address, by whole words. Up to 3 bytes before and after are read too, so memory must begin and end at multiples
  // of 4.
  SALIENCYMIX_HOST_DEVICE static Bytes load(const std::uint8_t* at) {
    const std::uint32_t over = static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(at) & 3);
    const Word* const words = reinterpret_cast<const Word*>(at - over);
    const std::uint32_t shift = 8 * over;
    Bytes bytes;
    std::uint32_t low = words[0];
    SALIENCYMIX_UNROLL
    for (int i = 0; i < kWords; i++) {
      // The last word is only read where bytes of it are needed.
      const std::uint32_t high = i + 1 < kWords || over != 0 ? words[i + 1] : 0;
      bytes.words[i] = static_cast<std::uint32_t>(((static_cast<std::uint64_t>(high) << 32) | low) >> shift);
      low = high;
    }
    return bytes;
  }

  SALIENCYMIX_HOST_DEVICE static Bytes filled(std::uint8_t value) {
    Bytes bytes;
    SALIENCYMIX_UNROLL
    for (std::uint32_t& word : bytes.words) word = value * 0x01010101u;
    return bytes;
  }

  // Those of `inner` at begin .. end - 1, which lie in 0 .. kBytes, and the others of `outer`.
  SALIENCYMIX_HOST_DEVICE static Bytes merged(const Bytes& outer, const Bytes& inner, int begin, int end) {
    Bytes bytes;
    SALIENCYMIX_UNROLL
    for (int i = 0; i < kWords; i++) {
      const std::uint32_t mask = before(end - 4 * i) & ~before(begin - 4 * i);
      bytes.words[i] = (outer.words[i] & ~mask) | (inner.words[i] & mask);
    }
    return bytes;
  }

 private:
  // The bytes of a word before the one at a position, which may be outside of the word.
  SALIENCYMIX_HOST_DEVICE static std::uint32_t before(int at) {
    if (at <= 0) return 0;
    return at >= 4 ? ~std::uint32_t{0} : (std::uint32_t{1} << (8 * at)) - 1;
  }
};

}  // namespace saliencymix::cuda
