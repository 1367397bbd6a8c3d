// What a pooling node says of its windows, and what its tensors say of the rest.
#pragma once

#include <vector>

#include "ort/operator.h"
#include "train/pooling.h"

namespace saliencymix::ort {

// Where an image's channels, rows and columns are among the sides of its tensor.
struct Axes {
  std::size_t channel, row, column;
};
inline constexpr Axes kChannelsLast{3, 1, 2}, kChannelsFirst{1, 2, 3};

inline Shape imageShape(const Axes& axes, int images, int channels, int height, int width) {
  Shape shape(4);
  shape[0] = images;
  shape[axes.channel] = channels;
  shape[axes.row] = height;
  shape[axes.column] = width;
  return shape;
}

// Of the tensors that are pooled, or of results, for the gradients.
class Pooling {
 public:
  Pooling(const Attributes& attributes, const Axes& axes)
      : axes_(axes), window_{.images = 1, .height = 1, .width = 1, .channels = 1, .kernelHeight = 1, .kernelWidth = 1,
                             .stride = attributes.whole("stride"), .padding = attributes.whole("padding")} {
    const std::vector<int> kernel = attributes.wholes("kernel", 2);
    window_.kernelHeight = kernel[0];
    window_.kernelWidth = kernel[1];
  }

  train::PoolShape ofInput(const Call::Input& x) const {
    if (x.shape.size() != 4) throw Error("pooling takes images");
    return shapeOf(x, x.side(axes_.row), x.side(axes_.column));
  }
  train::PoolShape ofResult(const Call::Input& dy, const std::vector<int>& size) const {
    if (dy.shape.size() != 4) throw Error("pooling takes images");
    const train::PoolShape shape = shapeOf(dy, size[0], size[1]);
    expectShape(dy, resultShape(shape), "dy");
    return shape;
  }
  Shape resultShape(const train::PoolShape& of) const {
    return imageShape(axes_, of.images, of.channels, of.outHeight(), of.outWidth());
  }
  Shape inputShape(const train::PoolShape& of) const {
    return imageShape(axes_, of.images, of.channels, of.height, of.width);
  }

 private:
  train::PoolShape shapeOf(const Call::Input& tensor, int height, int width) const {
    train::PoolShape shape = window_;
    shape.images = tensor.side(0);
    shape.channels = tensor.side(axes_.channel);
    shape.height = height;
    shape.width = width;
    checkShape(shape);
    return shape;
  }

  Axes axes_;
  train::PoolShape window_;
};

}  // namespace saliencymix::ort
