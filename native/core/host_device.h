// Marks the inline functions whose arithmetic decides a result, so that a GPU compiler builds the very same ones.
#pragma once

#if defined(__CUDACC__)
#define SALIENCYMIX_HOST_DEVICE __host__ __device__
#else
#define SALIENCYMIX_HOST_DEVICE
#endif
