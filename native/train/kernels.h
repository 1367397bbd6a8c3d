// What a level of vector code offers to training: the hot loops of its operators, as plain functions over blocks of work.
//
// A new operator: a struct of functions in its header, a member here, its kernels in train/kernels and a line in
// train/kernels/all.inc. Levels need not give the same bits; a level gives the same for any number of threads.
#pragma once

#include "train/convolution_kernels.h"
#include "train/layer_kernels.h"
#include "train/winograd_kernels.h"

namespace saliencymix::train {

struct TrainKernels {
  int vectorBytes;  // of a register
  ConvolutionKernels convolution;
  WinogradKernels winograd;
  LayerKernels layers;
};

}  // namespace saliencymix::train
