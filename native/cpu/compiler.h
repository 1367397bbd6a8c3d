// Which levels of vector code this compiler can make: it must know GCC's vector types, as clang does, also where it stands in for
// Microsoft's and does not call itself GCC.
#pragma once

#if defined(__GNUC__) || defined(__clang__)
#define SALIENCYMIX_HAS_VECTORS 1
#else
#define SALIENCYMIX_HAS_VECTORS 0
#endif

#if SALIENCYMIX_HAS_VECTORS && defined(__x86_64__)
#define SALIENCYMIX_HAS_X64_VECTORS 1
#else
#define SALIENCYMIX_HAS_X64_VECTORS 0
#endif

// Whether every processor of the kind that is compiled for has a fused product.
#if defined(__FP_FAST_FMAF)
constexpr bool kHasFusedProducts = true;
#else
constexpr bool kHasFusedProducts = false;
#endif
