// Mixing by masks, and what finds them.
#pragma once

#include <napi.h>

namespace saliencymix::binding {

Napi::Value mixMasked(const Napi::CallbackInfo& info);

// PuzzleMix: masks, moved cells and shares of pairs.
Napi::Value puzzleMasks(const Napi::CallbackInfo& info);
// How many cells along the sides of an image are moved.
Napi::Value puzzleMoved(const Napi::CallbackInfo& info);

// GuidedMixup: maps of a batch; which images are mixed with each other; masks and shares of pairs.
Napi::Value guidedMaps(const Napi::CallbackInfo& info);
Napi::Value guidedPairs(const Napi::CallbackInfo& info);
Napi::Value guidedMasks(const Napi::CallbackInfo& info);

}  // namespace saliencymix::binding
