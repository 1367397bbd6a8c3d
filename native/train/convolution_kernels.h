// What a level of vector code does for convolutions. Both directions are one operation, a product of a matrix that is read
// through a window and of weights; the gradient by the weights is the product of that matrix, transposed, and the gradient of
// the output.
#pragma once

#include <cstddef>
#include <cstdint>

namespace saliencymix::train {

// Places first, first + step, ... along one axis.
struct Taps {
  int first;
  int step;  // 1 where there is only one
  int count;
};

// What is read in the place of an image's numbers: (x - mean) * slope + bias, with a factor of each kind for every channel that
// takes part, and then 0 where that is negative, if `relu` says so. Where `mean` is null the numbers are read as they are.
struct PixelFactors {
  const float* mean = nullptr;
  const float* slope = nullptr;
  const float* bias = nullptr;
  bool relu = false;
};

// A matrix that exists only as places in an image. Its rows are the places of a grid over all images of a batch, row by row;
// its columns are (tap along y, tap along x, channel). For place (i, j) the taps are rows i * strideY + y.first + ... and
// columns j * strideX + x.first + ... of the image; outside of it there are zeros.
struct TapWindow {
  const float* image;  // the first channel that takes part
  int height;
  int width;
  int pixel;     // floats from one pixel to the next
  int channels;  // that take part, beside each other
  int gridHeight;
  int gridWidth;
  int strideY;
  int strideX;
  Taps y;
  Taps x;
  PixelFactors factors = {};  // which only tiles heed (winograd_kernels.h)
};

// Where the results of a grid's places go: pixel (i * stepY + firstY, j * stepX + firstX) of an image.
struct ResultGrid {
  float* image;  // the first channel that is written
  int height;
  int width;
  int pixel;
  int firstY;
  int firstX;
  int stepY;
  int stepX;
  bool streams = false;  // streaming.h
};

// Weights in the order in which they are read: panels of columns of the matrix, of panelLanes each and the last one zero
// padded; in a panel row after row.
struct WeightPacking {
  const float* weights;  // kernel height, kernel width, `channels`, `outputs` of each channel `row` floats apart
  std::size_t row;
  int channels;
  int outputs;
  int kernelWidth;
  Taps y;  // which of the kernel's rows and columns take part, in this order
  Taps x;
  bool transposed;  // false: rows are (y, x, channel), columns are outputs; true: rows (y, x, output), columns channels
};

struct WindowProduct {
  TapWindow window;
  ResultGrid to;
  WeightPacking weights;  // with a row for each column of the window's matrix
  const float* packed;    // all panels, or nullptr: they are packed when they are needed
  int columns;          // of the result: channels of a pixel that are written
  const float* bias;    // one for each of them, or nullptr
  int chunk;            // so many columns of the window's matrix are multiplied at a time
  bool strips;          // take rows of the image with their padding in the place of the matrix
};

struct WeightGradient {
  TapWindow window;
  const float* gradient;  // of the output: of the places of the window's grid, the first channel that takes part
  int gradientPixel;
  int columns;  // channels that take part
  bool strips;  // as above
};

// Rows or columns begin .. end - 1 of a matrix.
struct Part {
  std::int64_t begin;
  std::int64_t end;
};

// No more sums of parts of the rows than these are added up.
constexpr int kMaxParts = 32;

// Every channel by itself: weights kernel height, kernel width, channels.
struct DepthwiseProduct {
  TapWindow window;
  ResultGrid to;
  const float* weights;
  int kernelWidth;
  Taps kernelY;  // which of the kernel's rows and columns take part, in the order of the window's taps
  Taps kernelX;
  const float* bias;
};

struct ConvolutionKernels {
  int panelLanes;
  int maxRows;  // a block of rows for `product` has no more
  int packedPanels;  // panels of the gradient that byWeights packs at a time
  // Some rows of one panel.
  void (*pack)(const WeightPacking& weights, int panel, Part ks, float* packed);
  // Results of some rows, and the columns of some panels. `block` has room for the rows of the matrix that are multiplied at a
  // time, each with a register more, or for a strip with a register more; `panel` for as many rows of a panel.
  void (*product)(const WindowProduct& product, Part rows, Part panels, float* block, float* panel);
  // to[k, column] = the sum over `rows` of matrix[row, k] * gradient[row, column], for some k and the columns of some panels;
  // `toRow` floats from one k to the next. Sums `blockRows` rows at a time and adds these sums. `block` is as above; `packed`
  // has room for that many rows of packedPanels panels.
  void (*byWeights)(const WeightGradient& gradient, Part rows, int blockRows, Part ks, Part panels, float* block, float* packed,
                    float* to, std::size_t toRow);
  // The sums of some rows of a matrix of `columns`.
  void (*columnSums)(const float* from, std::size_t columns, Part rows, float* sums);
  // to[i] = the sum of parts[p * stride + i] over all p, added in pairs.
  void (*addParts)(const float* parts, int count, std::size_t stride, Part places, float* to);
  void (*depthwise)(const DepthwiseProduct& product, Part gridRows);
  // Sums of grid rows as in byWeights: to[tap, channel].
  void (*depthwiseByWeights)(const WeightGradient& gradient, Part gridRows, float* to, std::size_t toRow);
};

}  // namespace saliencymix::train
