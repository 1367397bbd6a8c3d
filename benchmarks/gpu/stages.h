// What each kernel has to move, at least: every input read once, every result written once, whatever the caches do between.
// P: pixels of an image; C: its channels; V = P C: its values; S = (H + 1)(W + 1): the entries of an integral image.
//
// A kernel that is not listed is timed all the same, without a share of the bandwidth.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <typeinfo>

#if __has_include(<cxxabi.h>)
#include <cxxabi.h>
#endif

#include "cuda/kernels/extremes.h"
#include "cuda/kernels/fine_grained.h"
#include "cuda/kernels/fine_grained_peak.h"
#include "cuda/kernels/frequency_tuned.h"
#include "cuda/kernels/integral.h"
#include "cuda/kernels/mix.h"
#include "cuda/kernels/place.h"
#include "cuda/kernels/sobel.h"
#include "cuda/kernels/spectral_residual.h"
#include "cuda/kernels/spectral_residual_float.h"

namespace gpu_bench {

using namespace saliencymix;

// Bytes of one launch.
struct Moved {
  double read = 0;
  double written = 0;
};

struct Stage {
  std::string name;
  std::string formula;  // per image, or per sample where something is mixed
  Moved moved;
};

// How many values of the batch a mixed value is made of: two where images are blended. A kernel's arguments do not tell.
using ReadsPerValue = double;

inline double pixelsOf(const cuda::Chunk& chunk) { return static_cast<double>(chunk.pixels()); }
inline double valuesOf(const cuda::Chunk& chunk) { return pixelsOf(chunk) * chunk.channels; }
inline double mapOf(const cuda::Chunk& chunk) { return chunk.maps != nullptr ? 4 * pixelsOf(chunk) : 0; }
inline double pixelsOf(const cuda::IntegralImages& k) { return static_cast<double>(k.height) * k.width; }
inline double sumsOf(const cuda::IntegralImages& k) { return 4.0 * (k.height + 1) * (k.width + 1); }
inline Moved times(int count, double read, double written) { return {count * read, count * written}; }

inline Stage stageOf(const cuda::FineGrainedWhole& k, ReadsPerValue) {
  return {"FineGrainedWhole", k.chunk.maps != nullptr ? "read V, write 4 P" : "read V",
          times(k.chunk.count, valuesOf(k.chunk), mapOf(k.chunk))};
}
inline Stage stageOf(const cuda::SmoothGray& k, ReadsPerValue) {
  return {"SmoothGray", "read V, write P", times(k.chunk.count, valuesOf(k.chunk), pixelsOf(k.chunk))};
}
inline Stage stageOf(const cuda::SumColumns& k, ReadsPerValue) {
  return {"SumColumns", "read P, write 4 S", times(k.images.count, pixelsOf(k.images), sumsOf(k.images))};
}
inline Stage stageOf(const cuda::SumRows& k, ReadsPerValue) {
  return {"SumRows", "read 4 S, write 4 S", times(k.images.count, sumsOf(k.images), sumsOf(k.images))};
}
inline Stage stageOf(const cuda::Contrast& k, ReadsPerValue) {
  return {"Contrast", "read P + 4 S, write 4 P",
          times(k.images.count, pixelsOf(k.images) + sumsOf(k.images), 4 * pixelsOf(k.images))};
}
inline Stage stageOf(const cuda::CombineContrasts& k, ReadsPerValue) {
  return {"CombineContrasts", k.chunk.maps != nullptr ? "read 4 P, write 4 P" : "read 4 P",
          times(k.chunk.count, 4 * pixelsOf(k.chunk), mapOf(k.chunk))};
}
inline Stage stageOf(const cuda::BoundCells& k, ReadsPerValue) {
  const cuda::IntegralImages& images = k.search.images;
  return {"BoundCells", "read P + 4 S, write P", times(images.count, pixelsOf(images) + sumsOf(images), pixelsOf(images))};
}
// And of the cells that are left a number each.
inline Stage stageOf(const cuda::SelectCells<cuda::MayHaveMore>& k, ReadsPerValue) {
  return {"SelectCells for maxima", "read P", times(k.search.images.count, pixelsOf(k.search.images), 0)};
}
inline Stage stageOf(const cuda::SelectCells<cuda::MayHaveAll>& k, ReadsPerValue) {
  return {"SelectCells for peaks", "read P", times(k.search.images.count, pixelsOf(k.search.images), 0)};
}
inline Stage stageOf(const cuda::FrequencyTunedWhole& k, ReadsPerValue) {
  return {"FrequencyTunedWhole", k.chunk.maps != nullptr ? "read V, write 4 P" : "read V",
          times(k.chunk.count, valuesOf(k.chunk), mapOf(k.chunk))};
}
inline Stage stageOf(const cuda::SumColours& k, ReadsPerValue) {
  return {"SumColours", "read V, write 12 P", times(k.chunk.count, valuesOf(k.chunk), 12 * pixelsOf(k.chunk))};
}
inline Stage stageOf(const cuda::ColourDistance& k, ReadsPerValue) {
  return {"ColourDistance", k.chunk.maps != nullptr ? "read 12 P, write 4 P" : "read 12 P",
          times(k.chunk.count, 12 * pixelsOf(k.chunk), mapOf(k.chunk))};
}
inline Stage stageOf(const cuda::SquareGradients& k, ReadsPerValue) {
  return {"SquareGradients", "read V, write 4 P", times(k.chunk.count, valuesOf(k.chunk), 4 * pixelsOf(k.chunk))};
}
inline Stage stageOf(const cuda::ShareGradients& k, ReadsPerValue) {
  return {"ShareGradients", k.chunk.maps != nullptr ? "read 4 P, write 4 P" : "read 4 P",
          times(k.chunk.count, 4 * pixelsOf(k.chunk), mapOf(k.chunk))};
}
// Of the image only the neighbours of 64 x 64 points, two an axis.
inline Stage stageOf(const cuda::FloatSpectrum& k, ReadsPerValue) {
  const double image = static_cast<double>(std::min(k.chunk.height, 128)) * std::min(k.chunk.width, 128) * k.chunk.channels;
  return {"FloatSpectrum", "read min(H, 128) min(W, 128) C, write 4 * 64^2",
          times(k.chunk.count, image, 4.0 * static_cast<double>(kDftArea))};
}
// Of images like photographs hardly any is left to it.
inline Stage stageOf(const cuda::Spectrum& k, ReadsPerValue) {
  return {"Spectrum", "read 4", times(k.chunk.count, sizeof(std::int32_t), 0)};
}
inline Stage stageOf(const cuda::SpreadSquares& k, ReadsPerValue) {
  return {"SpreadSquares", k.chunk.maps != nullptr ? "read 4 * 64^2, write 4 P" : "read 4 * 64^2",
          times(k.chunk.count, 4.0 * static_cast<double>(kDftArea), mapOf(k.chunk))};
}
inline Stage stageOf(const cuda::ReadKeys& k, ReadsPerValue) {
  return {"ReadKeys", "read 16, write 16", times(k.count, sizeof(std::uint64_t), sizeof(Point))};
}
inline Stage stageOf(const cuda::AnswerRequests& k, ReadsPerValue) {
  return {"AnswerRequests", "read 24, write 8",
          times(k.count, sizeof(cuda::DeviceRequest) + sizeof(std::uint64_t), sizeof(Point))};
}
inline Stage stageOf(const cuda::PutAnchors& k, ReadsPerValue) {
  return {"PutAnchors", "read 16, write 8",
          times(k.count, sizeof(cuda::RequestIndex) + sizeof(Point), sizeof(Point))};
}
inline Stage stageOf(const cuda::PlaceBoxes& k, ReadsPerValue) {
  return {"PlaceBoxes", "read a sample, write its boxes and lambda",
          times(k.count, sizeof(MixSample), sizeof(BoxPair) + sizeof(double))};
}

template <class T>
std::string typeName() {
  return sizeof(T) == 1 ? "uint8" : (sizeof(T) == 2 ? "float16" : "float32");
}
template <class T>
Stage mixStage(const std::string& name, const cuda::MixInput& input, ReadsPerValue reads) {
  const double values = input.imageLength();
  const std::string formula = std::string(reads > 1 ? "read 2 V" : "read V") + ", write " +
                              (sizeof(T) == 1 ? "" : std::to_string(sizeof(T)) + " ") + "V";
  return {name, formula, times(input.count, reads * values, sizeof(T) * values)};
}
template <class T, bool planes, cuda::MixSet set>
Stage stageOf(const cuda::MixUnits<T, planes, set>& k, ReadsPerValue reads) {
  return mixStage<T>("MixUnits " + typeName<T>() + (planes ? " NCHW" : " NHWC"), k.input, reads);
}
template <class T>
Stage stageOf(const cuda::MixValues<T>& k, ReadsPerValue reads) {
  return mixStage<T>("MixValues " + typeName<T>(), k.input, reads);
}

// Any other kernel, by the name of its type.
template <class Kernel>
Stage stageOf(const Kernel&, ReadsPerValue) {
  std::string name = typeid(Kernel).name();
#if __has_include(<cxxabi.h>)
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> plain(abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status),
                                                          &std::free);
  if (status == 0) name = plain.get();
#endif
  return {name, "", {}};
}

}  // namespace gpu_bench
