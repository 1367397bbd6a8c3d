// What the processor and the system allow, asked of the processor itself: not every toolchain has __builtin_cpu_supports, which
// is a part of GCC's runtime, or knows all names.
#pragma once

namespace saliencymix::cpu {

struct ProcessorFeatures {
  bool avx2 = false;    // with FMA and F16C
  bool avx512 = false;  // these and F, BW, DQ, VL, VNNI
};

ProcessorFeatures processorFeatures();

}  // namespace saliencymix::cpu
