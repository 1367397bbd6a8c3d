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
  // The most by which the maps of vector code and of graphics cards, which compute in float32, may differ from the
  // reference's. 0: not at all.
  float tolerance;
};

// The headers that methods.def includes add nothing here: they have been included above.
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
