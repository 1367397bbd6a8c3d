#pragma once

#include <napi.h>

namespace saliencymix::binding {

// mixColoured({ data, count, height, width, channels, backend, threads, colours, samples, ints, doubles, output, cancel? })
// output: { nchw, dtype, offset, scale, images | resident }
Napi::Value mixColoured(const Napi::CallbackInfo& info);

// mixColouredMasked({ data, count, height, width, channels, backend, threads, colours, samples, targets, sources, rows, cols,
//                     weights, movedRows?, movedCols?, moves?, output, cancel? })
Napi::Value mixColouredMasked(const Napi::CallbackInfo& info);

}  // namespace saliencymix::binding
