// Handles by which JavaScript holds memory in which a backend keeps pixels between calls.
#pragma once

#include <napi.h>

#include <cstddef>
#include <functional>
#include <memory>

#include "core/backend.h"

namespace saliencymix::binding {

// What JavaScript holds: memory that its first writer allocates, until it is freed. Calls under way share the memory, so
// that they outlive the handle.
struct ResidentHandle {
  const Backend& backend;
  const std::size_t bytes;
  std::shared_ptr<Resident> memory;  // null before it is first written to, and once it is freed
  bool counted;                      // whether the garbage collector was told of it
};

// newResident({ backend, bytes }) -> handle of memory that its first writer allocates
Napi::Value newResident(const Napi::CallbackInfo& info);

// freeResident(handle)   may be called again for the same handle
Napi::Value freeResident(const Napi::CallbackInfo& info);

// upload({ resident, threads, cancel?, data })   data: all bytes of the memory
Napi::Value upload(const Napi::CallbackInfo& info);

// download({ resident, threads, cancel?, data })
Napi::Value download(const Napi::CallbackInfo& info);

// `from.resident`, to be read: written to before, of this backend, with so many bytes.
std::shared_ptr<const Resident> readResident(const Napi::Object& from, const Backend& backend, std::size_t bytes);

// The memory of a handle, to be read: written to before.
std::shared_ptr<const Resident> readWritten(const Napi::Value& handle);

// A handle that a call writes to. It is made on the JavaScript thread, and filled on another.
class ResidentTarget {
 public:
  explicit ResidentTarget(std::shared_ptr<ResidentHandle> handle) : handle_(std::move(handle)), memory_(handle_->memory) {}

  // The memory that is there before the call; nullptr where it will be new.
  const Resident* memory() const { return memory_.get(); }

  // Calls `write` with the memory. New memory becomes the handle's only if that succeeds.
  void fill(const std::function<void(Resident&)>& write) const;

 private:
  std::shared_ptr<ResidentHandle> handle_;
  std::shared_ptr<Resident> memory_;
};

// `from.resident`, to be written.
ResidentTarget readTarget(const Napi::Object& from, const Backend& backend, std::size_t bytes);

}  // namespace saliencymix::binding
