// How the layers' operators give their work to threads.
#pragma once

#include <climits>
#include <cstddef>
#include <stdexcept>
#include <string>

#include "core/arena_layout.h"
#include "threads/pool.h"
#include "train/run.h"

namespace saliencymix::train {

// Calls task(i) for every i in 0 .. count - 1, in any order, on up to the run's number of threads.
template <class Task>
void forEachBlock(const TrainRun& run, std::size_t count, const Task& task) {
  if (count > INT_MAX) throw std::length_error("a tensor of this shape has too many blocks");
  if (count == 0) return;
  Pool::shared().forEach(static_cast<int>(count), run.threads, [&](int i) { task(static_cast<std::size_t>(i)); });
}

// Calls task(offset, size) for parts of `size` values that lie in a row. A part is read and written within the cache of a core.
template <class Task>
void forEachPart(const TrainRun& run, std::size_t size, const Task& task) {
  constexpr std::size_t kPart = std::size_t{1} << 15;
  forEachBlock(run, (size + kPart - 1) / kPart, [&](std::size_t i) { task(i * kPart, std::min(kPart, size - i * kPart)); });
}

// The run's working memory, of which an operator needs `bytes`.
inline ArenaLayout workspaceOf(const TrainRun& run, std::size_t bytes) {
  if (run.workspace.size() < bytes) {
    throw std::invalid_argument("the workspace has " + std::to_string(run.workspace.size()) + " bytes; this needs " +
                                std::to_string(bytes));
  }
  return ArenaLayout(run.workspace.data());
}

}  // namespace saliencymix::train
