#include "cuda/train/batch_statistics.h"
#include "cuda/train/checks.h"
#include "cuda/train/normalise.h"
#include "cuda/train/operators.h"

namespace saliencymix::cuda {

namespace {

// What laying out `Layout` for a shape takes.
template <class Layout>
std::size_t bytesOf(const Planes& shape) {
  checkPlanes(shape);
  ArenaLayout arena(nullptr);
  static_cast<void>(Layout(arena, shape));
  return arena.used();
}

}  // namespace

std::size_t batchStatisticsWorkspaceBytes(const Planes& shape) { return bytesOf<Moments>(shape); }
std::size_t gradientSumsWorkspaceBytes(const Planes& shape) { return bytesOf<PartialSums>(shape); }
std::size_t crossEntropyWorkspaceBytes(int rows) { return static_cast<std::size_t>(rows < 0 ? 0 : rows) * sizeof(double); }

}  // namespace saliencymix::cuda
