#pragma once

#include <napi.h>

namespace saliencymix::binding {

// placeBox({ height, width, lambda, row, col, clip }) -> { top, left, bottom, right, lambda }
Napi::Value placeBox(const Napi::CallbackInfo& info);

// mix({ backend, threads, cancel?,
//       data or resident, count, height, width, channels, whole, real,    the batch and its samples
//       place?: { clip, method?, maps? },                                 find anchors, place boxes
//       output?: { nchw, dtype, offset, scale, images or resident } })    write the mixed images
// One call for both steps. `whole` and `real` are the samples (records.h), completed in place.
Napi::Value mix(const Napi::CallbackInfo& info);

// mixLabelMaps({ backend, threads, data, count, height, width, whole, real, result })   32-bit label maps
Napi::Value mixLabelMaps(const Napi::CallbackInfo& info);

}  // namespace saliencymix::binding
