#pragma once

#include <napi.h>

namespace saliencymix::binding {

// jpegVersion() -> string, empty where the build had no libjpeg
Napi::Value jpegVersion(const Napi::CallbackInfo& info);

// loadJpegs({ threads, files, plain, resize, height, width, shorter, crops?, maxPixels, images, outcomes, cancel? })
Napi::Value loadJpegs(const Napi::CallbackInfo& info);

// frameImages({ threads, count, pixels, inHeight, inWidth, height, width, shorter, crops?, result, cancel? })
Napi::Value frameImages(const Napi::CallbackInfo& info);

// cropFlip({ data | resident, count, height, width, channels, backend, threads, draws, output: { images | resident }, cancel? })
Napi::Value cropFlip(const Napi::CallbackInfo& info);

// imageOperations(): their names; the position of a name is the operation's number
Napi::Value imageOperations(const Napi::CallbackInfo& info);
// applyOperations({ data | resident, count, height, width, channels, backend, threads, stepsPerImage, steps, magnitudes, fill,
//                   output: { images | resident }, cancel? })
Napi::Value applyOperations(const Napi::CallbackInfo& info);

}  // namespace saliencymix::binding
