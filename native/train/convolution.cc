#include "train/convolution.h"

#include "train/convolution_input.h"
#include "train/window_products.h"

namespace saliencymix::train {

namespace {

Taps allOf(int kernel) { return {0, 1, kernel}; }

WindowProducts productsOf(const ConvolutionShape& shape, const ReadInput& input, const float* weights, const float* bias,
                          float* output, const TrainKernels& kernels) {
  WindowProducts products(kernels, shape.batch, shape.form);
  for (int group = 0; group < shape.groups; group++) {
    const GroupPointers at(shape, group);
    const WeightPacking packing{at.outputs(weights),   static_cast<std::size_t>(shape.outputs), shape.groupChannels(),
                                shape.groupOutputs(),  shape.kernelWidth,
                                allOf(shape.kernelHeight), allOf(shape.kernelWidth), false};
    products.add({windowOf(shape, input, group), gridOf(shape, at.outputs(output)), packing, nullptr, shape.groupOutputs(),
                  at.outputs(bias), 0, false});
  }
  return products;
}

}  // namespace

std::size_t convolutionWorkspaceBytes(const ConvolutionShape& shape, const TrainKernels& kernels, int threads,
                                      bool normalised) {
  ArenaLayout arena(nullptr);
  InputMemory(shape, normalised, arena);
  if (!isDepthwise(shape)) productsOf(shape, {}, nullptr, nullptr, nullptr, kernels).layOut(arena, threads);
  return arena.used();
}

void convolution(const ConvolutionShape& shape, const float* input, const float* weights, const float* bias, float* output,
                 const TrainRun& run, const InputNorm* norm) {
  ArenaLayout arena(run.workspace.data());
  const ReadInput read = InputMemory(shape, norm != nullptr, arena).read(input, norm, run);
  if (isDepthwise(shape)) {
    const DepthwiseProduct product{windowOf(shape, read.pixels), gridOf(shape, output),      weights, shape.kernelWidth,
                                   allOf(shape.kernelHeight), allOf(shape.kernelWidth), bias};
    runDepthwise(product, shape.batch, run);
    return;
  }
  WindowProducts products = productsOf(shape, read, weights, bias, output, run.kernels);
  products.layOut(arena, run.threads);
  products.run(run.threads);
}

}  // namespace saliencymix::train
