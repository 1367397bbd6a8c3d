// The interface of a backend, and the contract that every one keeps.
//
// Same answers everywhere: fine-grained maps, their peaks and lows, boxes and pixels are equal bit for bit on every
// backend, for any number of threads. Ties: see argmax.h. A backend never sees a random generator, a file or a JavaScript value.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/convert.h"
#include "core/crop_flip.h"
#include "core/image.h"
#include "core/mix.h"
#include "core/operations/steps.h"
#include "core/plan.h"
#include "core/resident.h"
#include "core/saliency/methods.h"

namespace saliencymix {

// Thrown out of a backend's functions when the caller asked to stop.
struct Cancelled : std::exception {
  const char* what() const noexcept override { return "cancelled"; }
};

// How one call runs.
struct Run {
  int threads;                         // how many it may use; at least 1
  const std::atomic<bool>* cancelled;  // looked at between images; may be nullptr

  void throwIfCancelled() const {
    if (cancelled != nullptr && cancelled->load(std::memory_order_relaxed)) throw Cancelled{};
  }
};

// A batch that a call reads. Where `resident` is set the pixels are there and `view.data` is not looked at.
struct BatchSource {
  BatchView view;
  const Resident* resident = nullptr;
};

// Memory that a call writes: the caller's, or a backend's.
struct Destination {
  void* host = nullptr;
  Resident* resident = nullptr;

  // The address, for a backend that can write to both.
  void* address() const { return resident == nullptr ? host : resident->data(); }
};

struct SaliencyJob {
  BatchSource batch;
  const SaliencyMethod* method;
  float* maps;   // count x height x width, or nullptr where only the extremes are wanted
  Point* peaks;  // count, first of ties
  Point* lows;
};

// Where anchors come from: maps that are given (count x height x width floats), or those that a method finds in the batch.
struct Placing {
  BoxRule rule;
  const SaliencyMethod* method;  // nullptr where `maps` is given, or no sample asks for an extreme of a map
  const float* maps;
};

// Mixing a batch: the anchors of its samples found and their boxes placed, then their pixels written. Either half may be
// left out.
struct MixJob {
  BatchSource batch;
  std::span<MixSample> samples;  // completed by placing
  std::optional<Placing> placing;
  std::optional<OutputFormat> format;  // of the output, where there is one
  Destination output;                  // one image per sample, in their order; does not overlap the batch
};

// Changing images one by one: to each its steps, in their order.
struct OperationsJob {
  BatchSource batch;
  std::span<const operations::Step> steps;  // as many for each image, side by side
  operations::Fill fill;
  Destination output;  // of the batch's size, does not overlap it
};

// What a call needs a backend to have. Members that are not set are not needed.
struct Needs {
  const SaliencyMethod* method = nullptr;
  std::optional<MixKind> kind;
  std::optional<Dtype> dtype;  // of the mixed images
};

class Backend {
 public:
  virtual ~Backend() = default;

  virtual const char* name() const = 0;
  virtual const char* description() const = 0;
  // Why it cannot be used on this machine; empty when it can.
  virtual std::string unavailable() const = 0;
  // Whether the backend has all of it. A caller has to ask before it makes a call that needs any of it.
  virtual bool supports(const Needs& needs) const = 0;
  // Which of its variants runs, and those that this machine could run, best first. The variants give the same bits but
  // for the scalar reference, which computes the float methods in float64.
  virtual const char* level() const = 0;
  virtual std::vector<std::string> levels() const = 0;
  // Whether even a small call has to wait for a device. Where not, a small call takes less time than handing it to another
  // thread.
  virtual bool isRemote() const { return false; }

  virtual void saliency(const SaliencyJob& job, const Run& run) const = 0;

  // A whole batch in one call: anchors, boxes, pixels.
  virtual void mix(const MixJob& job, const Run& run) const = 0;

  // Mixes label maps of 32 bits. Labels are moved or erased, never blended. out: one map per sample, in their order.
  virtual void mixLabelMaps(const NhwcBatch<std::int32_t>& batch, std::span<const MixSample> samples, std::int32_t* out,
                            const Run& run) const = 0;

  // Shifts and mirrors every image as drawn for it. out: of the batch's size; does not overlap it.
  virtual void cropFlip(const BatchSource& batch, std::span<const CropFlip> draws, const Destination& out,
                        const Run& run) const = 0;

  virtual void applyOperations(const OperationsJob& job, const Run& run) const = 0;

  // Memory of this backend, with contents that are not defined; and copies of its whole contents from and to the host.
  virtual std::unique_ptr<Resident> allocate(std::size_t bytes) const = 0;
  virtual void upload(const void* from, Resident& to, const Run& run) const = 0;
  virtual void download(const Resident& from, void* to, const Run& run) const = 0;

  // Frees the memory that is kept for the next call. Calls that are running keep what they use.
  virtual void releaseKept() const {}
};

}  // namespace saliencymix
