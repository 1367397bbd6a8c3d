// AVX-512 as of Cascade Lake and Zen 4 (F, BW, DQ, VL, VNNI).
#include "cpu/compiler.h"

#if SALIENCYMIX_HAS_X64_VECTORS
#include "cpu/kernels/begin.h"

#include "cpu/kernels/target_avx512.inc"

#define SALIENCYMIX_VECTOR_BYTES 64
#define SALIENCYMIX_FLOAT_OPERATIONS "cpu/kernels/float_avx512.inc"
#define SALIENCYMIX_OPERATIONS "cpu/kernels/operations_avx512.inc"
#define SALIENCYMIX_PRODUCT "cpu/kernels/product_avx512.inc"
namespace saliencymix::cpu::avx512 {
#include "cpu/kernels/all.inc"
}  // namespace saliencymix::cpu::avx512

#include "cpu/kernels/target_end.inc"
#endif
