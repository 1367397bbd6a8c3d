#pragma once

#include <napi.h>

namespace saliencymix::binding {

// placeBox({ height, width, lambda, row, col, clip }) -> { top, left, bottom, right, lambda }
Napi::Value placeBox(const Napi::CallbackInfo& info);

// mix({ backend, threads, cancel?, here?,
//       data or resident, count, height, width, channels,                 the batch
//       samples, ints, doubles,                                           its samples (records.h), completed in place
//       place?: { clip, method?, maps? },                                 find anchors, place boxes
//       output?: { nchw, dtype, offset, scale, images or resident } })    write the mixed images
// `here`: the calling thread does the work, with the help of others, before it goes on.
Napi::Value mix(const Napi::CallbackInfo& info);

// labelWeights({ threads, count, height, width, samples, ints, doubles, maps or masks, weights, seen })
// of float32 maps or uint8 masks; `seen` has two numbers per sample, what is seen of its target and of its source
Napi::Value labelWeights(const Napi::CallbackInfo& info);

// mixLabelMaps({ backend, threads, data, count, height, width, samples, ints, doubles, result })   32-bit label maps
Napi::Value mixLabelMaps(const Napi::CallbackInfo& info);

}  // namespace saliencymix::binding
