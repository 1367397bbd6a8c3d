// Max and average pooling and their gradients (train/pooling.h), of planes, each value computed by one thread as the definition
// does it: a gradient is gathered from the windows that have the element, in their order.
#pragma once

#include <cstddef>
#include <cstdint>

#include "cuda/train/planes.h"
#include "train/pooling.h"

namespace saliencymix::cuda {

// A range of rows or columns.
struct Span {
  int begin;
  int end;
  SALIENCYMIX_HOST_DEVICE int count() const { return end - begin; }
};

// Windows along one axis of an image.
struct WindowAxis {
  int side;
  int kernel;
  int padding;
  int count;
  Divisor stride;

  // Where window number i begins; may lie before the image.
  SALIENCYMIX_HOST_DEVICE int startOf(int i) const { return i * static_cast<int>(stride.value) - padding; }
  // The elements of window number i that lie within the image.
  SALIENCYMIX_HOST_DEVICE Span elements(int i) const {
    const int start = startOf(i);
    return {start < 0 ? 0 : start, start + kernel < side ? start + kernel : side};
  }
  // The windows that have an element.
  SALIENCYMIX_HOST_DEVICE Span windows(int element) const {
    const int last = element + padding;
    const int first = last - kernel + 1;
    const int end = static_cast<int>(stride.of(static_cast<std::uint32_t>(last))) + 1;
    // Of the windows before the first, the last begins before `first`.
    const int before = first <= 0 ? 0 : static_cast<int>(stride.of(static_cast<std::uint32_t>(first - 1))) + 1;
    return {before, end < count ? end : count};
  }
  // Where an element is in window number i.
  SALIENCYMIX_HOST_DEVICE int within(int i, int element) const { return element - startOf(i); }
};

struct PoolPlanes {
  static constexpr int kThreads = tuning::kWindowThreads;

  explicit PoolPlanes(const train::PoolShape& s)
      : rows{s.height, s.kernelHeight, s.padding, s.outHeight(), Divisor(static_cast<std::uint32_t>(s.stride))},
        columns{s.width, s.kernelWidth, s.padding, s.outWidth(), Divisor(static_cast<std::uint32_t>(s.stride))} {}

  // Of an element in the window (i, j).
  SALIENCYMIX_HOST_DEVICE int placeOf(int i, int j, int row, int column) const {
    return rows.within(i, row) * columns.kernel + columns.within(j, column);
  }
  SALIENCYMIX_HOST_DEVICE std::size_t pixels() const {
    return static_cast<std::size_t>(rows.side) * static_cast<std::size_t>(columns.side);
  }
  SALIENCYMIX_HOST_DEVICE std::size_t outputs() const {
    return static_cast<std::size_t>(rows.count) * static_cast<std::size_t>(columns.count);
  }

  WindowAxis rows;
  WindowAxis columns;
};

// Planes of height × width, an element for each thread of a launch.
struct ElementsOfPlanes {
  ElementsOfPlanes(int planes, int height, int width)
      : count(planes * height * width), ofRow(static_cast<std::uint32_t>(width)),
        ofPlane(static_cast<std::uint32_t>(height * width)) {}

  int blocks() const { return partsOf(count, tuning::kWindowThreads); }

  // f(number of the element, its plane, row, column)
  template <class Block, class F>
  SALIENCYMIX_HOST_DEVICE void each(const Block& block, const F& f) const {
    eachOfLaunch(block, tuning::kWindowThreads, count, [&](int i) {
      const std::uint32_t plane = ofPlane.of(static_cast<std::uint32_t>(i));
      const std::uint32_t pixel = static_cast<std::uint32_t>(i) - plane * ofPlane.value;
      const std::uint32_t row = ofRow.of(pixel);
      f(static_cast<std::size_t>(i), static_cast<std::size_t>(plane), static_cast<int>(row),
        static_cast<int>(pixel - row * ofRow.value));
    });
  }

  int count;
  Divisor ofRow;
  Divisor ofPlane;
};

// Bytes that must move: 4 per element, read once from memory and again from the caches; 4 per window, and 1 of its place.
struct MaxPoolWindows {
  static constexpr int kThreads = PoolPlanes::kThreads;

  PoolPlanes shape;
  ElementsOfPlanes windows;
  const float* x;
  float* y;
  std::uint8_t* places;  // null: not wanted

