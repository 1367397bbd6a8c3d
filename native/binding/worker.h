// One asynchronous call: arguments read on the JavaScript thread, work done off it, a promise settled on it again.
#pragma once

#include <napi.h>

#include <atomic>
#include <functional>
#include <memory>
#include <utility>

#include "core/backend.h"

namespace saliencymix::binding {

using CancelFlag = std::shared_ptr<std::atomic<bool>>;

// Runs `work` on libuv's pool (which hands the heavy part to our own). `arguments` is the JavaScript object whose typed
// arrays the work reads and writes: a reference keeps them alive until the promise is settled.
class PromiseWorker final : public Napi::AsyncWorker {
 public:
  PromiseWorker(const Napi::Object& arguments, CancelFlag cancelled, std::function<void()> work)
      : AsyncWorker(arguments.Env(), "saliencymix"),
        deferred_(Napi::Promise::Deferred::New(arguments.Env())),
        arguments_(Napi::Persistent(arguments)),
        cancelled_(std::move(cancelled)),
        work_(std::move(work)) {}

  Napi::Promise promise() const { return deferred_.Promise(); }

 protected:
  void Execute() override { work_(); }  // exceptions become OnError, by AsyncWorker
  void OnOK() override { deferred_.Resolve(Env().Undefined()); }
  void OnError(const Napi::Error& error) override { deferred_.Reject(error.Value()); }

 private:
  Napi::Promise::Deferred deferred_;
  Napi::ObjectReference arguments_;
  CancelFlag cancelled_;
  std::function<void()> work_;
};

// The flag of a call, made by newCancel() in JavaScript; absent means it cannot be stopped.
inline CancelFlag readCancel(const Napi::Object& arguments) {
  const Napi::Value value = arguments.Get("cancel");
  return value.IsExternal() ? *value.As<Napi::External<CancelFlag>>().Data() : nullptr;
}

inline Napi::Value queue(const Napi::Object& arguments, CancelFlag cancelled, std::function<void()> work) {
  auto worker = std::make_unique<PromiseWorker>(arguments, std::move(cancelled), std::move(work));
  const Napi::Promise promise = worker->promise();
  worker.release()->Queue();  // deletes itself once settled
  return promise;
}

}  // namespace saliencymix::binding
