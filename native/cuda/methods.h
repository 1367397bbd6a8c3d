// The saliency methods that this backend has, for any kind of lane. A new one: its file in methods/, included here, and its
// name in the list.
#pragma once

#include <string_view>
#include <vector>

#include "core/backend.h"
#include "cuda/methods/fine_grained.h"
#include "cuda/methods/frequency_tuned.h"
#include "cuda/methods/sobel.h"
#include "cuda/methods/spectral_residual.h"
#include "cuda/wave.h"

namespace saliencymix::cuda {

template <class Lane>
struct DeviceMethod {
  std::string_view name;
  // What does not depend on the pixels; it is uploaded once for each call.
  std::vector<std::byte> (*tables)(int height, int width);
  std::size_t (*scratchBytes)(int count, int height, int width);
  // The keys of the wave must be 0 before. scratch: memory for a wave no smaller than this one.
  void (*run)(Lane& lane, const Wave& wave, const std::byte* tables, std::byte* scratch);
};

template <class Lane, class Method>
constexpr DeviceMethod<Lane> deviceMethod() {
  return {Method::kName, &Method::tables,
          [](int count, int height, int width) {
            Carver carver(nullptr);
            static_cast<void>(typename Method::Scratch(carver, count, height, width));
            return carver.used();
          },
          [](Lane& lane, const Wave& wave, const std::byte* tables, std::byte* scratch) {
            Carver carver(scratch);
            Method::run(lane, wave, tables, typename Method::Scratch(carver, wave.count, wave.height, wave.width));
          }};
}

template <class... Methods>
struct MethodList {
  static constexpr bool has(std::string_view name) { return ((name == Methods::kName) || ...); }

  // nullptr where there is none of that name.
  template <class Lane>
  static const DeviceMethod<Lane>* find(std::string_view name) {
    static constexpr DeviceMethod<Lane> all[] = {deviceMethod<Lane, Methods>()...};
    for (const DeviceMethod<Lane>& method : all) {
      if (method.name == name) return &method;
    }
    return nullptr;
  }
};

using DeviceMethods = MethodList<
    FineGrainedOnDevice,
    SpectralResidualOnDevice,
    FrequencyTunedOnDevice,
    SobelOnDevice>;

}  // namespace saliencymix::cuda
