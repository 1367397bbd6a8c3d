// The list of saliency methods as data, made from methods.def.
#pragma once

#include <array>
#include <string_view>

#include "core/image.h"
#include "core/saliency/fine_grained.h"
#include "core/saliency/frequency_tuned.h"
#include "core/saliency/spectral_residual.h"

namespace saliencymix {

struct SaliencyMethod {
  std::string_view name;
  // The scalar reference. map: height x width floats.
  void (*compute)(const ImageView& image, float* map);
  // Vector code and graphics cards compute in float32; their maps differ from the reference's by no more than this. 0: not
  // at all.
  float tolerance;
};

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
