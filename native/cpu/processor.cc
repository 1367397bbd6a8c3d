#include "cpu/processor.h"

#include "cpu/compiler.h"

#if SALIENCYMIX_HAS_X64_VECTORS
#include <cpuid.h>
#endif

namespace saliencymix::cpu {

#if SALIENCYMIX_HAS_X64_VECTORS

namespace {

constexpr bool all(unsigned word, unsigned bits) { return (word & bits) == bits; }

// Which registers the system saves when it changes from one process to another (XCR0).
unsigned savedRegisters() {
  unsigned low, high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

// Bits of XCR0: SSE and AVX; these, the mask registers and both halves of what AVX-512 adds.
constexpr unsigned kSavesAvx = 0x06, kSavesAvx512 = 0xe6;

}  // namespace

ProcessorFeatures processorFeatures() {
  unsigned a, b, c, d;
  if (__get_cpuid(1, &a, &b, &c, &d) == 0 || !all(c, bit_OSXSAVE)) return {};
  const unsigned saved = savedRegisters();
  const bool avx = all(c, bit_AVX | bit_FMA | bit_F16C) && all(saved, kSavesAvx);
  if (!avx || __get_cpuid_count(7, 0, &a, &b, &c, &d) == 0 || !all(b, bit_AVX2)) return {};
  const bool avx512 = all(b, bit_AVX512F | bit_AVX512BW | bit_AVX512DQ | bit_AVX512VL) && all(c, bit_AVX512VNNI) &&
                      all(saved, kSavesAvx512);
  return {true, avx512};
}

#else

ProcessorFeatures processorFeatures() { return {}; }

#endif

}  // namespace saliencymix::cpu
