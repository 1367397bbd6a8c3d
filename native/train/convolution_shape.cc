#include <climits>
#include <stdexcept>
#include <string>

#include "train/convolution.h"
#include "train/sizes.h"

namespace saliencymix::train {

namespace {

// Places of a kernel along one axis; in 64 bits, as no limit has been checked.
long long outputSize(int size, int before, int after, int kernel, int stride, int dilation) {
  const long long reach = (kernel - 1LL) * dilation + 1;
  const long long free = static_cast<long long>(size) + before + after - reach;
  return free < 0 ? 0 : free / stride + 1;
}

void expect(bool condition, const char* what) {
  if (!condition) throw std::invalid_argument(std::string("convolution: ") + what);
}

std::size_t asSize(int value) { return static_cast<std::size_t>(value); }

}  // namespace

int ConvolutionShape::outputHeight() const {
  return static_cast<int>(outputSize(height, padTop, padBottom, kernelHeight, strideY, dilationY));
}

int ConvolutionShape::outputWidth() const {
  return static_cast<int>(outputSize(width, padLeft, padRight, kernelWidth, strideX, dilationX));
}

void checkShape(const ConvolutionShape& s) {
  for (const int size : {s.batch, s.height, s.width, s.channels, s.outputs, s.kernelHeight, s.kernelWidth, s.strideY, s.strideX,
                         s.dilationY, s.dilationX, s.groups}) {
    expect(size > 0, "sizes, strides, dilations and groups must be positive");
  }
  for (const int padding : {s.padTop, s.padLeft, s.padBottom, s.padRight}) expect(padding >= 0, "paddings must not be negative");
  expect(s.channels % s.groups == 0 && s.outputs % s.groups == 0, "groups must divide the channels of input and output");
  expect(outputSize(s.height, s.padTop, s.padBottom, s.kernelHeight, s.strideY, s.dilationY) > 0 &&
             outputSize(s.width, s.padLeft, s.padRight, s.kernelWidth, s.strideX, s.dilationX) > 0,
         "the kernel must not be larger than the padded input");
  // Pixels of a batch and columns of its matrix are counted in int.
  const auto fitsInt = [](std::initializer_list<long long> numbers) {
    long long result = 1;
    for (const long long number : numbers) {
      if (number > INT_MAX / 2 / result) return false;
      result *= number;
    }
    return true;
  };
  const auto padded = [](int size, int before, int after, int kernel, int dilation, int stride) {
    return static_cast<long long>(size) + before + after + static_cast<long long>(kernel) * dilation + stride;
  };
  const long long height = padded(s.height, s.padTop, s.padBottom, s.kernelHeight, s.dilationY, s.strideY);
  const long long width = padded(s.width, s.padLeft, s.padRight, s.kernelWidth, s.dilationX, s.strideX);
  if (!fitsInt({width, s.channels}) || !fitsInt({width, s.outputs}) ||
      !fitsInt({s.batch, height, width}) || !fitsInt({s.batch, s.outputHeight(), s.outputWidth()}) ||
      !fitsInt({s.kernelHeight, s.kernelWidth, s.channels}) || !fitsInt({s.kernelHeight, s.kernelWidth, s.outputs})) {
    throw std::length_error("convolution: a batch of this size is too large");
  }
  product({asSize(s.batch), asSize(s.height), asSize(s.width), asSize(s.channels)});
  product({asSize(s.batch), asSize(s.outputHeight()), asSize(s.outputWidth()), asSize(s.outputs)});
  product({asSize(s.kernelHeight), asSize(s.kernelWidth), asSize(s.channels), asSize(s.outputs)});
}

}  // namespace saliencymix::train
