// The interface of a backend, and the contract that every one keeps.
//
// Same answers everywhere: fine-grained maps, their peaks and lows, boxes and pixels are equal bit for bit on every
// backend, for any number of threads. Ties: see argmax.h. A backend never sees a random generator, a file or a JavaScript value.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <span>
#include <string>
#include <vector>

#include "core/convert.h"
#include "core/crop_flip.h"
#include "core/image.h"
#include "core/mix.h"
#include "core/plan.h"
#include "core/saliency/methods.h"

namespace saliencymix {

// Thrown out of a backend's functions when the caller asked to stop.
struct Cancelled : std::exception {
  const char* what() const noexcept override { return "cancelled"; }
};

// How one call runs.
struct Run {
  int threads;                          // at most; at least 1
  const std::atomic<bool>* cancelled;  // looked at between images; may be nullptr

  void throwIfCancelled() const {
    if (cancelled != nullptr && cancelled->load(std::memory_order_relaxed)) throw Cancelled{};
  }
};

// Maps to look for anchors in: given ones (count x height x width floats), or those a method finds in the batch.
struct MapSource {
  BatchView batch;
  const SaliencyMethod* method;  // nullptr when `maps` is given
  const float* maps;
};

class Backend {
 public:
  virtual ~Backend() = default;

  virtual const char* name() const = 0;
  virtual const char* description() const = 0;
  // Why it cannot be used on this machine; empty when it can.
  virtual std::string unavailable() const = 0;
  // Which of its variants runs, and those that this machine could run, best first. The variants give the same bits but
  // for the scalar reference, which computes the float methods in float64.
  virtual const char* level() const = 0;
  virtual std::vector<std::string> levels() const = 0;

  // maps: count x height x width, or nullptr when only the extremes are wanted. peaks, lows: count points, first of
  // ties.
  virtual void saliency(const BatchView& batch, const SaliencyMethod& method, float* maps, Point* peaks, Point* lows,
                        const Run& run) const = 0;

  // Answers every request. Requests of one image stand together.
  virtual void findAnchors(const MapSource& source, std::span<const AnchorRequest> requests, const Run& run) const = 0;

  // out: one image per sample in the wanted format, in the order of the samples; does not overlap the batch.
  virtual void mix(const Planes<std::uint8_t>& batch, std::span<const MixSample> samples, const OutputFormat& format,
                   void* out, const Run& run) const = 0;

  // Label maps of 32 bits: pasted and erased, never blended. out: as the batch.
  virtual void mixLabelMaps(const Planes<std::int32_t>& batch, std::span<const MixSample> samples, std::int32_t* out,
                            const Run& run) const = 0;

  // Shifts and mirrors every image as drawn for it. out: as the batch; does not overlap it.
  virtual void cropFlip(const BatchView& batch, std::span<const CropFlip> draws, std::uint8_t* out,
                        const Run& run) const = 0;
};

}  // namespace saliencymix
