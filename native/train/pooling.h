// Max and average pooling of N×H×W×C float32, and their gradients.
#pragma once

#include <cstddef>
#include <cstdint>

namespace saliencymix::train {

struct TrainRun;

// A window of kernelHeight × kernelWidth that moves over each image by `stride`, over `padding` more rows and columns on every
// side, which pooling ignores.
struct PoolShape {
  int images;
  int height;
  int width;
  int channels;
  int kernelHeight;
  int kernelWidth;
  int stride = 1;
  int padding = 0;

  int outHeight() const { return (height + 2 * padding - kernelHeight) / stride + 1; }
  int outWidth() const { return (width + 2 * padding - kernelWidth) / stride + 1; }
};

// The largest kernel of max pooling, in elements: a place has to fit in a byte.
constexpr int kMaxPoolWindow = 256;

// Throws std::invalid_argument for sides below 1, for padding that is not less than the kernel, and a kernel that is larger than the
// image and its padding, and std::length_error for images that are too large. So does each call below, and max pooling over more
// than kMaxPoolWindow elements.
void checkShape(const PoolShape& shape);

// The largest value of each window, or NaN where it has one. `places` receives the place of that value in its window (row *
// kernelWidth + column), which the gradient needs; it may be null. As in PyTorch it is the first among equals and the last
// NaN.
void maxPool(const TrainRun& run, const PoolShape& shape, const float* x, float* y, std::uint8_t* places);

// dx: the sum of dy of all windows whose value an element was, in their order.
void maxPoolGradient(const TrainRun& run, const PoolShape& shape, const float* dy, const std::uint8_t* places, float* dx);

// The mean of each window: of the elements that lie within the image. A kernel of height × width without padding is global
// pooling.
void averagePool(const TrainRun& run, const PoolShape& shape, const float* x, float* y);

// dx: the sum of dy / (elements of the window) over the windows that have an element.
void averagePoolGradient(const TrainRun& run, const PoolShape& shape, const float* dy, float* dx);

}  // namespace saliencymix::train
