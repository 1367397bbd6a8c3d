// Training kernels in vectors of 128 bits, for which the compiler takes what every processor of the kind has.
#include "cpu/compiler.h"

#if SALIENCYMIX_HAS_VECTORS
#include "train/kernels/begin.h"

#define SALIENCYMIX_VECTOR_BYTES 16
#define SALIENCYMIX_FLOAT_OPERATIONS "cpu/kernels/float_portable.inc"
#define SALIENCYMIX_PRODUCT "cpu/kernels/product_portable.inc"
namespace saliencymix::train::portable {
#include "train/kernels/all.inc"
}  // namespace saliencymix::train::portable
#endif
