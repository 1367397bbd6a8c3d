#pragma once

#include <napi.h>

namespace saliencymix::binding {

// saliency({ backend, method, threads, cancel?, data or resident, count, height, width, channels, maps?, peaks, lows })
Napi::Value saliency(const Napi::CallbackInfo& info);

// floatBytes({ threads, cancel?, data, count, height, width, channels, wanted, positions, mean, std, result })   maps of the images
// at `positions`; those of the others are left as they are
Napi::Value floatBytes(const Napi::CallbackInfo& info);

// modelInput({ threads, data, count, height, width, channels, size, nchw, dtype, offset, scale, input })
Napi::Value modelInput(const Napi::CallbackInfo& info);

// resizeMaps({ threads, maps, count, rows, cols, height, width, result })
Napi::Value resizeMaps(const Napi::CallbackInfo& info);

// extremes({ threads, maps, count, height, width, peaks, lows })   of maps that are there already
Napi::Value extremes(const Napi::CallbackInfo& info);

}  // namespace saliencymix::binding
