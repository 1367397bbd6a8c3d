// AVX2 with FMA, as of Haswell and Zen.
#if defined(__x86_64__) && defined(__GNUC__)
#include "cpu/kernels/begin.h"

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#else
#pragma GCC target("avx2,fma,f16c")
#endif

#define SALIENCYMIX_VECTOR_BYTES 32
#define SALIENCYMIX_FLOAT_OPERATIONS "cpu/kernels/float_avx2.inc"
#define SALIENCYMIX_OPERATIONS "cpu/kernels/operations_avx2.inc"
namespace saliencymix::cpu::avx2 {
#include "cpu/kernels/all.inc"
}  // namespace saliencymix::cpu::avx2

#if defined(__clang__)
#pragma clang attribute pop
#endif
#endif
