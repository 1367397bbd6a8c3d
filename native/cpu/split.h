// How the work of a call is divided among threads: into ranges of images, or where there are fewer images than threads, into
// bands of their rows.
#pragma once

#include <algorithm>
#include <vector>

#include "core/backend.h"
#include "cpu/kernels.h"
#include "threads/pool.h"

namespace saliencymix::cpu {

struct Work {
  int items;
  int rows;  // of each item; 1 where it cannot be cut into bands
};

// A part of one item.
struct Piece {
  int item;
  Rows rows;
};

// Into how many bands the rows of each item are cut. A band has at least 16 rows: for fewer, starting another thread takes
// longer than the work.
inline int bandsOf(const Work& work, int threads) {
  constexpr int kMinRows = 16;
  if (work.items == 0 || work.items >= threads) return 1;
  const int wanted = (threads + work.items - 1) / work.items;
  return std::clamp(work.rows / kMinRows, 1, wanted);
}

inline Rows bandOf(int rows, int band, int bands) {
  const auto start = [&](int i) { return static_cast<int>(static_cast<long long>(rows) * i / bands); };
  return {start(band), start(band + 1)};
}

// The starts of ranges that together are 0 .. count - 1, and the end of the last. Long ranges come first, in which a thread
// can fetch its next image early; then shorter and shorter ones, so that no thread waits long for the others.
inline std::vector<int> rangeStarts(int count, int threads) {
  std::vector<int> starts{0};
  for (int at = 0; at < count; starts.push_back(at)) {
    at += threads == 1 ? count : std::max(1, (count - at) / (2 * threads));
  }
  return starts;
}

// Calls task(begin, end) for each of these ranges.
template <class Task>
void forEachRange(int count, const Run& run, const Task& task) {
  if (count == 0) return;
  const int threads = std::min(run.threads, count);
  const std::vector<int> starts = rangeStarts(count, threads);
  Pool::shared().forEach(static_cast<int>(starts.size()) - 1, threads, [&](int i) {
    const std::size_t at = static_cast<std::size_t>(i);
    task(starts[at], starts[at + 1]);
  });
}

template <class Task>
void forEachPiece(const Work& work, const Run& run, const Task& task) {
  const int bands = bandsOf(work, run.threads);
  forEachRange(work.items * bands, run, [&](int begin, int end) {
    for (int i = begin; i < end; i++) {
      run.throwIfCancelled();
      task(Piece{i / bands, bandOf(work.rows, i % bands, bands)});
    }
  });
}

}  // namespace saliencymix::cpu
