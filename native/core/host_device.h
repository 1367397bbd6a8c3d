// Marks the inline functions that compute results, so that a GPU compiler builds the same functions for the GPU.
#pragma once

#if defined(__CUDACC__)
#define SALIENCYMIX_HOST_DEVICE __host__ __device__
#else
#define SALIENCYMIX_HOST_DEVICE
#endif

// Makes a GPU compiler unroll a loop, completely, by eight, or by a constant named `width`. Other compilers decide by themselves.
#if defined(__CUDA_ARCH__)
#define SALIENCYMIX_UNROLL _Pragma("unroll")
#define SALIENCYMIX_UNROLL_BY_8 _Pragma("unroll 8")
#define SALIENCYMIX_UNROLL_BY_WIDTH _Pragma("unroll (width)")
#else
#define SALIENCYMIX_UNROLL
#define SALIENCYMIX_UNROLL_BY_8
#define SALIENCYMIX_UNROLL_BY_WIDTH
#endif
