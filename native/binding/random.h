#pragma once

#include <napi.h>

namespace saliencymix::binding {

// drawSamples({ counter, batch, epoch, low, high, count, words })   words: Int32Array of 4 x count
Napi::Value drawSamples(const Napi::CallbackInfo& info);

}  // namespace saliencymix::binding
