// Vectors of 128 bits, for which the compiler takes what every processor of the kind has: SSE2, NEON.
#include "cpu/compiler.h"

#if SALIENCYMIX_HAS_VECTORS
#include "cpu/kernels/begin.h"

#define SALIENCYMIX_VECTOR_BYTES 16
#define SALIENCYMIX_FLOAT_OPERATIONS "cpu/kernels/float_portable.inc"
#define SALIENCYMIX_OPERATIONS "cpu/kernels/operations_portable.inc"
#define SALIENCYMIX_PRODUCT "cpu/kernels/product_portable.inc"
namespace saliencymix::cpu::portable {
#include "cpu/kernels/all.inc"
}  // namespace saliencymix::cpu::portable
#endif
