// The gradient of a convolution by its input. A pixel of the input was seen by those taps of the kernel that reach it from a
// place of the output; which these are repeats after as many pixels as the stride. So the pixels are taken in classes (with
// stride 2: even and odd rows, even and odd columns), and each class is the product of a window on the gradient of the output
// and of the weights that take part.
#include <algorithm>
#include <cstdint>
#include <vector>

#include "train/convolution_windows.h"
#include "train/window_products.h"

namespace saliencymix::train {

namespace {

// The pixels first, first + stride, ... along one axis of the input.
struct PixelClass {
  int first;
  int count;
  Taps kernel;  // the kernel's rows or columns that reach them
  Taps window;  // the places of the output from which they do
};

PixelClass classOf(int first, int size, int kernel, int stride, int padding, int dilation) {
  PixelClass result{first, (size - first + stride - 1) / stride, {0, 1, 0}, {0, 1, 0}};
  // From the last to the first, so that the places rise.
  for (int k = kernel - 1; k >= 0; k--) {
    const int distance = first + padding - k * dilation;
    if (distance % stride != 0) continue;
    const int place = distance / stride;
    if (result.kernel.count == 0) {
      result.kernel.first = k;
      result.window.first = place;
    } else if (result.kernel.count == 1) {
      result.kernel.step = k - result.kernel.first;
      result.window.step = place - result.window.first;
    }
    result.kernel.count++;
    result.window.count++;
  }
  return result;
}

struct ClassPair {
  PixelClass y;
  PixelClass x;
};

std::vector<ClassPair> classesOf(const ConvolutionShape& s) {
  std::vector<ClassPair> classes;
  for (int y = 0; y < std::min(s.strideY, s.height); y++) {
    for (int x = 0; x < std::min(s.strideX, s.width); x++) {
      classes.push_back({classOf(y, s.height, s.kernelHeight, s.strideY, s.padTop, s.dilationY),
                         classOf(x, s.width, s.kernelWidth, s.strideX, s.padLeft, s.dilationX)});
    }
  }
  return classes;
}

TapWindow windowOn(const ConvolutionShape& s, const ClassPair& pixels, const float* outputGradient) {
  return {outputGradient,
          s.outputHeight(),
          s.outputWidth(),
          s.outputs,
          isDepthwise(s) ? s.outputs : s.groupOutputs(),
          pixels.y.count,
          pixels.x.count,
          1,
          1,
          pixels.y.window,
          pixels.x.window};
}

ResultGrid gridOn(const ConvolutionShape& s, const ClassPair& pixels, float* inputGradient) {
  return {inputGradient, s.height, s.width, s.channels, pixels.y.first, pixels.x.first, s.strideY, s.strideX};
}

WindowProducts productsOf(const ConvolutionShape& shape, const float* outputGradient, const float* weights,
                          float* inputGradient, const TrainKernels& kernels) {
  WindowProducts products(kernels, shape.batch, shape.form);
  for (const ClassPair& pixels : classesOf(shape)) {
    for (int group = 0; group < shape.groups; group++) {
      const GroupPointers at(shape, group);
      const WeightPacking packing{at.outputs(weights), static_cast<std::size_t>(shape.outputs), shape.groupChannels(),
                                  shape.groupOutputs(), shape.kernelWidth, pixels.y.kernel, pixels.x.kernel, true};
      products.add({windowOn(shape, pixels, at.outputs(outputGradient)), gridOn(shape, pixels, at.channels(inputGradient)),
                    packing, nullptr, shape.groupChannels(), nullptr, 0, false});
    }
  }
  return products;
}

}  // namespace

std::size_t convolutionByInputWorkspaceBytes(const ConvolutionShape& shape, const TrainKernels& kernels, int threads) {
  if (isDepthwise(shape)) return 0;
  ArenaLayout arena(nullptr);
  productsOf(shape, nullptr, nullptr, nullptr, kernels).layOut(arena, threads);
  return arena.used();
}

void convolutionByInput(const ConvolutionShape& shape, const float* outputGradient, const float* weights,
                        float* inputGradient, const TrainRun& run) {
  if (isDepthwise(shape)) {
    for (const ClassPair& pixels : classesOf(shape)) {
      runDepthwise({windowOn(shape, pixels, outputGradient), gridOn(shape, pixels, inputGradient), weights,
                    shape.kernelWidth, pixels.y.kernel, pixels.x.kernel, nullptr},
                   shape.batch, run);
    }
    return;
  }
  WindowProducts products = productsOf(shape, outputGradient, weights, inputGradient, run.kernels);
  ArenaLayout arena(run.workspace.data());
  products.layOut(arena, run.threads);
  products.run(run.threads);
}

}  // namespace saliencymix::train
