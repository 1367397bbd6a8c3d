// Training kernels in AVX2 with FMA, for the processors of cpu/levels/avx2.cc.
#include "cpu/compiler.h"

#if SALIENCYMIX_HAS_X64_VECTORS
#include "train/kernels/begin.h"

#include "cpu/kernels/target_avx2.inc"

#define SALIENCYMIX_VECTOR_BYTES 32
#define SALIENCYMIX_FLOAT_OPERATIONS "cpu/kernels/float_avx2.inc"
#define SALIENCYMIX_PRODUCT "cpu/kernels/product_avx2.inc"
namespace saliencymix::train::avx2 {
#include "train/kernels/all.inc"
}  // namespace saliencymix::train::avx2

#include "cpu/kernels/target_end.inc"
#endif
