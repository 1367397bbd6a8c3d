// Training by ONNX Runtime's C API (ort/engine.h). These calls run at once, on the thread that makes them: a worker thread.
#pragma once

#include <napi.h>

namespace saliencymix::binding {

// ortLibrary({path}): version and execution providers of the library at a path, and the level of our operators.
Napi::Value ortLibrary(const Napi::CallbackInfo& info);
// newOrtEngine({path})
Napi::Value newOrtEngine(const Napi::CallbackInfo& info);
Napi::Value ortAdd(const Napi::CallbackInfo& info);
Napi::Value ortWrite(const Napi::CallbackInfo& info);
Napi::Value ortRead(const Napi::CallbackInfo& info);
Napi::Value ortRun(const Napi::CallbackInfo& info);
Napi::Value ortEndProfile(const Napi::CallbackInfo& info);
// Frees models and state; the engine cannot be used any more.
Napi::Value ortClose(const Napi::CallbackInfo& info);

}  // namespace saliencymix::binding
