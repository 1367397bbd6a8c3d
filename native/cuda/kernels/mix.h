// Mixing and converting in one pass: every byte that the result shows is read once, every value is written once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "core/convert.h"
#include "core/mix.h"
#include "cuda/block.h"
#include "cuda/bytes.h"
#include "cuda/tuning.h"

namespace saliencymix::cuda {

// The batch on the device, and its samples, placed.
struct MixInput {
  NhwcBatch<std::uint8_t> batch;
  const MixSample* samples;
  int count;  // of the samples

  SALIENCYMIX_HOST_DEVICE int imageLength() const { return batch.height * batch.width * batch.channels; }
};

// Chooses the format's numbers for a channel by comparisons: an array index that the compiler does not know would be slow.
template <class T>
SALIENCYMIX_HOST_DEVICE T convertChannel(const OutputFormat& format, std::uint8_t value, int c) {
  const float offset = c == 0 ? format.offset[0] : (c == 1 ? format.offset[1] : format.offset[2]);
  const float scale = c == 0 ? format.scale[0] : (c == 1 ? format.scale[1] : format.scale[2]);
  return detail::convertValue<T>(value, offset, scale);
}

// For any shape and format: one value for each thread, in the order of the output.
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
          convertChannel<T>(format, value, c);
    });
  }
};

// For images whose bytes (and, for planes, pixels) are a multiple of 16. Each thread takes 48 values of a sample, which are
// 16 pixels of three channels, and reads and writes 16 bytes at a time.
template <class T, bool planes>
struct MixUnits {
  static constexpr int kThreads = tuning::kMixThreads;
  static constexpr int kBlocksAtOnce = tuning::kMixBlocksAtOnce;
  static constexpr int kValues = 48;
  static constexpr int kVectors = kValues / 16;

  MixInput input;
  OutputFormat format;
  T* out;

  std::size_t sharedBytes() const { return 0; }
  int blocks() const { return input.count * partsOf(partsOf(input.imageLength(), kValues), kThreads); }

  // Whether this kernel can be used.
  static bool fits(const MixInput& input) {
    const int channels = input.batch.channels;
    return input.imageLength() % 16 == 0 && (!planes || (channels == 3 && input.imageLength() % kValues == 0));
  }

  template <class Block>
  SALIENCYMIX_HOST_DEVICE void operator()(const Block& block) const {
    const Piece piece(block.index(), partsOf(input.imageLength(), kValues), kThreads);
    eachOfPiece(block, kThreads, piece,
                [&](int unit) { write(input.samples[piece.image], piece.image, unit * kValues); });
  }

 private:
  SALIENCYMIX_HOST_DEVICE void write(const MixSample& sample, int number, int begin) const {
    const int length = input.imageLength();
    T* const image = out + static_cast<std::size_t>(number) * static_cast<std::size_t>(length);
    Bytes16 mixed[kVectors];
    SALIENCYMIX_UNROLL
    for (int v = 0; v < kVectors; v++) {
      if (begin + 16 * v < length) mixed[v] = gather(sample, begin + 16 * v);
    }
    if constexpr (planes) {
      SALIENCYMIX_UNROLL
      for (int c = 0; c < 3; c++) {
        put(image + c * (length / 3) + begin / 3, [&](int i) { return converted(mixed, 3 * i + c, c); });
      }
    } else {
      const bool coloured = input.batch.channels == 3;
      SALIENCYMIX_UNROLL
      for (int v = 0; v < kVectors; v++) {
        if (begin + 16 * v >= length) continue;
        if constexpr (sizeof(T) == 1) {
          *reinterpret_cast<Bytes16*>(image + begin + 16 * v) = mixed[v];
        } else {
          put(image + begin + 16 * v, [&](int i) { return converted(mixed, 16 * v + i, coloured ? (16 * v + i) % 3 : 0); });
        }
      }
    }
  }

  SALIENCYMIX_HOST_DEVICE T converted(const Bytes16* mixed, int i, int c) const {
    return convertChannel<T>(format, mixed[i / 16].get(i % 16), c);
  }

