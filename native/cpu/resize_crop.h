// Bringing images to a size, by the kernels of a level of vector code.
#pragma once

#include <cstdint>

namespace saliencymix {
class ImageRows;
struct ResizeCropPlan;
}

namespace saliencymix::cpu {

struct Level;

// As resizeCrop of core/resize_crop.h, with the same pixels: by the level in use, or by the scalar reference where that
// level cannot do it.
void resizeCrop(ImageRows& image, const ResizeCropPlan& plan, std::uint8_t* out);

// At this level, which the processor must support: for comparing levels in one process.
void resizeCropAt(const Level& level, ImageRows& image, const ResizeCropPlan& plan, std::uint8_t* out);

}  // namespace saliencymix::cpu
