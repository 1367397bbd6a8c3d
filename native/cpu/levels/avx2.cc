// AVX2 with FMA, as of Haswell and Zen.
#include "cpu/compiler.h"

#if SALIENCYMIX_HAS_X64_VECTORS
#include "cpu/kernels/begin.h"

#include "cpu/kernels/target_avx2.inc"

#define SALIENCYMIX_VECTOR_BYTES 32
#define SALIENCYMIX_FLOAT_OPERATIONS "cpu/kernels/float_avx2.inc"
#define SALIENCYMIX_OPERATIONS "cpu/kernels/operations_avx2.inc"
#define SALIENCYMIX_PRODUCT "cpu/kernels/product_avx2.inc"
namespace saliencymix::cpu::avx2 {
#include "cpu/kernels/all.inc"
}  // namespace saliencymix::cpu::avx2

#include "cpu/kernels/target_end.inc"
#endif
