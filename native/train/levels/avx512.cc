// Training kernels in AVX-512, for the processors of cpu/levels/avx512.cc.
#include "cpu/compiler.h"

#if SALIENCYMIX_HAS_X64_VECTORS
#include "train/kernels/begin.h"

#include "cpu/kernels/target_avx512.inc"

#define SALIENCYMIX_VECTOR_BYTES 64
#define SALIENCYMIX_FLOAT_OPERATIONS "cpu/kernels/float_avx512.inc"
#define SALIENCYMIX_PRODUCT "cpu/kernels/product_avx512.inc"
namespace saliencymix::train::avx512 {
#include "train/kernels/all.inc"
}  // namespace saliencymix::train::avx512

#include "cpu/kernels/target_end.inc"
#endif