  // Writes sixteen values to an address that is a multiple of 16.
  template <class F>
  SALIENCYMIX_HOST_DEVICE static void put(T* at, const F& valueOf) {
    constexpr int kOfVector = 16 / sizeof(T);
    SALIENCYMIX_UNROLL
    for (int first = 0; first < 16; first += kOfVector) {
      union {
        Bytes16 bytes;
        T values[kOfVector];
      } vector;
      SALIENCYMIX_UNROLL
      for (int i = 0; i < kOfVector; i++) vector.values[i] = valueOf(first + i);
      *reinterpret_cast<Bytes16*>(at + first) = vector.bytes;
    }
  }

  // Sixteen bytes of the mixed image from position `at`, a multiple of 16.
  SALIENCYMIX_HOST_DEVICE Bytes16 gather(const MixSample& sample, int at) const {
    const int rowLength = static_cast<int>(input.batch.rowLength());
    const int y = at / rowLength;
    const int x = at - y * rowLength;  // in values
    if (hasBox(sample.kind)) {
      const Box& to = sample.boxes.to;
      if (x + 16 > rowLength) return gatherSlowly(sample, at);
      const int begin = limited(to.left * input.batch.channels - x);
      const int end = limited(to.right * input.batch.channels - x);
      if (y < to.top || y >= to.bottom || begin >= end) return load(imageOf(sample.target) + at);
      if (begin > 0 || end < 16) return gatherSlowly(sample, at);
    }
    return visitKind(sample.kind, [&](auto kind) { return sixteen(kind, sample, at, y, x); });
  }

  // Sixteen bytes at `at`, value x of row y, all of which the kind makes. Any kind can be done value by value; those below
  // are done by vectors.
  template <class Kind>
  SALIENCYMIX_HOST_DEVICE Bytes16 sixteen(Kind, const MixSample& sample, int at, int, int) const {
    return gatherSlowly(sample, at);
  }
  SALIENCYMIX_HOST_DEVICE Bytes16 sixteen(Keep, const MixSample& sample, int at, int, int) const {
    return load(imageOf(sample.target) + at);
  }
  SALIENCYMIX_HOST_DEVICE Bytes16 sixteen(Blend, const MixSample& sample, int at, int, int) const {
    const Bytes16 target = load(imageOf(sample.target) + at);
    const Bytes16 source = load(imageOf(sample.source) + at);
    Bytes16 bytes{};
    SALIENCYMIX_UNROLL
    for (int i = 0; i < 16; i++) bytes.push(Blend::blendPixel(sample.lambda, target.get(i), source.get(i)));
    return bytes;
  }
  SALIENCYMIX_HOST_DEVICE Bytes16 sixteen(Erase, const MixSample& sample, int at, int, int) const {
    if (sample.fill < 0) return gatherSlowly(sample, at);
    const std::uint32_t four = static_cast<std::uint32_t>(sample.fill & 0xff) * 0x01010101u;
    return {{four, four, four, four}};
  }
  SALIENCYMIX_HOST_DEVICE Bytes16 sixteen(Cut, const MixSample& sample, int at, int y, int x) const {
    return sixteen(Erase{}, sample, at, y, x);
  }
  SALIENCYMIX_HOST_DEVICE Bytes16 sixteen(Paste, const MixSample& sample, int, int y, int x) const {
    const auto& [from, to] = sample.boxes;
    const int rowLength = static_cast<int>(input.batch.rowLength());
    return loadBytes16(imageOf(sample.source) + (y - to.top + from.top) * rowLength + x +
                       (from.left - to.left) * input.batch.channels);
  }

  // Value by value: for bytes on both sides of the box's border, or in two rows.
  SALIENCYMIX_HOST_DEVICE Bytes16 gatherSlowly(const MixSample& sample, int at) const {
    Bytes16 bytes{};
    const int channels = input.batch.channels;
    for (int i = at; i < at + 16; i++) {
      const int pixel = i / channels;
      bytes.push(mixedValue(input.batch, sample, pixel / input.batch.width, pixel % input.batch.width, i % channels));
    }
    return bytes;
  }

  SALIENCYMIX_HOST_DEVICE const std::uint8_t* imageOf(int image) const { return input.batch.row(image, 0); }
  SALIENCYMIX_HOST_DEVICE static Bytes16 load(const std::uint8_t* at) { return *reinterpret_cast<const Bytes16*>(at); }
  SALIENCYMIX_HOST_DEVICE static int limited(int at) { return at < 0 ? 0 : (at > 16 ? 16 : at); }
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
