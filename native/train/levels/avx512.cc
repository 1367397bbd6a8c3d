// Training kernels in AVX-512, for the processors of cpu/levels/avx512.cc.
#if defined(__x86_64__) && defined(__GNUC__)
#include "train/kernels/begin.h"

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,fma,f16c"))), apply_to = function)
#else
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,fma,f16c,prefer-vector-width=512")
#endif

#define SALIENCYMIX_VECTOR_BYTES 64
#define SALIENCYMIX_FLOAT_OPERATIONS "cpu/kernels/float_avx512.inc"
#define SALIENCYMIX_PRODUCT "train/kernels/product_avx512.inc"
namespace saliencymix::train::avx512 {
#include "train/kernels/all.inc"
}  // namespace saliencymix::train::avx512

#if defined(__clang__)
#pragma clang attribute pop
#endif
#endif
