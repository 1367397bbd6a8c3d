// The unfinished calls of one environment (main thread, worker thread, test sandbox). They run on threads of this package.
//
// libuv's threads sleep between one call and the next, and waking one takes longer than drawing a small batch. Those of this
// package stay awake for a moment, in case another call follows.
#pragma once

#include <napi.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>

#include "threads/pool.h"

namespace saliencymix::binding {

class Call {
 public:
  virtual ~Call() = default;
  // Called on another thread than JavaScript's; does not throw.
  virtual void run() = 0;
  // Called afterwards on the JavaScript thread, unless the environment has ended meanwhile.
  virtual void settle(napi_env env) = 0;
};

class Calls {
 public:
  // The calls of an environment. To be used on its JavaScript thread only.
  static Calls& of(Napi::Env env);

  void begin(std::unique_ptr<Call> call);

  // When the environment ends, its calls are waited for before anything is cleaned up that was made in it until now.
  void closeBeforeEarlierObjects();

  // Wakes a thread for a call that is about to begin.
  void prewake();

 private:
  explicit Calls(Napi::Env env);
  static void settle(napi_env env, napi_value, void* calls, void* call);
  static void close(void* calls);

  const napi_env env_;
  napi_threadsafe_function ended_ = nullptr;  // keeps the event loop alive while there are unsettled calls
  int unsettled_ = 0;

  std::mutex mutex_;
  std::condition_variable idle_;
  int running_ = 0;  // calls that use memory of the environment, or will
  std::atomic<bool> closing_{false};
};

}  // namespace saliencymix::binding
