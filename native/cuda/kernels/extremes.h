// Peaks and lows of maps. Ties: the first in row-major order, or where a number u is given the floor(u * count)-th of the
// tied pixels; see core/argmax.h.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/argmax.h"
#include "cuda/block.h"
#include "cuda/kernels/keys.h"
#include "cuda/tuning.h"

namespace saliencymix::cuda {

// The extremes of maps that are there already. A block: one piece of one map.
struct MapExtremes {
  static constexpr int kThreads = tuning::kPixelThreads;
  static constexpr int kPixels = kThreads * tuning::kPixelsOfThread;

  const float* maps;  // count x pixels
  int count;
  int pixels;
  std::uint64_t* peaks;  // count, 0 before
  std::uint64_t* lows;

  std::size_t sharedBytes() const { return KeyReduction<kThreads>::kBytes; }
  int blocks() const { return count * partsOf(pixels, kPixels); }

  template <class Block>
  SALIENCYMIX_HOST_DEVICE void operator()(const Block& block) const {
    const Piece piece(block.index(), pixels, kPixels);
    const float* const map = maps + static_cast<std::size_t>(piece.image) * static_cast<std::size_t>(pixels);
    const KeyReduction<kThreads> keys(block.shared());
    block.each(kThreads, [&](int thread) {
      BestKeys best;
      for (int i = piece.begin + thread; i < piece.end; i += kThreads) best.update(map[i], static_cast<std::uint32_t>(i));
      keys.put(thread, best);
    });
    keys.finish(block, peaks + piece.image, lows + piece.image);
  }
};

// The pixels that keys stand for. One key for each thread.
struct ReadKeys {
  static constexpr int kThreads = tuning::kPlaceThreads;

  const std::uint64_t* keys;
  int count;
  int width;
  Point* points;  // count

  std::size_t sharedBytes() const { return 0; }
  int blocks() const { return partsOf(count, kThreads); }

  template <class Block>
  SALIENCYMIX_HOST_DEVICE void operator()(const Block& block) const {
    eachOfLaunch(block, kThreads, count, [&](int i) { points[i] = pointOf(keys[i], width); });
  }

  SALIENCYMIX_HOST_DEVICE static Point pointOf(std::uint64_t key, int width) {
    const std::uint32_t index = indexOfKey(key);
    const std::uint32_t columns = static_cast<std::uint32_t>(width);
    return {static_cast<int>(index / columns), static_cast<int>(index % columns)};
  }
};

// An AnchorRequest as the device has it. mapIndex: the position of the image among those that have maps.
struct DeviceRequest {
  std::int32_t mapIndex;
  Extreme extreme;
  double u;
};

// Answers every request with the first extreme, from the keys. One request for each thread.
struct AnswerRequests {
  static constexpr int kThreads = tuning::kPlaceThreads;

  const DeviceRequest* requests;
  int count;
  const std::uint64_t* peaks;
  const std::uint64_t* lows;
  int width;
  Point* answers;  // count

  std::size_t sharedBytes() const { return 0; }
  int blocks() const { return partsOf(count, kThreads); }

  template <class Block>
  SALIENCYMIX_HOST_DEVICE void operator()(const Block& block) const {
    eachOfLaunch(block, kThreads, count, [&](int i) {
      const DeviceRequest& request = requests[i];
      const std::uint64_t* keys = request.extreme == Extreme::peak ? peaks : lows;
      answers[i] = ReadKeys::pointOf(keys[request.mapIndex], width);
    });
  }
};

// For requests with a u of at least 0, whose maps are there: picks one of the tied pixels. A block: one request.
struct ChooseTie {
  static constexpr int kThreads = tuning::kTieThreads;

  const DeviceRequest* requests;
  int count;
  const float* maps;  // from map index `first` on
  int first;
  int width;
  int pixels;
  Point* answers;  // the first extreme before; then the one that was picked

  std::size_t sharedBytes() const { return kThreads * sizeof(std::int32_t); }
  int blocks() const { return count; }

  template <class Block>
  SALIENCYMIX_HOST_DEVICE void operator()(const Block& block) const {
    const DeviceRequest& request = requests[block.index()];
    if (request.u < 0.0) return;
    Point& answer = answers[block.index()];
    const float* const map = maps + static_cast<std::size_t>(request.mapIndex - first) * static_cast<std::size_t>(pixels);
    const float value = map[answer.row * width + answer.col];
    std::int32_t* const counts = reinterpret_cast<std::int32_t*>(block.shared());
    const int each = partsOf(pixels, kThreads);
    block.each(kThreads, [&](int thread) {
      counts[thread] = 0;
      forTied(map, value, thread, each, [&](int) { counts[thread]++; return true; });
    });
    block.each(1, [&](int) {
      std::int32_t total = 0;
      for (int thread = 0; thread < kThreads; thread++) total += counts[thread];
      std::int32_t left = static_cast<std::int32_t>(request.u * static_cast<double>(total));
      int thread = 0;
      while (thread < kThreads - 1 && left >= counts[thread]) left -= counts[thread++];
      forTied(map, value, thread, each, [&](int i) {
        answer = {i / width, i % width};
        return left-- > 0;
      });
    });
  }

 private:
  // Calls f with the tied pixels of a thread's part of the map, in order, for as long as it gives true.
  template <class F>
  SALIENCYMIX_HOST_DEVICE void forTied(const float* map, float value, int thread, int each, const F& f) const {
    const int begin = thread * each;
    const int end = begin + each < pixels ? begin + each : pixels;
    for (int i = begin; i < end; i++) {
      if (map[i] == value && !f(i)) return;
    }
  }
};

}  // namespace saliencymix::cuda
