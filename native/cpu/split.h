// How the work of a call is cut up for threads: into runs of images, or where there are fewer images than threads into
// bands of their rows.
#pragma once

#include <algorithm>

#include "core/backend.h"
#include "cpu/kernels.h"
#include "threads/pool.h"

namespace saliencymix::cpu {

struct Work {
  int items;
  int rows;  // of an item that may be cut up; 1 where it may not
};

// A part of one item.
struct Piece {
  int item;
  Rows rows;
};

// In how many bands the rows of each item are cut. A band has at least 16 rows: less is not worth a thread's while.
inline int bandsOf(const Work& work, int threads) {
  constexpr int kFewestRows = 16;
  if (work.items == 0 || work.items >= threads) return 1;
  const int wanted = (threads + work.items - 1) / work.items;
  return std::clamp(work.rows / kFewestRows, 1, wanted);
}

inline Rows bandOf(int rows, int band, int bands) {
  const auto start = [&](int i) { return static_cast<int>(static_cast<long long>(rows) * i / bands); };
  return {start(band), start(band + 1)};
}

// Calls task(begin, end) for runs that cover 0 .. count - 1: a few for each thread, so that the last one to finish is
// not waited for long, and not one for each item, which may take less than a microsecond.
template <class Task>
void forEachRun(int count, const Run& run, const Task& task) {
  constexpr int kRunsPerThread = 8;
  const int threads = std::min(run.threads, count);
  const int runs = threads <= 1 ? 1 : std::min(count, threads * kRunsPerThread);
  Pool::shared().forEach(runs, threads, [&](int i) {
    const Rows part = bandOf(count, i, runs);
    task(part.begin, part.end);
  });
}

template <class Task>
void forEachPiece(const Work& work, const Run& run, const Task& task) {
  const int bands = bandsOf(work, run.threads);
  forEachRun(work.items * bands, run, [&](int begin, int end) {
    for (int i = begin; i < end; i++) {
      run.throwIfCancelled();
      task(Piece{i / bands, bandOf(work.rows, i % bands, bands)});
    }
  });
}

}  // namespace saliencymix::cpu