  std::size_t sharedBytes() const { return 0; }
  int blocks() const { return windows.blocks(); }

  template <class Block>
  SALIENCYMIX_HOST_DEVICE void operator()(const Block& block) const {
    windows.each(block, [&](std::size_t out, std::size_t number, int i, int j) {
      const float* const plane = x + number * shape.pixels();
      const Span rows = shape.rows.elements(i);
      const Span columns = shape.columns.elements(j);
      float best = plane[rows.begin * shape.columns.side + columns.begin];
      int place = shape.placeOf(i, j, rows.begin, columns.begin);
      for (int row = rows.begin; row < rows.end; row++) {
        for (int column = columns.begin; column < columns.end; column++) {
          const float value = plane[row * shape.columns.side + column];
          // The first among equals, and the last NaN, which differs from itself.
          if (!(value > best) && value == value) continue;
          best = value;
          place = shape.placeOf(i, j, row, column);
        }
      }
      y[out] = best;
      if (places != nullptr) places[out] = static_cast<std::uint8_t>(place);
    });
  }
};

// Bytes that must move: 5 per window, read once from memory and again from the caches; 4 per element are written.
struct GatherMaxPool {
  static constexpr int kThreads = PoolPlanes::kThreads;

  PoolPlanes shape;
  ElementsOfPlanes elements;
  const float* dy;
  const std::uint8_t* places;
  float* dx;

  std::size_t sharedBytes() const { return 0; }
  int blocks() const { return elements.blocks(); }

  template <class Block>
  SALIENCYMIX_HOST_DEVICE void operator()(const Block& block) const {
    elements.each(block, [&](std::size_t in, std::size_t plane, int row, int column) {
      const Span above = shape.rows.windows(row);
      const Span beside = shape.columns.windows(column);
      float sum = 0;
      for (int i = above.begin; i < above.end; i++) {
        for (int j = beside.begin; j < beside.end; j++) {
          const std::size_t out = plane * shape.outputs() + static_cast<std::size_t>(i * shape.columns.count + j);
          if (places[out] == shape.placeOf(i, j, row, column)) sum += dy[out];
        }
      }
      dx[in] = sum;
    });
  }
};

// Bytes that must move: 4 per element, as above, and 4 per window.
struct AverageWindows {
  static constexpr int kThreads = PoolPlanes::kThreads;

  PoolPlanes shape;
  ElementsOfPlanes windows;
  const float* x;
  float* y;

  std::size_t sharedBytes() const { return 0; }
  int blocks() const { return windows.blocks(); }

  template <class Block>
  SALIENCYMIX_HOST_DEVICE void operator()(const Block& block) const {
    windows.each(block, [&](std::size_t out, std::size_t number, int i, int j) {
      const float* const plane = x + number * shape.pixels();
      const Span rows = shape.rows.elements(i);
      const Span columns = shape.columns.elements(j);
      float total = 0;
      for (int row = rows.begin; row < rows.end; row++) {
        // Row by row: a large window is summed with fewer roundings one on top of the other.
        float sum = 0;
        for (int column = columns.begin; column < columns.end; column++) sum += plane[row * shape.columns.side + column];
        total += sum;
      }
      y[out] = total / static_cast<float>(rows.count() * columns.count());
    });
  }
};

// Bytes that must move: 4 per window, as above, and 4 per element.
struct GatherAveragePool {
  static constexpr int kThreads = PoolPlanes::kThreads;

  PoolPlanes shape;
  ElementsOfPlanes elements;
  const float* dy;
  float* dx;

  std::size_t sharedBytes() const { return 0; }
  int blocks() const { return elements.blocks(); }

  template <class Block>
  SALIENCYMIX_HOST_DEVICE void operator()(const Block& block) const {
    elements.each(block, [&](std::size_t in, std::size_t plane, int row, int column) {
      const Span above = shape.rows.windows(row);
      const Span beside = shape.columns.windows(column);
      float sum = 0;
      for (int i = above.begin; i < above.end; i++) {
        const float* const from = dy + plane * shape.outputs() + static_cast<std::size_t>(i * shape.columns.count);
        const int height = shape.rows.elements(i).count();
        for (int j = beside.begin; j < beside.end; j++) {
          sum += from[j] * (1.0f / static_cast<float>(height * shape.columns.elements(j).count()));
        }
      }
      dx[in] = sum;
    });
  }
};

}  // namespace saliencymix::cuda
