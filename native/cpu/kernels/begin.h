// All that the kernels include. It comes before a level's instructions are allowed, so that it is compiled for any processor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "core/arena_layout.h"
#include "core/fused_product.h"
#include "core/gray.h"
#include "core/image_rows.h"
#include "core/saliency/frequency_tuned_float.h"
#include "core/saliency/linear_of_srgb.h"
#include "core/saliency/spectral_residual_float.h"
#include "cpu/fine_grained_windows.h"
#include "cpu/frequency_tuned_tables.h"
#include "cpu/kernels.h"
#include "cpu/parts.h"
#include "cpu/resize_crop_tables.h"
#include "cpu/spectral_residual_tables.h"

#pragma GCC diagnostic ignored "-Wpsabi"  // vectors are passed only to functions that are inlined
// GCC's own intrinsics begin with "undefined" registers that are overwritten.
#pragma GCC diagnostic ignored "-Wuninitialized"
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
