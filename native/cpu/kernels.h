// What a level of vector code offers: the hot loops of the CPU backend, as plain functions over rows.
//
// Every level gives the same bits. Fine-grained maps equal the scalar reference's; the float methods stay within their
// tolerance of it, and equal each other on all vector levels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "core/argmax.h"
#include "core/convert.h"
#include "core/crop_flip.h"
#include "core/image.h"
#include "core/image_rows.h"
#include "core/mix.h"
#include "core/operations/passes.h"
#include "core/philox.h"
#include "cpu/resize_crop_tables.h"

namespace saliencymix::cpu {

// Rows begin .. end - 1.
struct Rows {
  int begin;
  int end;
};

// Memory that will soon be read or written, and is to be fetched into the cache before.
struct PrefetchRange {
  const void* memory = nullptr;
  std::size_t bytes = 0;
  bool written = false;
};

// Computing the map of one image.
struct SaliencyTask {
  ImageView image;
  const void* tables;    // what `prepare` gave for this shape
  std::byte* workspace;  // of `workspaceBytes`, aligned to 64
  float* map;            // height x width; where no map is wanted, memory for one
  // What the passes fetch into the cache while they compute.
  PrefetchRange prefetch[3];
};

// A saliency method as passes over an image. The rows of a pass may be cut into bands that run side by side; a pass
// begins when the one before it is done with all rows.
struct SaliencyKernel {
  const char* method;
  int passes;
  bool banded;  // false: every pass takes all rows at once
  // What depends on the shape alone; kept for the next batch. nullptr where there is nothing.
  std::shared_ptr<const void> (*prepare)(int height, int width);
  std::size_t (*workspaceBytes)(int height, int width);  // of one image
  std::size_t (*bandBytes)(int height, int width);       // and of one band, while it runs
  void (*pass)(int number, const SaliencyTask& task, Rows rows, std::byte* scratch);
  // The first peak and the first low of the map that the passes have made; nullptr where `extremes` below, which reads the map,
  // is as fast.
  void (*extremes)(const SaliencyTask& task, Point& peak, Point& low);
  // Used in place of all passes where only the first peak of the map is wanted; nullptr where that is no faster.
  // `scratch`: of one band.
  Point (*firstPeak)(const SaliencyTask& task, std::byte* scratch);
};

// Where mixed images go.
struct MixOutput {
  OutputFormat format;
  void* image;  // of this sample
  bool stream;  // write past the cache: the whole output is larger than its share (cache_size.h)
};

// Bringing images to a size, as resizeCrop of core/resize_crop.h.
struct ResizeCropKernel {
  int pixels;  // columns of the result that a register holds
  // `scratch`: of tables.scratchBytes(), aligned to 64.
  void (*run)(ImageRows& image, const ResizeCropTables& tables, std::byte* scratch, std::uint8_t* out);
};

struct Kernels {
  // A method that is not among them runs its reference.
  const SaliencyKernel* saliency;
  std::size_t saliencyCount;
  // As findExtreme.
  Point (*extreme)(const float* map, int height, int width, Extreme extreme, double u);
  // The first peak and the first low.
  void (*extremes)(const float* map, int height, int width, Point& peak, Point& low);
  // As mixRow and convertRow for each of the rows.
  void (*mix)(const NhwcBatch<std::uint8_t>& batch, const MixSample& sample, const MixOutput& output, Rows rows);
  // As cropFlipRow for each of the rows; `out` is the whole image.
  void (*cropFlip)(const ImageView& image, const CropFlip& draw, Rows rows, std::uint8_t* out);
  // nullptr where the reference runs.
  const ResizeCropKernel* resizeCrop;
  // What the operations on images are made of.
  const operations::PassTable* operations;
  // As drawSamples of core/philox.h.
  void (*drawSamples)(const RandomRun& run, std::size_t count, std::uint32_t* words);
};

}  // namespace saliencymix::cpu
