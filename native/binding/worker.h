// One asynchronous call: the JavaScript thread reads the arguments, another thread does the work, and the JavaScript thread
// settles the promise.
#pragma once

#include <napi.h>

#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "binding/args.h"
#include "binding/calls.h"
#include "core/backend.h"

namespace saliencymix::binding {

using CancelFlag = std::shared_ptr<std::atomic<bool>>;

// Runs `work` on a thread of the calls' pool, which hands parts of it to the other pool. `arguments` is the JavaScript object
// whose typed arrays the work reads and writes: a reference keeps them alive until the promise is settled.
//
// Written on the C interface: a worker thread may be terminated while its call runs, and then settling the promise fails.
// There is nobody left to tell, so such failures are ignored; as C++ exceptions they would end the whole process.
class PromiseWorker final : public Call {
 public:
  // Gives the promise.
  static Napi::Value queue(const Napi::Object& arguments, CancelFlag cancelled, std::function<void()> work) {
    const Napi::Env env = arguments.Env();
    Calls& calls = Calls::of(env);
    std::unique_ptr<PromiseWorker> worker(new PromiseWorker(std::move(cancelled), std::move(work)));
    napi_value promise = nullptr;
    const bool ready = napi_create_promise(env, &worker->deferred_, &promise) == napi_ok &&
                       napi_create_reference(env, arguments, 1, &worker->arguments_) == napi_ok;
    if (!ready) throw badArgument(env, "the call", "one that can be queued");
    calls.begin(std::move(worker));
    return {env, promise};
  }

  // The same, but the JavaScript thread does the work at once, with the help of the pool's threads: for work that takes little
  // longer than handing it to another thread and being told of its end.
  static Napi::Value now(const Napi::Object& arguments, CancelFlag cancelled, std::function<void()> work) {
    const Napi::Env env = arguments.Env();
    PromiseWorker worker(std::move(cancelled), std::move(work));
    napi_value promise = nullptr;
    if (napi_create_promise(env, &worker.deferred_, &promise) != napi_ok) {
      throw badArgument(env, "the call", "one that can be answered");
    }
    worker.run();
    worker.settle(env);
    return {env, promise};
  }

  void run() override {
    try {
      work_();
    } catch (const std::exception& error) {
      failed_ = true;
      message_ = error.what();
    }
  }

  void settle(napi_env env) override {
    if (arguments_ != nullptr) napi_delete_reference(env, arguments_);
    napi_value value = nullptr;
    if (!failed_) {
      napi_get_undefined(env, &value);
      napi_resolve_deferred(env, deferred_, value);
      return;
    }
    napi_value message = nullptr;
    napi_create_string_utf8(env, message_.data(), message_.size(), &message);
    if (napi_create_error(env, nullptr, message, &value) == napi_ok) napi_reject_deferred(env, deferred_, value);
  }

 private:
  PromiseWorker(CancelFlag cancelled, std::function<void()> work)
      : cancelled_(std::move(cancelled)), work_(std::move(work)) {}

  napi_deferred deferred_ = nullptr;
  napi_ref arguments_ = nullptr;
  CancelFlag cancelled_;
  std::function<void()> work_;
  bool failed_ = false;
  std::string message_;
};

// The flag that newCancel() made for this call; nullptr where there is none, and the call cannot be stopped.
inline CancelFlag readCancel(const Napi::Object& arguments) {
  const Napi::Value value = arguments.Get("cancel");
  return value.IsExternal() ? *value.As<Napi::External<CancelFlag>>().Data() : nullptr;
}

}  // namespace saliencymix::binding
