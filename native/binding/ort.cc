#include "binding/ort.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "binding/args.h"
#include "binding/loans.h"
#include "ort/domain.h"
#include "ort/engine.h"

namespace saliencymix::binding {

namespace {

using ort::Element;
using ort::Engine;
using ort::TensorView;

using Owned = std::unique_ptr<Engine>;

// What `work` gives; errors of ONNX Runtime become errors of JavaScript.
template <class Work>
decltype(auto) told(Napi::Env env, const Work& work) {
  try {
    return work();
  } catch (const ort::Error& error) {
    throw Napi::Error::New(env, error.what());
  } catch (const std::bad_alloc&) {
    throw Napi::Error::New(env, "there is not enough memory");
  }
}

Engine& readEngine(const Napi::Object& from) {
  const Napi::Value value = from.Get("engine");
  if (!value.IsExternal()) throw badArgument(from.Env(), "engine", "a handle of newOrtEngine()");
  const Owned& engine = *value.As<Napi::External<Owned>>().Data();
  if (engine == nullptr) throw badArgument(from.Env(), "engine", "one that is not closed");
  return *engine;
}

template <class Read>
auto readList(const Napi::Object& from, const char* name, const Read& read) {
  const Napi::Value value = from.Get(name);
  if (!value.IsArray()) throw badArgument(from.Env(), name, "an array");
  const Napi::Array array = value.As<Napi::Array>();
  std::vector<decltype(read(Napi::Value()))> list;
  for (std::uint32_t i = 0; i < array.Length(); i++) list.push_back(read(array.Get(i)));
  return list;
}

ort::Shape readSides(const Napi::Object& from) {
  return readList(from, "shape", [](const Napi::Value& side) { return side.As<Napi::Number>().Int64Value(); });
}

// {name, loan, shape}: float32 in memory of the backend that the model runs on.
ort::NamedTensor readLentTensor(const Napi::Object& from) {
  std::shared_ptr<const Resident> memory = readLoan(from, "loan");
  TensorView tensor{Element::float32, readSides(from), memory->data()};
  if (told(from.Env(), [&] { return tensor.bytes(); }) != memory->bytes) {
    throw badArgument(from.Env(), "loan", std::to_string(memory->bytes) + " bytes of a tensor");
  }
  return {readText(from, "name"), std::move(tensor), std::move(memory)};
}

// {name, type, data, shape}: a typed array of the type's elements.
ort::NamedTensor readTensor(const Napi::Value& value) {
  const Napi::Object from = value.As<Napi::Object>();
  if (has(from, "loan")) return readLentTensor(from);
  const std::string type = readText(from, "type");
  const auto known = std::ranges::find(ort::kElementNames, type);
  const auto element = static_cast<Element>(known == ort::kElementNames.end() ? 0 : known - ort::kElementNames.begin());
  const std::size_t bytes = ort::bytesOf(element);
  if (bytes == 0) throw badArgument(from.Env(), "type", "a type of numbers");
  TensorView tensor{element, readSides(from), nullptr};
  const std::size_t count = told(from.Env(), [&] { return ort::countOf(tensor.shape); });
  switch (bytes) {
    case 1: tensor.data = readArray<std::uint8_t>(from, "data", count); break;
    case 2: tensor.data = readArray<std::uint16_t>(from, "data", count); break;
    case 4: tensor.data = readArray<std::uint32_t>(from, "data", count); break;
    default: tensor.data = readArray<std::uint64_t>(from, "data", count);
  }
  return {readText(from, "name"), std::move(tensor), nullptr};
}

Napi::Array shapeOf(Napi::Env env, const ort::Shape& shape) {
  Napi::Array sides = Napi::Array::New(env, shape.size());
  for (std::size_t i = 0; i < shape.size(); i++) sides.Set(static_cast<std::uint32_t>(i), static_cast<double>(shape[i]));
  return sides;
}

Napi::Object named(Napi::Env env, const std::string& name, Element element, const ort::Shape& shape) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("name", name);
  object.Set("type", std::string(ort::kElementNames.at(static_cast<std::size_t>(element))));
  object.Set("shape", shapeOf(env, shape));
  return object;
}

// The bytes in an ArrayBuffer of its own, which JavaScript reads by the type's name.
Napi::Object copyOf(Napi::Env env, const std::string& name, const TensorView& tensor) {
  Napi::Object object = named(env, name, tensor.element, tensor.shape);
  Napi::ArrayBuffer bytes = Napi::ArrayBuffer::New(env, tensor.bytes());
  if (tensor.bytes() > 0) std::memcpy(bytes.Data(), tensor.data, tensor.bytes());
  object.Set("bytes", bytes);
  return object;
}

Napi::Array portsOf(Napi::Env env, const std::vector<ort::Port>& ports) {
  Napi::Array list = Napi::Array::New(env);
  for (const ort::Port& port : ports) list.Set(list.Length(), named(env, port.name, port.element, port.shape));
  return list;
}

Napi::Object argument(const Napi::CallbackInfo& info) { return info[0].As<Napi::Object>(); }

}  // namespace

