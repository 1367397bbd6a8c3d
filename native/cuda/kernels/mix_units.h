// Mixing and converting in one pass, by vectors: every byte that the result shows is read once, and every value is written once,
// by threads whose neighbours write what lies beside it.
//
// Bytes: V of the target or the source, V values. Instructions: where a vector lies across the border of the box it is made of
// both images by masks, as threads that take another way than their neighbours would keep them waiting.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "core/divide.h"
#include "cuda/bytes.h"
#include "cuda/kernels/mix.h"

namespace saliencymix::cuda {

// Which samples a kernel can make: all, or those whose box is bytes of the source as they lie, or bytes of one value. Without the
// arithmetic of the others it takes half as many registers, so that twice as many threads wait for memory at once.
enum class MixSet { all, moved };

template <class Kind>
constexpr bool kIsMoved = std::is_same_v<Kind, Keep> || std::is_same_v<Kind, Paste> || std::is_base_of_v<Erase, Kind>;

inline bool isMoved(const MixSample& sample) {
  return visitKind(sample.kind, [&](auto kind) {
    return kIsMoved<decltype(kind)> && (sample.fill >= 0 || !std::is_base_of_v<Erase, decltype(kind)>);
  });
}

// Values of one or three channels that a thread makes at once, which are whole vectors in the output.
template <class T, bool planes>
constexpr int kValuesOfUnit = (planes ? 3 : 1) * 16 / static_cast<int>(sizeof(T));

// Whether images, or their planes, are made of units.
template <class T, bool planes>
bool fitsUnits(const MixInput& input) {
  return (!planes || input.batch.channels == 3) && input.imageLength() % kValuesOfUnit<T, planes> == 0;
}

// Each thread writes sixteen bytes: of an image as it lies, or of each of its three planes.
template <class T, bool planes, MixSet set>
struct MixUnits {
  static constexpr int kThreads = tuning::kMixThreads;
  static constexpr int kOfVector = 16 / static_cast<int>(sizeof(T));
  static constexpr int kValues = kValuesOfUnit<T, planes>;
  static constexpr int kBlocksAtOnce = tuning::mixBlocksAtOnce(set == MixSet::moved, kValues == 48);
  using Values = Bytes<kValues>;

  MixInput input;
  OutputFormat format;
  T* out;
  std::uint32_t ofRow;  // reciprocal of the bytes of a row

  MixUnits(const MixInput& mixed, const OutputFormat& as, T* to)
      : input(mixed), format(as), out(to), ofRow(reciprocalOf(static_cast<std::uint32_t>(mixed.batch.rowLength()))) {}

  std::size_t sharedBytes() const { return 0; }
  int blocks() const { return input.count * partsOf(input.imageLength() / kValues, kThreads); }

  template <class Block>
  SALIENCYMIX_HOST_DEVICE void operator()(const Block& block) const {
    const int length = input.imageLength();
    const Piece piece(block.index(), length / kValues, kThreads);
    eachOfPiece(block, kThreads, piece, [&](int unit) {
      const int at = unit * kValues;
      const Values mixed = gather(input.samples[piece.image], at);
      T* const image = out + static_cast<std::size_t>(piece.image) * static_cast<std::size_t>(length);
      if constexpr (planes) {
        SALIENCYMIX_UNROLL
        for (int c = 0; c < 3; c++) {
          put(image + c * (length / 3) + unit * kOfVector, [&](int i) {
            return convertValue<T>(block, mixed.get(3 * i + c), format.offset[c], format.scale[c]);
          });
        }
      } else {
        write(block, mixed, at, image + at);
      }
    });
  }

 private:
  // Values that lie as the bytes do; the first may be of any channel.
  template <class Block>
  SALIENCYMIX_HOST_DEVICE void write(const Block& block, const Values& mixed, int at, T* to) const {
    const bool coloured = input.batch.channels == 3;
    const int first = coloured ? at % 3 : 0;
    float offset[3];
    float scale[3];
    SALIENCYMIX_UNROLL
    for (int i = 0; i < 3; i++) {
      const int c = !coloured ? 0 : (first + i < 3 ? first + i : first + i - 3);
      offset[i] = ofChannel(format.offset, c);
      scale[i] = ofChannel(format.scale, c);
    }
    put(to, [&](int i) { return convertValue<T>(block, mixed.get(i), offset[i % 3], scale[i % 3]); });
  }

  // Writes sixteen bytes of values to an address that is a multiple of 16.
  template <class F>
  SALIENCYMIX_HOST_DEVICE static void put(T* at, const F& valueOf) {
    union {
      Vector<16> bytes;
      T values[kOfVector];
    } vector;
    SALIENCYMIX_UNROLL
    for (int i = 0; i < kOfVector; i++) vector.values[i] = valueOf(i);
    *reinterpret_cast<Vector<16>*>(at) = vector.bytes;
  }

