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

// The engine collects young garbage when buffers of some 32 MiB may be among it, and the blocks come back a turn of the
// event loop later: results of a usual size take turns in about 60 MB, those of 40 MB in 200 MB. So much is kept.
//
// Blocks begin at pages. Images are read from memory of the C library, which begins a few bytes behind a page; with a block
// that begins a little farther behind it, what is read next looks to the processor like what was just written.
constexpr BlockPool::Limits kLimits{
    .kept = std::size_t{256} << 20, .excess = 1.25, .alignment = 4096, .largePagesFrom = std::size_t{4} << 20};

BlockPool& blocks() {
  static BlockPool pool(kLimits);
  return pool;
}

// The engine collects everything when it knows of 64 MiB more outside its heap than after the last time. It counts every
// buffer, and so a block each time that it is lent. Here it is told of a block once, from when it is made to when it is
// freed, and what it counts for a buffer is taken back: only memory that grows has everything collected.
// `counted`: by how much that of the engine itself has changed, or is about to.
void account(napi_env env, std::int64_t counted) {
  static std::atomic<std::int64_t> told{0};
  const auto all = static_cast<std::int64_t>(blocks().allBytes());
  std::int64_t sum = 0;
  napi_adjust_external_memory(env, all - told.exchange(all) - counted, &sum);
}

// A block that a buffer lies over.
struct Lent {
  BlockPool::Lease lease;
  std::int64_t bytes;  // of the buffer
};

// The buffer is gone; on the JavaScript thread that made it.
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
  // The engine looks whether there is young garbage when it is asked for memory of its own, only then.
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
  // The buffer owns it. Where making one failed otherwise the engine has called giveBack, or never will.
  [[maybe_unused]] const Lent* const owned = lent.release();
  if (status != napi_ok) throw badArgument(env, "the size", "one that a buffer can have");
  // When an environment goes its buffers give back their blocks: not before the calls that write to them have ended.
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
