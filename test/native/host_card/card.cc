// The host in place of a graphics card, for an addon that tests load. The calls and kernels of the backend cuda run on the host,
// with their threads in a shuffled order (device_on_host.h); so do the kernels of training's operators, while ONNX Runtime runs
// the graphs for a card on the processor. So all of it is tested without a card, but for what CUDA and cuDNN do.
#include "ort/card/provider.h"

#include "cuda/backend.h"
#include "cuda/train/operators_on.h"
#include "device_on_host.h"

namespace saliencymix {

namespace ort {

const char* cardProvider() { return nullptr; }

void appendCard(const Library&, raw::SessionOptions*, const CardSettings&) {}

Handle<raw::MemoryInfo> cardMemory(const Library& library, const CardSettings&) {
  const Api& api = library.api();
  return library.own<raw::MemoryInfo>(api.ReleaseMemoryInfo, [&](raw::MemoryInfo** made) {
    return api.CreateCpuMemoryInfo(AllocatorKind::arena, MemoryKind::ordinary, made);
  });
}

}  // namespace ort

const Backend& cudaBackend() {
  static device_on_host::HostDevice device("cuda");
  static const cuda::DeviceBackend<device_on_host::HostDevice> backend(device);
  return backend;
}

std::unique_ptr<cuda::TrainOperators> cuda::trainOperatorsOn(void*) {
  return std::make_unique<TrainOperatorsOn<device_on_host::HostQueue>>(device_on_host::HostQueue());
}

}  // namespace saliencymix
