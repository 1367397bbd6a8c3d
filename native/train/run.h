// With what an operator runs, and how its work is given to threads.
//
// The same bits for any number of threads: an operator cuts its work into tasks by shape alone, and combines what they give in
// a fixed order.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <span>

#include "threads/pool.h"
#include "train/kernels.h"

namespace saliencymix::train {

struct TrainRun {
  const TrainKernels& kernels;
  int threads = 1;  // at least 1
  // Of as many bytes as the operator's function ...WorkspaceBytes says, from a multiple of 64 on. What it holds is of no use
  // before or after.
  std::span<std::byte> workspace = {};
};

// Calls task(i, slot) for every i in 0 .. count - 1, in any order, on up to `threads` threads. No two calls of the same slot,
// 0 <= slot < threads, run at the same time: each slot can have working memory of its own.
template <class Task>
void forEachTask(int count, int threads, const Task& task) {
  if (count <= 0) return;
  const int slots = std::clamp(threads, 1, count);
  std::atomic<int> next{0};
  Pool::shared().forEach(slots, slots, [&](int slot) {
    for (int i = next++; i < count; i = next++) task(i, slot);
  });
}

}  // namespace saliencymix::train
