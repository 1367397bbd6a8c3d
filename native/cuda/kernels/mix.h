// Mixing and converting in one pass, for any shape and format.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/convert.h"
#include "core/mix.h"
#include "cuda/block.h"
#include "cuda/tuning.h"

namespace saliencymix::cuda {

// The batch on the device, and its samples, placed.
struct MixInput {
  NhwcBatch<std::uint8_t> batch;
  const MixSample* samples;
  int count;  // of the samples

  SALIENCYMIX_HOST_DEVICE int imageLength() const { return batch.height * batch.width * batch.channels; }
};

// A value as it is written, by what the device has to convert numbers.
template <class T, class Block>
SALIENCYMIX_HOST_DEVICE T convertValue(const Block& block, std::uint8_t value, float offset, float scale) {
  if constexpr (sizeof(T) == 1) return value;
  else if constexpr (sizeof(T) == 2) return block.halfBits(normalise(value, offset, scale));
  else return normalise(value, offset, scale);
}

// Of a format's numbers that of a channel, by comparisons: an array index that the compiler does not know would be slow.
SALIENCYMIX_HOST_DEVICE inline float ofChannel(const float (&numbers)[3], int c) {
  return c == 0 ? numbers[0] : (c == 1 ? numbers[1] : numbers[2]);
}

// One value for each thread, in the order of the output.
template <class T>
struct MixValues {
  static constexpr int kThreads = tuning::kMixThreads;

  MixInput input;
  OutputFormat format;
  T* out;

  std::size_t sharedBytes() const { return 0; }
  int blocks() const { return input.count * partsOf(input.imageLength(), kThreads); }

  template <class Block>
  SALIENCYMIX_HOST_DEVICE void operator()(const Block& block) const {
    const int length = input.imageLength();
    const Piece piece(block.index(), length, kThreads);
    eachOfPiece(block, kThreads, piece, [&](int i) {
      const int channels = input.batch.channels;
      const int plane = input.batch.height * input.batch.width;
      const bool planes = format.layout == Layout::nchw;
      const int c = planes ? i / plane : i % channels;
      const int pixel = planes ? i % plane : i / channels;
      const std::uint8_t value =
          mixedValue(input.batch, input.samples[piece.image], pixel / input.batch.width, pixel % input.batch.width, c);
      out[static_cast<std::size_t>(piece.image) * static_cast<std::size_t>(length) + static_cast<std::size_t>(i)] =
          convertValue<T>(block, value, ofChannel(format.offset, c), ofChannel(format.scale, c));
    });
  }
};

// Label maps of 32 bits, one label for each thread.
struct MixLabels {
  static constexpr int kThreads = tuning::kMixThreads;

  NhwcBatch<std::int32_t> maps;
  const MixSample* samples;
  int count;
  std::int32_t* out;

  std::size_t sharedBytes() const { return 0; }
  int blocks() const { return count * partsOf(maps.height * maps.width, kThreads); }

  template <class Block>
  SALIENCYMIX_HOST_DEVICE void operator()(const Block& block) const {
    const int pixels = maps.height * maps.width;
    const Piece piece(block.index(), pixels, kThreads);
    eachOfPiece(block, kThreads, piece, [&](int i) {
      out[static_cast<std::size_t>(piece.image) * static_cast<std::size_t>(pixels) + static_cast<std::size_t>(i)] =
          mixedValue(maps, samples[piece.image], i / maps.width, i % maps.width, 0);
    });
  }
};

}  // namespace saliencymix::cuda
