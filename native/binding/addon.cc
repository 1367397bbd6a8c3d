// The table of exports. Everything here is typed in src/native/binding.ts.
#include <napi.h>

#include "backends.h"
#include "binding/calls.h"
#include "binding/colours.h"
#include "binding/images.h"
#include "binding/loans.h"
#include "binding/masks.h"
#include "binding/memory.h"
#include "binding/mix.h"
#include "binding/ort.h"
#include "binding/records.h"
#include "binding/random.h"
#include "binding/resident.h"
#include "binding/saliency.h"
#include "binding/worker.h"
#include "threads/pool.h"

namespace saliencymix::binding {

namespace {

Napi::Value listBackends(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Napi::Array list = Napi::Array::New(env);
  for (const Backend* backend : backends()) {
    const std::string reason = backend->unavailable();
    Napi::Object entry = Napi::Object::New(env);
    entry.Set("name", backend->name());
    entry.Set("description", backend->description());
    entry.Set("available", reason.empty());
    if (!reason.empty()) entry.Set("reason", reason);
    entry.Set("level", backend->level());
    Napi::Array levels = Napi::Array::New(env);
    for (const std::string& level : backend->levels()) levels.Set(levels.Length(), level);
    entry.Set("levels", levels);
    Napi::Array lacks = Napi::Array::New(env);
    for (const std::string_view name : lackedBy(*backend)) lacks.Set(lacks.Length(), std::string(name));
    entry.Set("lacks", lacks);
    list.Set(list.Length(), entry);
  }
  return list;
}

Napi::Value listMethods(const Napi::CallbackInfo& info) {
  Napi::Array list = Napi::Array::New(info.Env());
  for (const SaliencyMethod& method : kSaliencyMethods) {
    Napi::Object entry = Napi::Object::New(info.Env());
    entry.Set("name", std::string(method.name));
    entry.Set("tolerance", method.tolerance);
    list.Set(list.Length(), entry);
  }
  return list;
}

Napi::Value newCancel(const Napi::CallbackInfo& info) {
  auto* flag = new CancelFlag(std::make_shared<std::atomic<bool>>(false));
  return Napi::External<CancelFlag>::New(info.Env(), flag, [](Napi::Env, CancelFlag* owned) { delete owned; });
}

Napi::Value cancel(const Napi::CallbackInfo& info) {
  (*info[0].As<Napi::External<CancelFlag>>().Data())->store(true);
  return info.Env().Undefined();
}

// prewake(threads, here): wakes the threads that are to help the next call, and unless it is run here the one that runs it.
Napi::Value prewake(const Napi::CallbackInfo& info) {
  if (!info[1].As<Napi::Boolean>()) Calls::of(info.Env()).prewake();
  Pool::shared().prewake(info[0].As<Napi::Number>().Int32Value());
  return info.Env().Undefined();
}

Napi::Object start(Napi::Env env, Napi::Object exports) {
  // Each environment (main thread, worker thread, test sandbox) holds the pool; the last one to leave joins its threads
  // and frees the memory that was kept for the next call.
  Pool::shared().retain();
  env.AddCleanupHook([] {
    if (!Pool::shared().release()) return;
    for (const Backend* backend : backends()) backend->releaseKept();
    releaseKeptBlocks();
  });
  exports.Set("version", SALIENCYMIX_VERSION);
  exports.Set("backends", Napi::Function::New(env, listBackends, "backends"));
  exports.Set("methods", Napi::Function::New(env, listMethods, "methods"));
  exports.Set("recordLayout", Napi::Function::New(env, recordLayout, "recordLayout"));
  exports.Set("drawSamples", Napi::Function::New(env, drawSamples, "drawSamples"));
  exports.Set("newCancel", Napi::Function::New(env, newCancel, "newCancel"));
  exports.Set("cancel", Napi::Function::New(env, cancel, "cancel"));
  exports.Set("prewake", Napi::Function::New(env, prewake, "prewake"));
  exports.Set("newBlock", Napi::Function::New(env, newBlock, "newBlock"));
  exports.Set("preferLargePages", Napi::Function::New(env, preferLargePages, "preferLargePages"));
  exports.Set("newResident", Napi::Function::New(env, newResident, "newResident"));
  exports.Set("freeResident", Napi::Function::New(env, freeResident, "freeResident"));
  exports.Set("lendResident", Napi::Function::New(env, lendResident, "lendResident"));
  exports.Set("endLoan", Napi::Function::New(env, endLoan, "endLoan"));
  exports.Set("upload", Napi::Function::New(env, upload, "upload"));
  exports.Set("download", Napi::Function::New(env, download, "download"));
  exports.Set("saliency", Napi::Function::New(env, saliency, "saliency"));
  exports.Set("floatBytes", Napi::Function::New(env, floatBytes, "floatBytes"));
  exports.Set("modelInput", Napi::Function::New(env, modelInput, "modelInput"));
  exports.Set("resizeMaps", Napi::Function::New(env, resizeMaps, "resizeMaps"));
  exports.Set("extremes", Napi::Function::New(env, extremes, "extremes"));
  exports.Set("placeBox", Napi::Function::New(env, placeBox, "placeBox"));
  exports.Set("mix", Napi::Function::New(env, mix, "mix"));
  exports.Set("labelWeights", Napi::Function::New(env, labelWeights, "labelWeights"));
  exports.Set("mixLabelMaps", Napi::Function::New(env, mixLabelMaps, "mixLabelMaps"));
  exports.Set("mixMasked", Napi::Function::New(env, mixMasked, "mixMasked"));
  exports.Set("mixColoured", Napi::Function::New(env, mixColoured, "mixColoured"));
  exports.Set("mixColouredMasked", Napi::Function::New(env, mixColouredMasked, "mixColouredMasked"));
  exports.Set("puzzleMasks", Napi::Function::New(env, puzzleMasks, "puzzleMasks"));
  exports.Set("puzzleMoved", Napi::Function::New(env, puzzleMoved, "puzzleMoved"));
  exports.Set("guidedMaps", Napi::Function::New(env, guidedMaps, "guidedMaps"));
  exports.Set("guidedPairs", Napi::Function::New(env, guidedPairs, "guidedPairs"));
  exports.Set("guidedMasks", Napi::Function::New(env, guidedMasks, "guidedMasks"));
  exports.Set("jpegVersion", Napi::Function::New(env, jpegVersion, "jpegVersion"));
  exports.Set("loadJpegs", Napi::Function::New(env, loadJpegs, "loadJpegs"));
  exports.Set("frameImages", Napi::Function::New(env, frameImages, "frameImages"));
  exports.Set("cropFlip", Napi::Function::New(env, cropFlip, "cropFlip"));
  exports.Set("imageOperations", Napi::Function::New(env, imageOperations, "imageOperations"));
  exports.Set("applyOperations", Napi::Function::New(env, applyOperations, "applyOperations"));
  exports.Set("ortLibrary", Napi::Function::New(env, ortLibrary, "ortLibrary"));
  exports.Set("newOrtEngine", Napi::Function::New(env, newOrtEngine, "newOrtEngine"));
  exports.Set("ortAdd", Napi::Function::New(env, ortAdd, "ortAdd"));
  exports.Set("ortWrite", Napi::Function::New(env, ortWrite, "ortWrite"));
  exports.Set("ortRead", Napi::Function::New(env, ortRead, "ortRead"));
  exports.Set("ortRun", Napi::Function::New(env, ortRun, "ortRun"));
  exports.Set("ortEndProfile", Napi::Function::New(env, ortEndProfile, "ortEndProfile"));
  exports.Set("ortClose", Napi::Function::New(env, ortClose, "ortClose"));
  return exports;
}

}  // namespace

}  // namespace saliencymix::binding

static Napi::Object Init(Napi::Env env, Napi::Object exports) { return saliencymix::binding::start(env, exports); }

NODE_API_MODULE(saliencymix, Init)
