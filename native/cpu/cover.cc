#include "cpu/cover.h"

#include "core/cover.h"
#include "cpu/cover_tables.h"
#include "cpu/levels.h"
#include "cpu/scratch.h"

namespace saliencymix::cpu {

void cover(ImageRows& image, int height, int width, std::uint8_t* out) {
  const ChosenLevel& chosen = chosenLevel();
  coverAt(chosen.problem.empty() ? *chosen.level : levels().back(), image, height, width, out);
}

void coverAt(const Level& level, ImageRows& image, int height, int width, std::uint8_t* out) {
  const CoverKernel* const kernel = level.kernels->cover;
  if (kernel == nullptr) return saliencymix::cover(image, height, width, out);
  const CoverPlanner planner(image.height(), image.width(), height, width, kernel->pixels);
  const CoverTables* const tables = planner.tables();
  if (tables == nullptr) return saliencymix::cover(image, height, width, out);
  const Scratch::Loan memory = Scratch::shared().borrow(tables->scratchBytes());
  kernel->run(image, *tables, memory.data(), out);
}

}  // namespace saliencymix::cpu
