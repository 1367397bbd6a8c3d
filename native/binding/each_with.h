// Work on many images, each thread with memory of its own.
#pragma once

#include <algorithm>
#include <atomic>

#include "threads/pool.h"

namespace saliencymix::binding {

// Calls task(i, memory) for i = 0 .. count - 1, on up to `threads` threads, each with a Memory of its own.
template <class Memory, class Task>
void forEachWith(int count, int threads, const Task& task) {
  std::atomic<int> next{0};
  const int workers = std::min(count, threads);
  Pool::shared().forEach(workers, workers, [&](int) {
    Memory memory;
    for (int i; (i = next.fetch_add(1)) < count;) task(i, memory);
  });
}

}  // namespace saliencymix::binding
