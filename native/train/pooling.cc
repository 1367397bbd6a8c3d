#include "train/pooling.h"

#include <climits>
#include <stdexcept>
#include <string>

#include "train/sizes.h"
#include "train/tasks.h"

namespace saliencymix::train {

void checkShape(const PoolShape& s) {
  const bool positive = s.images > 0 && s.height > 0 && s.width > 0 && s.channels > 0 && s.kernelHeight > 0 &&
                        s.kernelWidth > 0 && s.stride > 0 && s.padding >= 0;
  if (!positive) throw std::invalid_argument("pooling: a side, a kernel or the stride is below 1, or the padding below 0");
  // Each window then has an element of the image.
  if (s.padding >= s.kernelHeight || s.padding >= s.kernelWidth) {
    throw std::invalid_argument("pooling: the padding is not less than the kernel");
  }
  const double paddedHeight = s.height + 2.0 * s.padding;
  const double paddedWidth = s.width + 2.0 * s.padding;
  if (paddedHeight * paddedWidth > INT_MAX) throw std::length_error("pooling: the images have too many pixels");
  if (s.kernelHeight > s.height + 2 * s.padding || s.kernelWidth > s.width + 2 * s.padding) {
    throw std::invalid_argument("pooling: the kernel is larger than the image with its padding");
  }
}

namespace {

void checkMax(const PoolShape& s) {
  checkShape(s);
  if (product({static_cast<std::size_t>(s.kernelHeight), static_cast<std::size_t>(s.kernelWidth)}) > kMaxPoolWindow) {
    throw std::invalid_argument("max pooling: a window has more than " + std::to_string(kMaxPoolWindow) + " elements");
  }
}

std::size_t planeOf(int height, int width, int channels) {
  return product({static_cast<std::size_t>(height), static_cast<std::size_t>(width), static_cast<std::size_t>(channels)});
}

// Calls task(row's description, image, number of its first float) for each row of the result, images × rows × rowSize.
template <class Task>
void forEachRow(const TrainRun& run, const PoolShape& shape, int rows, std::size_t rowSize, const Task& task) {
  constexpr std::size_t kFloats = std::size_t{1} << 14;
  const std::size_t all = static_cast<std::size_t>(shape.images) * static_cast<std::size_t>(rows);
  product({all, rowSize});
  const std::size_t together = std::max<std::size_t>(kFloats / rowSize, 1);
  forEachBlock(run, (all + together - 1) / together, [&](std::size_t block) {
    for (std::size_t i = block * together; i < std::min((block + 1) * together, all); i++) {
      const PoolRow row = {shape, shape.outHeight(), shape.outWidth(), static_cast<int>(i % static_cast<std::size_t>(rows)),
                           nullptr, nullptr};
      task(row, i / static_cast<std::size_t>(rows), i * rowSize);
    }
  });
}

// Rows of the result of pooling, from images.
template <class Task>
void forEachPooledRow(const TrainRun& run, const PoolShape& shape, const float* x, float* y, const Task& task) {
  const std::size_t image = planeOf(shape.height, shape.width, shape.channels);
  forEachRow(run, shape, shape.outHeight(), planeOf(1, shape.outWidth(), shape.channels),
             [&](PoolRow row, std::size_t n, std::size_t at) {
               row.from = x + n * image;
               row.to = y + at;
               task(row, at);
             });
}

// Rows of dx, from dy.
template <class Task>
void forEachGradientRow(const TrainRun& run, const PoolShape& shape, const float* dy, float* dx, const Task& task) {
  const std::size_t image = planeOf(shape.outHeight(), shape.outWidth(), shape.channels);
  forEachRow(run, shape, shape.height, planeOf(1, shape.width, shape.channels),
             [&](PoolRow row, std::size_t n, std::size_t at) {
               row.from = dy + n * image;
               row.to = dx + at;
               task(row, n * image);
             });
}

}  // namespace

void maxPool(const TrainRun& run, const PoolShape& shape, const float* x, float* y, std::uint8_t* places) {
  checkMax(shape);
  forEachPooledRow(run, shape, x, y, [&](const PoolRow& row, std::size_t at) {
    run.kernels.layers.maxPool(row, places != nullptr ? places + at : nullptr);
  });
}

void maxPoolGradient(const TrainRun& run, const PoolShape& shape, const float* dy, const std::uint8_t* places, float* dx) {
  checkMax(shape);
  forEachGradientRow(run, shape, dy, dx, [&](const PoolRow& row, std::size_t image) {
    run.kernels.layers.maxPoolGradient(row, places + image);
  });
}

void averagePool(const TrainRun& run, const PoolShape& shape, const float* x, float* y) {
  checkShape(shape);
  forEachPooledRow(run, shape, x, y, [&](const PoolRow& row, std::size_t) { run.kernels.layers.averagePool(row); });
}

void averagePoolGradient(const TrainRun& run, const PoolShape& shape, const float* dy, float* dx) {
  checkShape(shape);
  forEachGradientRow(run, shape, dy, dx, [&](const PoolRow& row, std::size_t) { run.kernels.layers.averagePoolGradient(row); });
}

}  // namespace saliencymix::train
