// Advice to the system about the memory of a result.
#pragma once

#include <napi.h>

namespace saliencymix::binding {

// Takes a typed array that nobody has written to yet and asks for large pages under it, where the system has them on
// request (Linux): a batch of megabytes then takes a few page faults, not thousands. Only advice; it cannot fail.
Napi::Value preferLargePages(const Napi::CallbackInfo& info);

}  // namespace saliencymix::binding
