// What the operators of training take on a card, beside what they take on the processor (native/train).
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/host_device.h"
#include "train/update.h"

namespace saliencymix::cuda {

// The shape of a map: `pixels` are height × width. A tensor of N×C has planes of one pixel.
struct Planes {
  int images;
  int channels;
  int pixels;

  std::size_t values() const { return rows() * static_cast<std::size_t>(channels); }
  // Values of a channel.
  std::size_t rows() const { return static_cast<std::size_t>(images) * static_cast<std::size_t>(pixels); }
};

// Windows that a convolution moves over images N×C×H×W with zeros around them, and which of the images it is to be: `count` from
// number `first` on.
struct UnfoldShape {
  int first;
  int count;
  int channels;
  int height;
  int width;
  int kernelHeight;
  int kernelWidth;
  int stride;  // in both directions, as the padding
  int padding;

  int outHeight() const { return (height + 2 * padding - kernelHeight) / stride + 1; }
  int outWidth() const { return (width + 2 * padding - kernelWidth) / stride + 1; }
};

// An optimizer, whose numbers of the step are on the card, each one float: they take the place of the optimizer's own.
struct SgdStep {
  static constexpr int kKept = 1;

  train::Sgd sgd;
  const float* stepSize;

  SALIENCYMIX_HOST_DEVICE train::Sgd read() const {
    train::Sgd now = sgd;
    now.stepSize = *stepSize;
    return now;
  }
};
struct AdamWStep {
  static constexpr int kKept = 2;

  train::AdamW adamw;
  const float* decay;
  const float* stepSize;
  const float* bias2;

  SALIENCYMIX_HOST_DEVICE train::AdamW read() const {
    train::AdamW now = adamw;
    now.decay = *decay;
    now.stepSize = *stepSize;
    now.bias2 = *bias2;
    return now;
  }
};

using DeviceUpdated = train::UpdatedBeside;

// What dropout draws. The elements of an image are numbered as they lie in memory, N×C×H×W.
struct DeviceMask {
  const std::int64_t* random;  // on the card: the seed, and the step
  std::uint32_t number;        // of the mask among those of the network
  std::uint32_t dropped;       // so many of 2^16 elements on average
  float scale;                 // what the others are multiplied by
};

}  // namespace saliencymix::cuda
