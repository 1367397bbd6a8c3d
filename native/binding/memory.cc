#include "binding/memory.h"

#include <cstdint>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace saliencymix::binding {

Napi::Value preferLargePages(const Napi::CallbackInfo& info) {
#if defined(__linux__)
  constexpr std::uintptr_t kPage = 4096;
  const Napi::TypedArray array = info[0].As<Napi::TypedArray>();
  const std::uintptr_t start = reinterpret_cast<std::uintptr_t>(array.ArrayBuffer().Data()) + array.ByteOffset();
  const std::uintptr_t first = (start + kPage - 1) / kPage * kPage;
  const std::uintptr_t end = (start + array.ByteLength()) / kPage * kPage;
  if (first < end) madvise(reinterpret_cast<void*>(first), end - first, MADV_HUGEPAGE);
#endif
  return info.Env().Undefined();
}

}  // namespace saliencymix::binding