Napi::Value ortLibrary(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::string path = readText(argument(info), "path");
  const ort::Library& library = told(env, [&]() -> const ort::Library& { return ort::Library::open(path); });
  Napi::Array providers = Napi::Array::New(env);
  for (const std::string& name : told(env, [&] { return library.providers(); })) providers.Set(providers.Length(), name);
  Napi::Object found = Napi::Object::New(env);
  found.Set("version", library.version());
  found.Set("providers", providers);
  found.Set("level", told(env, [] { return ort::levelOfOperators(); }));
  return found;
}

Napi::Value newOrtEngine(const Napi::CallbackInfo& info) {
  const std::string path = readText(argument(info), "path");
  Owned engine = told(info.Env(), [&] { return std::make_unique<Engine>(ort::Library::open(path)); });
  auto* owned = new Owned(std::move(engine));
  return Napi::External<Owned>::New(info.Env(), owned, [](Napi::Env, Owned* collected) { delete collected; });
}

Napi::Value ortAdd(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Napi::Object from = argument(info);
  Engine& engine = readEngine(from);
  ort::SessionSettings settings{readInt(from, "threads", 1), has(from, "profile") ? readText(from, "profile") : ""};
  if (has(from, "cuda")) {
    const Napi::Object cuda = from.Get("cuda").As<Napi::Object>();
    settings.card = ort::CardSettings{readInt(cuda, "device", 0), readInt(cuda, "tf32", 0) != 0};
  }
  const std::string model = readText(from, "model");
  const Napi::Value source = from.Get("source");
  const ort::Session& session = told(env, [&]() -> const ort::Session& {
    if (source.IsString()) {
      return engine.add(model, std::make_unique<ort::Session>(engine.library(), source.As<Napi::String>().Utf8Value(), settings));
    }
    if (!source.IsTypedArray()) throw badArgument(env, "source", "a path or bytes");
    const std::size_t length = source.As<Napi::TypedArray>().ElementLength();
    const auto* bytes = reinterpret_cast<const std::byte*>(readArray<std::uint8_t>(from, "source", length));
    return engine.add(model, std::make_unique<ort::Session>(engine.library(), std::span(bytes, length), settings));
  });
  Napi::Object ports = Napi::Object::New(env);
  ports.Set("inputs", portsOf(env, session.inputs()));
  ports.Set("outputs", portsOf(env, session.outputs()));
  return ports;
}

Napi::Value ortWrite(const Napi::CallbackInfo& info) {
  const Napi::Object from = argument(info);
  Engine& engine = readEngine(from);
  const auto tensors = readList(from, "tensors", readTensor);
  told(info.Env(), [&] {
    for (const ort::NamedTensor& one : tensors) {
      if (one.memory != nullptr) throw badArgument(info.Env(), "tensors", "in memory of this process");
      engine.state().write(one.name, one.tensor);
    }
  });
  return info.Env().Undefined();
}

Napi::Value ortRead(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Napi::Object from = argument(info);
  const Engine& engine = readEngine(from);
  Napi::Array list = Napi::Array::New(env);
  for (const std::string& name : readList(from, "names", [](const Napi::Value& value) { return value.As<Napi::String>().Utf8Value(); })) {
    list.Set(list.Length(), copyOf(env, name, told(env, [&] { return engine.state().read(name); })));
  }
  return list;
}

Napi::Value ortRun(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Napi::Object from = argument(info);
  Engine& engine = readEngine(from);
  const ort::RunRequest request{
      readText(from, "model"), readList(from, "inputs", readTensor),
      readList(from, "outputs", [](const Napi::Value& value) { return value.As<Napi::String>().Utf8Value(); }),
      has(from, "guard") ? readText(from, "guard") : ""};
  Napi::Array list = Napi::Array::New(env);
  for (const ort::Result& result : told(env, [&] { return engine.run(request); })) {
    list.Set(list.Length(), copyOf(env, result.name, result.tensor));
  }
  return list;
}

Napi::Value ortEndProfile(const Napi::CallbackInfo& info) {
  const Napi::Object from = argument(info);
  const std::string model = readText(from, "model");
  return Napi::String::New(info.Env(), told(info.Env(), [&] { return readEngine(from).endProfile(model); }));
}

Napi::Value ortClose(const Napi::CallbackInfo& info) {
  const Napi::Object from = argument(info);
  readEngine(from);
  from.Get("engine").As<Napi::External<Owned>>().Data()->reset();
  return info.Env().Undefined();
}

}  // namespace saliencymix::binding
