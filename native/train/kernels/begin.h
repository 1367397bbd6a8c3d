// All that the training kernels include. It comes before a level's instructions are allowed, so that it is compiled for any
// processor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "train/kernels.h"

#pragma GCC diagnostic ignored "-Wpsabi"  // vectors are passed only to functions that are inlined
// GCC's own intrinsics begin with "undefined" registers that are overwritten.
#pragma GCC diagnostic ignored "-Wuninitialized"
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
