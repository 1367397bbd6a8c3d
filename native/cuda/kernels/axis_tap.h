#pragma once

#include <cstdint>

namespace saliencymix::cuda {

// A sample of a resized axis: its two neighbours, and the weight of the second.
struct AxisTap {
  std::int32_t first;
  std::int32_t second;
  std::int32_t weight256;
  float weight;
};

}  // namespace saliencymix::cuda
