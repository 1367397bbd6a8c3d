// The arguments that several calls share: the batch, the backend, how to run.
#pragma once

#include <napi.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "backends.h"
#include "binding/args.h"
#include "binding/resident.h"
#include "binding/worker.h"
#include "core/backend.h"

namespace saliencymix::binding {

inline std::size_t product(int a, int b, int c, int d) {
  return static_cast<std::size_t>(a) * static_cast<std::size_t>(b) * static_cast<std::size_t>(c) *
         static_cast<std::size_t>(d);
}

// Moving up to this many bytes takes about as long as handing the work to another thread and being told of its end. 256 images
// of CIFAR are fewer.
constexpr std::size_t kQuickBytes = std::size_t{1} << 20;

// A batch without its pixels.
inline BatchView readShape(const Napi::Object& from) {
  return {nullptr, readInt(from, "count", 1), readInt(from, "height", 1), readInt(from, "width", 1),
          readInt(from, "channels", 1)};
}

inline std::size_t bytesOf(const BatchView& batch) {
  return product(batch.count, batch.height, batch.width, batch.channels);
}

inline BatchView readBatch(const Napi::Object& from) {
  BatchView batch = readShape(from);
  batch.data = readArray<std::uint8_t>(from, "data", bytesOf(batch));
  return batch;
}

inline const Backend& readBackend(const Napi::Object& from) {
  const std::string name = readText(from, "backend");
  const Backend* backend = findBackend(name);
  if (backend == nullptr) throw badArgument(from.Env(), "backend", "the name of one");
  return *backend;
}

// A batch with its pixels in JavaScript's memory, or in a backend's, of which this is one of the owners.
struct HeldBatch {
  BatchView view;
  std::shared_ptr<const Resident> resident;

  BatchSource source() const { return {view, resident.get()}; }
};

// The pixels as `data`, or as `resident` in the backend's memory.
inline HeldBatch readHeldBatch(const Napi::Object& from, const Backend& backend) {
  if (!has(from, "resident")) return {readBatch(from), nullptr};
  const BatchView view = readShape(from);
  return {view, readResident(from, backend, bytesOf(view))};
}

// Memory that a call writes: JavaScript's, or a backend's.
struct HeldDestination {
  void* images;
  std::optional<ResidentTarget> resident;

  // Calls `write` with the memory.
  void fill(const std::function<void(const Destination&)>& write) const {
    if (!resident) return write({images, nullptr});
    resident->fill([&](Resident& memory) { write({nullptr, &memory}); });
  }
};

// So many values as `images`, or as `resident` in the backend's memory, apart from the batch.
inline HeldDestination readDestination(const Napi::Object& from, const HeldBatch& batch, const Backend& backend, Dtype dtype,
                                       std::size_t values) {
  if (has(from, "resident")) {
    const ResidentTarget target = readTarget(from, backend, values * bytesPerValue(dtype));
    if (target.memory() != nullptr && target.memory() == batch.resident.get()) {
      throw badArgument(from.Env(), "output.resident", "memory apart from the batch's");
    }
    return {nullptr, target};
  }
  switch (dtype) {
    case Dtype::uint8: return {readArray<std::uint8_t>(from, "images", values), std::nullopt};
    case Dtype::float16: return {readArray<std::uint16_t>(from, "images", values), std::nullopt};
    case Dtype::float32: break;
  }
  return {readArray<float>(from, "images", values), std::nullopt};
}

inline const SaliencyMethod& readMethod(const Napi::Object& from, const Backend& backend) {
  const SaliencyMethod* method = findSaliencyMethod(readText(from, "method"));
  const bool there = method != nullptr && backend.supports({method, std::nullopt, std::nullopt});
  if (!there) throw badArgument(from.Env(), "method", "the name of one that the backend has");
  return *method;
}

inline OutputFormat readFormat(const Napi::Object& from) {
  const int dtype = readInt(from, "dtype", 0);
  if (dtype > 2) throw badArgument(from.Env(), "dtype", "0, 1 or 2");
  OutputFormat format{readInt(from, "nchw", 0) != 0 ? Layout::nchw : Layout::nhwc, static_cast<Dtype>(dtype), {}, {}};
  const float* offset = readArray<float>(from, "offset", 3);
  const float* scale = readArray<float>(from, "scale", 3);
  std::copy_n(offset, 3, format.offset);
  std::copy_n(scale, 3, format.scale);
  return format;
}

}  // namespace saliencymix::binding
