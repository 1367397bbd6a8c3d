// The saliency methods that this backend has, for any kind of queue. A new one: its file in methods/, included here, and its
// name in the list.
#pragma once

#include <string_view>
#include <vector>

#include "core/backend.h"
#include "cuda/chunk.h"
#include "cuda/methods/fine_grained.h"
#include "cuda/methods/frequency_tuned.h"
#include "cuda/methods/sobel.h"
#include "cuda/methods/spectral_residual.h"

namespace saliencymix::cuda {

template <class Queue>
struct DeviceMethod {
  std::string_view name;
  // What does not depend on the pixels; it is uploaded once for each call.
  std::vector<std::byte> (*tables)(int height, int width);
  std::size_t (*scratchBytes)(int count, int height, int width, bool onlyPeaks);
  // The keys of the chunk must be 0 before. scratch: memory for a chunk no smaller than this one.
  void (*run)(Queue& queue, const Chunk& chunk, const std::byte* tables, std::byte* scratch);
};

template <class Queue, class Method>
constexpr DeviceMethod<Queue> deviceMethod() {
  return {Method::kName, &Method::tables,
          [](int count, int height, int width, bool onlyPeaks) {
            ArenaLayout arena(nullptr);
            static_cast<void>(typename Method::Scratch(arena, count, height, width, onlyPeaks));
            return arena.used();
          },
          [](Queue& queue, const Chunk& chunk, const std::byte* tables, std::byte* scratch) {
            ArenaLayout arena(scratch);
            Method::run(queue, chunk, tables,
                        typename Method::Scratch(arena, chunk.count, chunk.height, chunk.width, chunk.onlyPeaks));
          }};
}

template <class... Methods>
struct MethodList {
  static constexpr bool has(std::string_view name) { return ((name == Methods::kName) || ...); }

  // nullptr where there is none of that name.
  template <class Queue>
  static const DeviceMethod<Queue>* find(std::string_view name) {
    static constexpr DeviceMethod<Queue> all[] = {deviceMethod<Queue, Methods>()...};
    for (const DeviceMethod<Queue>& method : all) {
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
