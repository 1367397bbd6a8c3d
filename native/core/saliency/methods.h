// The list of saliency methods as data, made from methods.def.
#pragma once

#include <array>
#include <string_view>

#include "core/image.h"

// The headers of the methods, outside of any namespace.
#define SALIENCY_METHOD(Type, label, tolerance)
#include "core/saliency/methods.def"
#undef SALIENCY_METHOD

namespace saliencymix {

struct SaliencyMethod {
  std::string_view name;
  // The scalar reference. map: height x width floats.
  void (*compute)(const ImageView& image, float* map);
  // Vector code and graphics cards compute in float32; their maps differ from the reference's by no more than this. 0: not
  // at all.
  float tolerance;
};

// Here the headers are no more than their names: they have been included above.
inline constexpr std::array kSaliencyMethods = {
#define SALIENCY_METHOD(Type, label, tolerance) SaliencyMethod{label, &Type::compute, tolerance},
#include "core/saliency/methods.def"
#undef SALIENCY_METHOD
};

// nullptr where there is none of that name.
inline const SaliencyMethod* findSaliencyMethod(std::string_view name) {
  for (const SaliencyMethod& method : kSaliencyMethods) {
    if (method.name == name) return &method;
  }
  return nullptr;
}

}  // namespace saliencymix
