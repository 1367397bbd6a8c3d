// Reading arguments. TypeScript has checked them; only what could corrupt memory is checked again here.
#pragma once

#include <napi.h>

#include <cstddef>
#include <string>
#include <vector>

namespace saliencymix::binding {

// Thrown for arguments that would corrupt memory: a fault of the caller's TypeScript, not of the user's.
inline Napi::Error badArgument(Napi::Env env, const char* name, const std::string& expected) {
  return Napi::RangeError::New(env, std::string("addon: ") + name + " must be " + expected);
}

inline int readInt(const Napi::Object& from, const char* name, int minimum) {
  const Napi::Value value = from.Get(name);
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : -1.0;
  if (!(number >= minimum && number <= 2147483647.0)) {
    throw badArgument(from.Env(), name, "a whole number of at least " + std::to_string(minimum));
  }
  return static_cast<int>(number);
}

inline std::string readText(const Napi::Object& from, const char* name) {
  const Napi::Value value = from.Get(name);
  if (!value.IsString()) throw badArgument(from.Env(), name, "a string");
  return value.As<Napi::String>();
}

// The memory of a typed array of element type T with exactly `length` elements.
template <class T>
T* readArray(const Napi::Object& from, const char* name, std::size_t length) {
  const Napi::Value value = from.Get(name);
  if (!value.IsTypedArray()) throw badArgument(from.Env(), name, "a typed array");
  const Napi::TypedArray array = value.As<Napi::TypedArray>();
  if (array.ElementSize() != sizeof(T) || array.ElementLength() != length) {
    throw badArgument(from.Env(), name,
                      std::to_string(length) + " elements of " + std::to_string(sizeof(T)) + " bytes");
  }
  napi_typedarray_type type;
  std::size_t elements = 0;
  void* data = nullptr;
  napi_value buffer = nullptr;
  std::size_t offset = 0;
  if (napi_get_typedarray_info(from.Env(), value, &type, &elements, &data, &buffer, &offset) != napi_ok) {
    throw badArgument(from.Env(), name, "a typed array");
  }
  return static_cast<T*>(data);
}

inline bool has(const Napi::Object& from, const char* name) {
  const Napi::Value value = from.Get(name);
  return !value.IsUndefined() && !value.IsNull();
}

}  // namespace saliencymix::binding
