// Global average pooling: the mean of every plane, and its gradient.
#pragma once

#include <cstddef>
#include <cstdint>

#include "cuda/train/groups.h"
#include "cuda/train/planes.h"

namespace saliencymix::cuda {

// Bytes that must move: 4 per element are read.
struct AveragePlanes {
  static constexpr int kThreads = tuning::kPlaneThreads;

  const float* x;
  int pixels;
  Groups<kThreads> groups;
  float* y;

  AveragePlanes(const float* from, int planes, int pixelsOfPlane, float* to)
      : x(from), pixels(pixelsOfPlane), groups(planes, pixelsOfPlane, tuning::kPlaneValues), y(to) {}
  std::size_t sharedBytes() const { return kThreads * sizeof(float); }
  int blocks() const { return groups.blocks(); }

  template <class Block>
  SALIENCYMIX_HOST_DEVICE void operator()(const Block& block) const {
    float* const sums = reinterpret_cast<float*>(block.shared());
    block.each(kThreads, [&](int thread) {
      const int plane = groups.rowOf(block.index(), thread);
      float sum = 0;
      if (plane < groups.rows) {
        const float* const from = x + static_cast<std::size_t>(plane) * static_cast<std::size_t>(pixels);
        SALIENCYMIX_UNROLL_BY_8
        for (int i = groups.laneOf(thread); i < pixels; i += groups.lanes) sum += from[i];
      }
      sums[thread] = sum;
    });
    reduce(block, sums, groups.ofBlock(), groups.lanes, Sum());
    block.each(groups.ofBlock(), [&](int i) {
      const int plane = block.index() * groups.ofBlock() + i;
      if (plane < groups.rows) y[plane] = sums[i * groups.lanes] / static_cast<float>(pixels);
    });
  }
};

// dx of a plane: dy / pixels. Bytes that must move: 4 per element are written.
template <int width>
struct SpreadAverage {
  static constexpr int kThreads = MapVectors<width>::kThreads;

  const float* dy;
  float share;  // 1 / pixels
  float* dx;
  MapVectors<width> vectors;

  std::size_t sharedBytes() const { return 0; }
  int blocks() const { return vectors.blocks(); }

  template <class Block>
  SALIENCYMIX_HOST_DEVICE void operator()(const Block& block) const {
    block.each(kThreads, [&](int thread) {
      SALIENCYMIX_UNROLL
      for (int i = 0; i < MapVectors<width>::kOfThread; i++) {
        const std::uint32_t vector = vectors.number(block.index(), thread, i);
        if (!vectors.has(vector)) continue;
        Floats<width> result;
        for (int k = 0; k < width; k++) result.of[k] = dy[vectors.planeOf(vector)] * share;
        put(dx + vectors.placeOf(vector), result);
      }
    });
  }
};

}  // namespace saliencymix::cuda
