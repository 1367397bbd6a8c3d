#include "cpu/resize_crop.h"

#include "core/resize_crop.h"
#include "cpu/levels.h"
#include "cpu/resize_crop_tables.h"
#include "cpu/scratch_pool.h"

namespace saliencymix::cpu {

void resizeCrop(ImageRows& image, const ResizeCropPlan& plan, std::uint8_t* out) {
  const ChosenLevel& chosen = chosenLevel();
  resizeCropAt(chosen.problem.empty() ? *chosen.level : levels().back(), image, plan, out);
}

void resizeCropAt(const Level& level, ImageRows& image, const ResizeCropPlan& plan, std::uint8_t* out) {
  const ResizeCropKernel* const kernel = level.kernels->resizeCrop;
  if (kernel == nullptr) return saliencymix::resizeCrop(image, plan, out);
  const ResizeCropPlanner planner(image.height(), image.width(), plan, kernel->pixels);
  const ResizeCropTables* const tables = planner.tables();
  if (tables == nullptr) return saliencymix::resizeCrop(image, plan, out);
  const ScratchPool::Lease memory = ScratchPool::shared().borrow(tables->scratchBytes());
  kernel->run(image, *tables, memory.data(), out);
}

}  // namespace saliencymix::cpu
