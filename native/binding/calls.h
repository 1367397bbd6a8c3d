// The calls of one environment (main thread, worker thread, test sandbox) that are under way, on threads of ours.
//
// Not on libuv's: those sleep between one call and the next, and to wake one takes longer than drawing a small batch. Ours
// stay awake for the next call for a moment.
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
  // Off the JavaScript thread; does not throw.
  virtual void run() = 0;
  // On the JavaScript thread, afterwards; not where the environment went meanwhile.
  virtual void settle(napi_env env) = 0;
};

class Calls {
 public:
  // Those of an environment; only on its JavaScript thread.
  static Calls& of(Napi::Env env);

  // `callerHelp`: of the call, where it takes one.
  void begin(std::unique_ptr<Call> call, std::shared_ptr<Pool::CallerHelp> callerHelp);

  // When the environment goes, calls end before what was made in it until now.
  void closeBeforeEarlierObjects();

  // Wakes a thread for a call that is about to begin: it stays awake for it.
  void prewake();

  // Helps the call that was begun last and takes a helping caller, while that is a small one's time; on the JavaScript
  // thread, which would only wait. The event loop does not turn meanwhile.
  void runUntilDone();

 private:
  explicit Calls(Napi::Env env);
  static void settle(napi_env env, napi_value, void* calls, void* call);
  static void close(void* calls);

  const napi_env env_;
  napi_threadsafe_function ended_ = nullptr;  // keeps the event loop going while a call is under way
  int unsettled_ = 0;                          // calls that are not settled

  std::shared_ptr<Pool::CallerHelp> callerHelp_;  // of the call that was begun last

  std::mutex mutex_;
  std::condition_variable idle_;
  int running_ = 0;  // calls that touch memory of the environment, or are about to
  std::atomic<bool> closing_{false};
};

}  // namespace saliencymix::binding
