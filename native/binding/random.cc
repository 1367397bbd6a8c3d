#include "binding/random.h"

#include "backends.h"
#include "binding/args.h"

namespace saliencymix::binding {

namespace {

std::uint32_t readWord(const Napi::Object& from, const char* name) {
  const Napi::Value value = from.Get(name);
  if (!value.IsNumber()) throw badArgument(from.Env(), name, "a number");
  return value.As<Napi::Number>().Uint32Value();
}

}  // namespace

Napi::Value drawSamples(const Napi::CallbackInfo& info) {
  const Napi::Object from = info[0].As<Napi::Object>();
  const RandomRun run{{readWord(from, "counter"), 0, readWord(from, "batch"), readWord(from, "epoch")},
                      {readWord(from, "low"), readWord(from, "high")}};
  const auto count = static_cast<std::size_t>(readInt(from, "count", 1));
  drawSamplesOnCpu(run, count, readArray<std::uint32_t>(from, "words", 4 * count));
  return info.Env().Undefined();
}

}  // namespace saliencymix::binding
