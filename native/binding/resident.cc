#include "binding/resident.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "binding/batch.h"

namespace saliencymix::binding {

namespace {

using Shared = std::shared_ptr<ResidentHandle>;

// Tells the garbage collector, or takes back, how much memory a handle keeps: to it a handle is an object of a few bytes.
void count(Napi::Env env, ResidentHandle& handle, bool counted) {
  if (handle.counted == counted) return;
  const auto bytes = static_cast<std::int64_t>(handle.bytes);
  Napi::MemoryManagement::AdjustExternalMemory(env, counted ? bytes : -bytes);
  handle.counted = counted;
}

void release(Napi::Env env, ResidentHandle& handle) {
  count(env, handle, false);
  handle.memory.reset();
}

const Shared& handleIn(const Napi::Env env, const Napi::Value& value) {
  if (!value.IsExternal()) throw badArgument(env, "resident", "a handle of newResident()");
  return *value.As<Napi::External<Shared>>().Data();
}

const Shared& readHandle(const Napi::Object& from, const Backend& backend, std::size_t bytes) {
  const Shared& handle = handleIn(from.Env(), from.Get("resident"));
  if (&handle->backend != &backend) throw badArgument(from.Env(), "resident", std::string("memory of ") + backend.name());
  if (handle->bytes != bytes) throw badArgument(from.Env(), "resident", std::to_string(bytes) + " bytes");
  return handle;
}

// The handle of an upload or download, and the bytes in JavaScript's memory.
struct Transfer {
  Shared handle;
  std::uint8_t* data;
};

Transfer readTransfer(const Napi::Object& from) {
  const Shared& handle = handleIn(from.Env(), from.Get("resident"));
  return {handle, readArray<std::uint8_t>(from, "data", handle->bytes)};
}

}  // namespace

std::shared_ptr<const Resident> readResident(const Napi::Object& from, const Backend& backend, std::size_t bytes) {
  readHandle(from, backend, bytes);
  return readWritten(from.Get("resident"));
}

std::shared_ptr<const Resident> readWritten(const Napi::Value& value) {
  const Shared& handle = handleIn(value.Env(), value);
  std::shared_ptr<const Resident> memory = handle->memory;
  const bool right =
      memory && memory->bytes == handle->bytes && std::string_view(memory->backend) == handle->backend.name();
  if (!right) throw badArgument(value.Env(), "resident", "memory that was written to and not freed");
  return memory;
}

ResidentTarget readTarget(const Napi::Object& from, const Backend& backend, std::size_t bytes) {
  return ResidentTarget(readHandle(from, backend, bytes));
}

void ResidentTarget::fill(const std::function<void(Resident&)>& write) const {
  if (memory_) return write(*memory_);
  std::shared_ptr<Resident> fresh = handle_->backend.allocate(handle_->bytes);
  write(*fresh);
  handle_->memory = std::move(fresh);
}

Napi::Value newResident(const Napi::CallbackInfo& info) {
  const Napi::Object from = info[0].As<Napi::Object>();
  const double bytes = from.Get("bytes").IsNumber() ? from.Get("bytes").As<Napi::Number>().DoubleValue() : 0.0;
  if (!(bytes >= 1.0 && bytes <= 9007199254740991.0)) throw badArgument(info.Env(), "bytes", "a whole number of at least 1");
  const Backend& backend = readBackend(from);
  const ResidentHandle handle{backend, static_cast<std::size_t>(bytes), nullptr, false};
  auto* owned = new Shared(std::make_shared<ResidentHandle>(handle));
  count(info.Env(), **owned, true);
  return Napi::External<Shared>::New(info.Env(), owned, [](Napi::Env env, Shared* collected) {
    release(env, **collected);
    delete collected;
  });
}

Napi::Value freeResident(const Napi::CallbackInfo& info) {
  release(info.Env(), *handleIn(info.Env(), info[0]));
  return info.Env().Undefined();
}

Napi::Value upload(const Napi::CallbackInfo& info) {
  const Napi::Object from = info[0].As<Napi::Object>();
  const Transfer transfer = readTransfer(from);
  const Backend& backend = transfer.handle->backend;
  const ResidentTarget target(transfer.handle);
  const int threads = readInt(from, "threads", 1);
  const CancelFlag cancelled = readCancel(from);
  return PromiseWorker::queue(from, cancelled, [=, &backend] {
    const Run run{threads, cancelled.get()};
    target.fill([&](Resident& memory) { backend.upload(transfer.data, memory, run); });
  });
}

Napi::Value download(const Napi::CallbackInfo& info) {
  const Napi::Object from = info[0].As<Napi::Object>();
  const Transfer transfer = readTransfer(from);
  const Backend& backend = transfer.handle->backend;
  const auto memory = readResident(from, backend, transfer.handle->bytes);
  const int threads = readInt(from, "threads", 1);
  const CancelFlag cancelled = readCancel(from);
  return PromiseWorker::queue(from, cancelled, [=, &backend] {
    backend.download(*memory, transfer.data, Run{threads, cancelled.get()});
  });
}

}  // namespace saliencymix::binding
