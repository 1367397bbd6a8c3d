// Maps of N×C×H×W float32, and how kernels go through them: in vectors of four floats where planes and addresses are multiples
// of 16 bytes, else float by float.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>

#include "core/divide.h"
#include "core/host_device.h"
#include "cuda/block.h"
#include "cuda/train/arguments.h"
#include "cuda/tuning.h"

namespace saliencymix::cuda {

template <int width>
struct alignas(width * sizeof(float)) [[gnu::may_alias]] Floats {
  float of[width];
};

template <int width>
SALIENCYMIX_HOST_DEVICE Floats<width> get(const float* from) {
  return *reinterpret_cast<const Floats<width>*>(from);
}
// Zeros where there is nothing to be read; `from` may be null then.
template <int width>
SALIENCYMIX_HOST_DEVICE Floats<width> getIf(bool there, const float* from, std::size_t at) {
  return there ? get<width>(from + at) : Floats<width>{};
}
template <int width>
SALIENCYMIX_HOST_DEVICE void put(float* to, const Floats<width>& values) {
  *reinterpret_cast<Floats<width>*>(to) = values;
}

// Whether maps whose planes have `length` floats can be gone through in fours. Null stands for a map that is not there.
inline bool inFours(std::size_t length, std::initializer_list<const void*> maps) {
  std::uintptr_t all = 0;
  for (const void* map : maps) all |= reinterpret_cast<std::uintptr_t>(map);
  return length % 4 == 0 && all % 16 == 0;
}

// Divides by the same number again and again.
struct Divisor {
  explicit Divisor(std::uint32_t divisor) : value(divisor), reciprocal(reciprocalOf(divisor)) {}
  SALIENCYMIX_HOST_DEVICE std::uint32_t of(std::uint32_t dividend) const { return divide(dividend, value, reciprocal); }

  std::uint32_t value;
  std::uint32_t reciprocal;
};

// A map as one row of vectors, a few for each thread of a launch.
template <int width>
struct MapVectors {
  static constexpr int kThreads = tuning::kMapThreads;
  static constexpr int kOfThread = tuning::kMapValues / width;

  explicit MapVectors(const Planes& shape)
      : count(static_cast<std::uint32_t>(shape.values() / width)), ofPlane(static_cast<std::uint32_t>(shape.pixels / width)),
        channels(static_cast<std::uint32_t>(shape.channels)) {}

  int blocks() const { return partsOf(static_cast<int>(count), kThreads * kOfThread); }

  // Vector number i of a thread; neighbours in a warp take neighbours in memory. May lie behind the last.
  SALIENCYMIX_HOST_DEVICE std::uint32_t number(int block, int thread, int i) const {
    return static_cast<std::uint32_t>((block * kOfThread + i) * kThreads + thread);
  }
  SALIENCYMIX_HOST_DEVICE bool has(std::uint32_t vector) const { return vector < count; }
  SALIENCYMIX_HOST_DEVICE std::uint32_t planeOf(std::uint32_t vector) const { return ofPlane.of(vector); }
  SALIENCYMIX_HOST_DEVICE std::uint32_t channelOf(std::uint32_t vector) const {
    const std::uint32_t plane = ofPlane.of(vector);
    return plane - channels.of(plane) * channels.value;
  }
  // Of the vector's first float.
  SALIENCYMIX_HOST_DEVICE static std::size_t placeOf(std::uint32_t vector) { return static_cast<std::size_t>(vector) * width; }

  std::uint32_t count;
  Divisor ofPlane;  // vectors
  Divisor channels;
};

}  // namespace saliencymix::cuda
