#include "core/fill.h"

#include <algorithm>
#include <cstring>

namespace saliencymix {

void clearBox(const MixSample& sample, int begin, int end, const BatchView& shape, const OutputFormat& format, void* image) {
  const Box& to = sample.boxes.to;
  if (to.empty()) return;
  const bool inPlanes = format.layout == Layout::nchw;
  const std::size_t planes = inPlanes ? static_cast<std::size_t>(shape.channels) : 1;
  const std::size_t perPixel = bytesPerValue(format.dtype) * (inPlanes ? 1 : static_cast<std::size_t>(shape.channels));
  const std::size_t width = static_cast<std::size_t>(shape.width);
  for (std::size_t plane = 0; plane < planes; plane++) {
    for (int y = std::max(to.top, begin); y < std::min(to.bottom, end); y++) {
      const std::size_t row = plane * static_cast<std::size_t>(shape.height) + static_cast<std::size_t>(y);
      std::byte* const at = static_cast<std::byte*>(image) + (row * width + static_cast<std::size_t>(to.left)) * perPixel;
      std::memset(at, 0, static_cast<std::size_t>(to.width()) * perPixel);  // all bits of a float's 0 are 0
    }
  }
}

}  // namespace saliencymix
