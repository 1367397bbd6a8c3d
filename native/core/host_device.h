// Marks the inline functions that compute results, so that a GPU compiler builds the same functions for the GPU.
#pragma once

#if defined(__CUDACC__)
#define SALIENCYMIX_HOST_DEVICE __host__ __device__
#else
#define SALIENCYMIX_HOST_DEVICE
#endif

// Makes a GPU compiler unroll a loop, completely, by eight, by a constant named `width`, or not at all. Other compilers decide by
// themselves.
#if defined(__CUDA_ARCH__)
#define SALIENCYMIX_UNROLL _Pragma("unroll")
#define SALIENCYMIX_UNROLL_BY_8 _Pragma("unroll 8")
#define SALIENCYMIX_UNROLL_BY_WIDTH _Pragma("unroll (width)")
#define SALIENCYMIX_NOT_UNROLLED _Pragma("unroll 1")
#else
#define SALIENCYMIX_UNROLL
#define SALIENCYMIX_UNROLL_BY_8
#define SALIENCYMIX_UNROLL_BY_WIDTH
#define SALIENCYMIX_NOT_UNROLLED
#endif
