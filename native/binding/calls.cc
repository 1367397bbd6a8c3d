#include "binding/calls.h"

#include <chrono>
#include <utility>

#include "backends.h"
#include "binding/args.h"
#include "threads/pool.h"

namespace saliencymix::binding {

namespace {

// Of a helping caller. It begins to wait before the call's thread has work for it, and that may be busy elsewhere.
constexpr std::chrono::microseconds kPatience{200};

// A process may exit while calls run. They end when this pool goes, so what they use must be there before it: it goes later.
Pool& callThreads() {
  [[maybe_unused]] static const bool ready = [] {
    for (const Backend* backend : backends()) backend->releaseKept();
    return true;
  }();
  static Pool pool;
  return pool;
}

}  // namespace

Calls& Calls::of(Napi::Env env) {
  if (Calls* const known = env.GetInstanceData<Calls>()) return *known;
  auto* const calls = new Calls(env);
  env.SetInstanceData<Calls>(calls);
  return *calls;
}

Calls::Calls(Napi::Env env) : env_(env) {
  const Napi::String name = Napi::String::New(env, "saliencymix");
  const bool ready = napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, nullptr, nullptr, this, settle,
                                                     &ended_) == napi_ok &&
                     napi_unref_threadsafe_function(env, ended_) == napi_ok &&
                     napi_add_env_cleanup_hook(env, close, this) == napi_ok;
  if (!ready) throw badArgument(env, "the environment", "one that calls can be answered in");
  callThreads().retain();
}

void Calls::begin(std::unique_ptr<Call> call, std::shared_ptr<Pool::CallerHelp> callerHelp) {
  callerHelp_ = callerHelp;
  if (unsettled_++ == 0) napi_ref_threadsafe_function(env_, ended_);
  {
    const std::lock_guard lock(mutex_);
    running_++;
  }
  const auto end = [this] {
    const std::lock_guard lock(mutex_);
    if (--running_ == 0) idle_.notify_all();
  };
  try {
    callThreads().start([this, end, begun = call.get(), callerHelp = std::move(callerHelp)] {
      {
        const Pool::CallerHelp::Scope scope(callerHelp.get());
        if (!closing_) begun->run();
      }
      napi_call_threadsafe_function(ended_, begun, napi_tsfn_nonblocking);
      end();
    });
    call.release();
  } catch (const std::exception&) {
    end();
    if (--unsettled_ == 0) napi_unref_threadsafe_function(env_, ended_);
    throw badArgument(env_, "the call", "one that the system gives a thread to");
  }
}

// What was hooked last is cleaned up first.
void Calls::closeBeforeEarlierObjects() {
  napi_remove_env_cleanup_hook(env_, close, this);
  napi_add_env_cleanup_hook(env_, close, this);
}

void Calls::prewake() { callThreads().prewakeCall(); }

void Calls::runUntilDone() {
  if (const auto callerHelp = std::exchange(callerHelp_, nullptr)) callerHelp->runUntilDone(kPatience);
}

// Without an environment: it has gone, and the call is only freed.
void Calls::settle(napi_env env, napi_value, void* calls, void* call) {
  const std::unique_ptr<Call> ended(static_cast<Call*>(call));
  if (env == nullptr) return;
  ended->settle(env);
  auto& self = *static_cast<Calls*>(calls);
  if (--self.unsettled_ == 0) napi_unref_threadsafe_function(env, self.ended_);
}

// The environment goes, and its memory with it: calls that run are waited for; those that wait for their turn still do, and
// are over when it comes.
void Calls::close(void* calls) {
  auto& self = *static_cast<Calls*>(calls);
  self.closing_ = true;
  {
    std::unique_lock lock(self.mutex_);
    self.idle_.wait(lock, [&] { return self.running_ == 0; });
  }
  callThreads().release();
}

}  // namespace saliencymix::binding
