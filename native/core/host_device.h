// Marks the inline functions whose arithmetic decides a result, so that a GPU compiler builds the very same ones.
#pragma once

#if defined(__CUDACC__)
#define SALIENCYMIX_HOST_DEVICE __host__ __device__
#else
#define SALIENCYMIX_HOST_DEVICE
#endif

// Loops that a GPU compiler writes out, wholly or eight steps at a time; others decide by themselves.
#if defined(__CUDA_ARCH__)
#define SALIENCYMIX_UNROLL _Pragma("unroll")
#define SALIENCYMIX_UNROLL_BY_8 _Pragma("unroll 8")
#else
#define SALIENCYMIX_UNROLL
#define SALIENCYMIX_UNROLL_BY_8
#endif
