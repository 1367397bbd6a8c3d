#include "binding/memory.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>

#include "binding/args.h"
#include "binding/calls.h"
#include "memory/block_pool.h"
#include "memory/large_pages.h"

namespace saliencymix::binding {

namespace {

// The engine collects young garbage once there are new buffers of about 32 MiB, and their blocks come back one turn of the
// event loop later. Until then new results need further blocks: about 60 MB in all for results of a usual size, 200 MB for
// results of 40 MB. That much is kept.
//
// Blocks begin at pages. The images that are read lie in memory of the C library, which begins a few bytes after a page. If
// a block began a little farther after a page, the processor would take what is read next for what was just written (4 KiB
// aliasing), and wait.
constexpr BlockPool::Limits kLimits{
    .kept = std::size_t{256} << 20, .excess = 1.25, .alignment = 4096, .largePagesFrom = std::size_t{4} << 20};

BlockPool& blocks() {
  static BlockPool pool(kLimits);
  return pool;
}

// The engine collects all garbage when it counts 64 MiB more outside its heap than after the last collection. It counts
// every buffer, and so it would count a block each time that it is lent. Here a block counts once, from when it is allocated
// until it is freed, and what the engine counts for the buffer is subtracted again.
// `counted`: by how much the engine's own count has changed, or is about to change, because of buffers.
void account(napi_env env, std::int64_t counted) {
  static std::atomic<std::int64_t> told{0};
  const auto all = static_cast<std::int64_t>(blocks().allBytes());
  std::int64_t sum = 0;
  napi_adjust_external_memory(env, all - told.exchange(all) - counted, &sum);
}

// A block whose memory a buffer shows.
struct Lent {
  BlockPool::Lease lease;
  std::int64_t bytes;  // of the buffer
};

// Called when the buffer has been collected, on the JavaScript thread that made it.
void giveBack(napi_env env, void*, void* lent) {
  std::unique_ptr<Lent> owned(static_cast<Lent*>(lent));
  const std::int64_t bytes = owned->bytes;
  owned.reset();
  account(env, -bytes);
}

}  // namespace

Napi::Value newBlock(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::int64_t bytes = info[0].As<Napi::Number>().Int64Value();
  if (bytes < 1) throw badArgument(env, "the size", "at least 1");
  std::unique_ptr<Lent> lent;
  try {
    lent = std::make_unique<Lent>(Lent{blocks().borrow(static_cast<std::size_t>(bytes)), bytes});
  } catch (const std::bad_alloc&) {
    return env.Undefined();
  }
  // The engine looks for young garbage only when it is asked for memory of its own: so it is asked for a byte.
  napi_value own = nullptr;
  void* data = nullptr;
  napi_create_arraybuffer(env, 1, &data, &own);

  account(env, bytes);
  napi_value buffer = nullptr;
  const napi_status status = napi_create_external_arraybuffer(env, lent->lease.data(), static_cast<std::size_t>(bytes),
                                                              giveBack, lent.get(), &buffer);
  if (status == napi_no_external_buffers_allowed) {
    lent.reset();
    account(env, -bytes);
    return env.Undefined();
  }
  // The buffer owns it. Where making the buffer failed for another reason, the engine has called giveBack or never will.
  [[maybe_unused]] const Lent* const owned = lent.release();
  if (status != napi_ok) throw badArgument(env, "the size", "one that a buffer can have");
  // When an environment ends, its buffers give back their blocks. By then the calls that write to them must have ended.
  Calls::of(env).closeBeforeEarlierObjects();
  return {env, buffer};
}

Napi::Value preferLargePages(const Napi::CallbackInfo& info) {
  const Napi::TypedArray array = info[0].As<Napi::TypedArray>();
  auto* const buffer = static_cast<std::byte*>(array.ArrayBuffer().Data());
  saliencymix::preferLargePages(buffer + array.ByteOffset(), array.ByteLength());
  return info.Env().Undefined();
}

void releaseKeptBlocks() { blocks().release(); }

}  // namespace saliencymix::binding
