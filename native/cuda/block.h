// How a kernel is written, so that the same source runs on a graphics card and, on the host, in tests.
//
// A kernel is a struct of plain data, its arguments, with
//   static constexpr int kThreads;              threads of a block
//   static constexpr int kBlocksAtOnce;         optional: how many blocks a multiprocessor must be able to hold
//   std::size_t sharedBytes() const;            memory that the threads of a block share
//   template <class Block> void operator()(const Block& block) const;
// and its body is a sequence of steps. A Block gives
//   block.index()                   which block of the launch this is
//   block.shared()                  the shared memory, aligned to 16 bytes; not cleared
//   block.each(count, f)            f(i) for every i in 0 .. count - 1, spread over the threads; ends when all have ended
//   block.atomicMax(&at, value)     for results to which several blocks contribute
//   block.atomicAdd(&at, value)
//   block.fetchAdd(&at, value)      the value before: who comes first is not defined, and must not matter
//   block.halfBits(value)           what halfBits of core/convert.h gives
//   block.lowReciprocal(value)      1 / value, too small by up to 2^-20 of it, and never too large; of 1 .. 2^24
// Within a step no i may read what another i writes, because the order is not defined: tests run them in a shuffled order,
// and the results must stay the same. But what only atomicMax changes may be read to see that there is nothing to raise. Variables of a thread live no longer than a step.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/host_device.h"

namespace saliencymix::cuda {

// f(y, x) for the positions of a rectangle that one of `threads` threads takes. The threads of a warp take neighbours in a
// row, so that what they read and write lies together; and no position has to be divided by the width.
template <class F>
SALIENCYMIX_HOST_DEVICE void eachOfThread(int thread, int threads, int rows, int cols, const F& f) {
  constexpr int kWarp = 32;
  for (int y = thread / kWarp; y < rows; y += threads / kWarp) {
    for (int x = thread % kWarp; x < cols; x += kWarp) f(y, x);
  }
}

// f(y, x) for every position of a rectangle.
template <class Block, class F>
SALIENCYMIX_HOST_DEVICE void eachOfRectangle(const Block& block, int threads, int rows, int cols, const F& f) {
  block.each(threads, [&](int thread) { eachOfThread(thread, threads, rows, cols, f); });
}

// f(i) for every i in 0 .. count - 1, spread over all blocks of a launch: one for each thread.
template <class Block, class F>
SALIENCYMIX_HOST_DEVICE void eachOfLaunch(const Block& block, int threads, int count, const F& f) {
  block.each(threads, [&](int thread) {
    const int i = block.index() * threads + thread;
    if (i < count) f(i);
  });
}

// For `lists` lists of `count` values each (a power of two), one list after the other: the first value of each list becomes
// the combination of all its values.
template <class Block, class T, class Combine>
SALIENCYMIX_HOST_DEVICE void reduce(const Block& block, T* values, int lists, int count, const Combine& combine) {
  for (int half = count / 2; half > 0; half /= 2) {
    block.each(lists * half, [&](int i) {
      T* const value = values + i / half * count + i % half;
      value[0] = combine(value[0], value[half]);
    });
  }
}

struct Max {
  template <class T>
  SALIENCYMIX_HOST_DEVICE T operator()(T a, T b) const { return a < b ? b : a; }
};

struct Sum {
  template <class T>
  SALIENCYMIX_HOST_DEVICE T operator()(T a, T b) const { return a + b; }
};

// How many parts of `part` items make up `length` items; the last may be shorter.
SALIENCYMIX_HOST_DEVICE inline int partsOf(int length, int part) { return (length + part - 1) / part; }

// The items of a block, begin .. end - 1 of an image, where every image has `length` items and a block takes `size` of them.
struct Piece {
  int image;
  int begin;
  int end;

  SALIENCYMIX_HOST_DEVICE Piece(int block, int length, int size)
      : image(block / partsOf(length, size)), begin(block % partsOf(length, size) * size),
        end(begin + size < length ? begin + size : length) {}
  SALIENCYMIX_HOST_DEVICE int count() const { return end - begin; }
};

// f(i) for every item of a piece, which has no more items than there are threads.
template <class Block, class F>
SALIENCYMIX_HOST_DEVICE void eachOfPiece(const Block& block, int threads, const Piece& piece, const F& f) {
  block.each(threads, [&](int thread) {
    const int i = piece.begin + thread;
    if (i < piece.end) f(i);
  });
}

}  // namespace saliencymix::cuda
