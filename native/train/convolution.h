// Convolution and its gradients. Float32; images are NHWC, weights HWIO: kernel height, kernel width, input channels of a
// group, output channels.
//
//   output[n, y, x, o] = bias[o] + sum over ky, kx, c of
//       input[n, y * strideY + ky * dilationY - padTop, x * strideX + kx * dilationX - padLeft, c of o's group] *
//       weights[ky, kx, c, o]
//
// What lies outside the input is zero and is multiplied like any other number, so an infinite weight gives NaN there.
// The definition, summed in double, is in train/reference/convolution.h.
#pragma once

#include <cstddef>

#include "train/batch_norm.h"
#include "train/run.h"

namespace saliencymix::train {

// How 3×3 convolutions with stride 1 are computed: by their definition, or in Winograd's form, which takes a quarter of the
// products and rounds a little more (winograd_kernels.h). All others are computed by their definition.
enum class ConvolutionForm { direct, winograd };

struct ConvolutionShape {
  int batch = 1;
  int height = 1;  // of the input
  int width = 1;
  int channels = 1;
  int outputs = 1;  // channels of the output
  int kernelHeight = 1;
  int kernelWidth = 1;
  int strideY = 1;
  int strideX = 1;
  int padTop = 0;
  int padLeft = 0;
  int padBottom = 0;
  int padRight = 0;
  int dilationY = 1;
  int dilationX = 1;
  int groups = 1;  // divides channels and outputs
  ConvolutionForm form = ConvolutionForm::direct;

  int outputHeight() const;
  int outputWidth() const;
  int groupChannels() const { return channels / groups; }
  int groupOutputs() const { return outputs / groups; }
};

// Throws std::invalid_argument where a size is not positive, a padding negative, or the kernel does not fit, and
// std::length_error where a tensor of the shape would not fit into memory. The functions below expect a shape that passed.
void checkShape(const ConvolutionShape& shape);

// What is done to an input where it is read: it is normalised, and then 0 where that is negative, if `relu` says so. What lies
// outside of the input stays zero.
struct InputNorm {
  Normalisation norm;
  bool relu = false;
};

// Each of the three needs run.workspace of as many bytes as its function of the same name says.
// `normalised`: whether it is to be run with an InputNorm.
std::size_t convolutionWorkspaceBytes(const ConvolutionShape& shape, const TrainKernels& kernels, int threads,
                                      bool normalised = false);
// `bias`: of as many numbers as there are output channels, or nullptr. `norm`: or nullptr.
void convolution(const ConvolutionShape& shape, const float* input, const float* weights, const float* bias, float* output,
                 const TrainRun& run, const InputNorm* norm = nullptr);

std::size_t convolutionByInputWorkspaceBytes(const ConvolutionShape& shape, const TrainKernels& kernels, int threads);
void convolutionByInput(const ConvolutionShape& shape, const float* outputGradient, const float* weights,
                        float* inputGradient, const TrainRun& run);

std::size_t convolutionByWeightsWorkspaceBytes(const ConvolutionShape& shape, const TrainKernels& kernels, int threads,
                                               bool normalised = false);
// `biasGradient`: or nullptr. `norm`: as above.
void convolutionByWeights(const ConvolutionShape& shape, const float* input, const float* outputGradient,
                          float* weightGradient, float* biasGradient, const TrainRun& run, const InputNorm* norm = nullptr);

}  // namespace saliencymix::train
