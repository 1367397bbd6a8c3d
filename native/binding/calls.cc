#include "binding/calls.h"

#include <utility>

#include "backends.h"
#include "binding/args.h"
#include "threads/pool.h"

namespace saliencymix::binding {

namespace {

// A process may exit while calls run. Destroying this pool waits for them. Static objects are destroyed in reverse order, so
// all static objects that calls use are made before the pool.
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

void Calls::begin(std::unique_ptr<Call> call) {
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
    callThreads().start([this, end, begun = call.get()] {
      if (!closing_) begun->run();
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

// The hook that was added last runs first.
void Calls::closeBeforeEarlierObjects() {
  napi_remove_env_cleanup_hook(env_, close, this);
  napi_add_env_cleanup_hook(env_, close, this);
}

void Calls::prewake() { callThreads().prewakeCall(); }

// `env` is null where the environment has ended: then the call is only freed.
void Calls::settle(napi_env env, napi_value, void* calls, void* call) {
  const std::unique_ptr<Call> ended(static_cast<Call*>(call));
  if (env == nullptr) return;
  ended->settle(env);
  auto& self = *static_cast<Calls*>(calls);
  if (--self.unsettled_ == 0) napi_unref_threadsafe_function(env, self.ended_);
}

// The environment ends, and its memory is freed. So this waits for the calls that are running, and for those that have no
// thread yet: they do no work once they get one.
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
