// AVX-512 as of Cascade Lake and Zen 4 (F, BW, DQ, VL, VNNI).
#if defined(__x86_64__) && defined(__GNUC__)
#include "cpu/kernels/begin.h"

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,fma,f16c"))), apply_to = function)
#else
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,fma,f16c,prefer-vector-width=512")
#endif

#define SALIENCYMIX_VECTOR_BYTES 64
#define SALIENCYMIX_FLOAT_OPERATIONS "cpu/kernels/float_avx512.inc"
#define SALIENCYMIX_OPERATIONS "cpu/kernels/operations_avx512.inc"
namespace saliencymix::cpu::avx512 {
#include "cpu/kernels/all.inc"
}  // namespace saliencymix::cpu::avx512

#if defined(__clang__)
#pragma clang attribute pop
#endif
#endif
