// What a level of vector code offers for all layers but convolutions: the hot loops, as plain functions over a block that one
// thread works off.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/philox.h"
#include "train/batch_norm.h"
#include "train/dropout.h"
#include "train/pooling.h"
#include "train/update.h"

namespace saliencymix::train {

// Wide rows (channel_rows.h), of which the last may be shorter: `size` floats in all.
struct WideRows {
  std::size_t size;
  std::size_t width;
};

// The factors of a normalisation, for each float of a wide row: (x - mean) * slope + bias.
struct Factors {
  const float* mean = nullptr;
  const float* slope = nullptr;
  const float* bias = nullptr;
};

struct NormaliseBlock {
  WideRows rows;
  const float* x;
  Factors factors;
  const float* residual;    // null: none
  Factors residualFactors;  // nulls: the residual as it is
  bool relu;
  float* y;
  bool streams;  // writes y past the caches (streaming.h)
};

struct GradientBlock {
  WideRows rows;
  Arriving gradient;
  const float* x;  // null: only `bias` is summed
  Factors factors;
  bool streams;  // writes the result past the caches
};

// dx = g * slope + (x - mean) * centredFactor + constant, for each float of a wide row.
struct GradientFactors {
  const float* centredFactor;
  const float* constant;
};

// One row of a pooling's result, or of its gradient.
struct PoolRow {
  PoolShape shape;
  int outHeight;  // of the shape
  int outWidth;
  int row;
  const float* from;  // the image, or dy of it
  float* to;          // that row
};

struct LayerKernels {
  // Sums over the rows: `width` floats. The same of (x - shift) and its square.
  void (*sumRows)(const WideRows& rows, const float* x, float* sums);
  void (*sumMoments)(const WideRows& rows, const float* x, const float* shift, float* first, float* second);
  void (*normalise)(const NormaliseBlock& block);
  // Sums of g and of g * (x - mean), `width` floats each; `passing`: as in batch_norm.h.
  void (*gradientSums)(const GradientBlock& block, float* bias, float* centred, float* passing);
  void (*normaliseGradient)(const GradientBlock& block, const GradientFactors& factors, float* dx);

  void (*add)(const float* a, const float* b, std::size_t size, float* y);
  void (*relu)(const float* x, std::size_t size, float* y);
  void (*reluGradient)(const float* y, const float* dy, std::size_t size, float* dx);

  // `places`: of the same row of the result; may be null.
  void (*maxPool)(const PoolRow& row, std::uint8_t* places);
  // `places`: of the whole image.
  void (*maxPoolGradient)(const PoolRow& row, const std::uint8_t* places);
  void (*averagePool)(const PoolRow& row);
  void (*averagePoolGradient)(const PoolRow& row);

  // Each gives whether the new weights are finite, and writes them and what is kept only where it `changes` them.
  bool (*sgd)(const Sgd& sgd, const Updated& part, bool changes);
  bool (*adamw)(const AdamW& adamw, const Updated& part, bool changes);
  bool (*allFinite)(const float* values, std::size_t size);

  // Eight flags for each of `count` blocks: 1 where 16 random bits are at least `threshold`.
  void (*drawFlags)(const RandomRun& run, std::size_t count, std::uint32_t threshold, std::uint8_t* flags);
  // y = x * scale where the flag is 1, else x * 0.
  void (*scaleKept)(const float* x, const std::uint8_t* flags, std::size_t size, float scale, float* y);
};

}  // namespace saliencymix::train