  // The bytes of the mixed image from position `at`.
  SALIENCYMIX_HOST_DEVICE Values gather(const MixSample& sample, int at) const {
    const int rowLength = static_cast<int>(input.batch.rowLength());
    const int y = static_cast<int>(divide(static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(rowLength), ofRow));
    const int x = at - y * rowLength;
    Span box{0, kValues};
    if (hasBox(sample.kind)) {
      if (x + kValues > rowLength) return valueByValue(sample, at);
      const Box& to = sample.boxes.to;
      box = {limited(to.left * input.batch.channels - x), limited(to.right * input.batch.channels - x)};
      if (y < to.top || y >= to.bottom || box.begin >= box.end) return ofTarget(sample, at);
    }
    return visitKind(sample.kind, [&](auto kind) { return shown(kind, sample, {at, y, x}, box); });
  }

  struct Place {
    int at;
    int y;
    int x;
  };
  // The values that are the box's.
  struct Span {
    int begin;
    int end;
  };

  // What a kind makes of the values at a place. Any kind can be done value by value; those below are done by vectors.
  template <class Kind>
  SALIENCYMIX_HOST_DEVICE Values shown(Kind, const MixSample& sample, const Place& place, const Span&) const {
    return has<Kind>() ? valueByValue(sample, place.at) : Values{};
  }
  SALIENCYMIX_HOST_DEVICE Values shown(Keep, const MixSample& sample, const Place& place, const Span&) const {
    return ofTarget(sample, place.at);
  }
  SALIENCYMIX_HOST_DEVICE Values shown(Blend, const MixSample& sample, const Place& place, const Span&) const {
    if constexpr (!has<Blend>()) return Values{};
    const Values target = ofTarget(sample, place.at);
    const Values source = Values::loadAligned(imageOf(sample.source) + place.at);
    Values blended{};
    SALIENCYMIX_UNROLL
    for (int i = 0; i < kValues; i++) blended.push(Blend::blendPixel(sample.lambda, target.get(i), source.get(i)));
    return blended;
  }
  SALIENCYMIX_HOST_DEVICE Values shown(Erase, const MixSample& sample, const Place& place, const Span& box) const {
    if (set == MixSet::all && sample.fill < 0) return valueByValue(sample, place.at);
    return inBox(sample, place, box, Values::filled(static_cast<std::uint8_t>(sample.fill)));
  }
  SALIENCYMIX_HOST_DEVICE Values shown(Cut, const MixSample& sample, const Place& place, const Span& box) const {
    return shown(Erase{}, sample, place, box);
  }
  SALIENCYMIX_HOST_DEVICE Values shown(Paste, const MixSample& sample, const Place& place, const Span& box) const {
    const auto& [from, to] = sample.boxes;
    const int rowLength = static_cast<int>(input.batch.rowLength());
    const std::uint8_t* const source = imageOf(sample.source) + (place.y - to.top + from.top) * rowLength + place.x +
                                       (from.left - to.left) * input.batch.channels;
    // What is not the box's may lie before or behind the batch.
    const std::uint8_t* const end = imageOf(input.batch.count);
    if (source < input.batch.data || source + kValues > end) return valueByValue(sample, place.at);
    return inBox(sample, place, box, Values::load(source));
  }

  SALIENCYMIX_HOST_DEVICE Values inBox(const MixSample& sample, const Place& place, const Span& box, const Values& inner) const {
    if (box.begin == 0 && box.end == kValues) return inner;
    return Values::merged(ofTarget(sample, place.at), inner, box.begin, box.end);
  }

  SALIENCYMIX_HOST_DEVICE Values valueByValue(const MixSample& sample, int at) const {
    Values values{};
    const int channels = input.batch.channels;
    SALIENCYMIX_NOT_UNROLLED
    for (int i = at; i < at + kValues; i++) {
      const int pixel = i / channels;
      values.push(valueAt(sample, pixel / input.batch.width, pixel % input.batch.width, i % channels));
    }
    return values;
  }

  // As mixedValue of core/mix.h.
  SALIENCYMIX_HOST_DEVICE std::uint8_t valueAt(const MixSample& sample, int y, int x, int c) const {
    if constexpr (set == MixSet::all) return mixedValue(input.batch, sample, y, x, c);
    const Box& to = sample.boxes.to;
    const bool inside = y >= to.top && y < to.bottom && x >= to.left && x < to.right;
    if (sample.kind == MixKind::keep || !inside) return input.batch.value(sample.target, y, x, c);
    if (sample.kind == MixKind::paste) return Paste::value(input.batch, sample, y, x, c);
    return static_cast<std::uint8_t>(sample.fill);
  }

  template <class Kind>
  SALIENCYMIX_HOST_DEVICE static constexpr bool has() {
    return set == MixSet::all || kIsMoved<Kind>;
  }

  SALIENCYMIX_HOST_DEVICE Values ofTarget(const MixSample& sample, int at) const {
    return Values::loadAligned(imageOf(sample.target) + at);
  }
  SALIENCYMIX_HOST_DEVICE const std::uint8_t* imageOf(int image) const { return input.batch.row(image, 0); }
  SALIENCYMIX_HOST_DEVICE static int limited(int at) { return at < 0 ? 0 : (at > kValues ? kValues : at); }
};

}  // namespace saliencymix::cuda
