// The host in place of a graphics card, for an addon that tests load: ONNX Runtime runs the graphs for a card on the processor,
// and the kernels of our operators run on the host, with their threads in a shuffled order. So all of training on a card is
// tested without one, but for what CUDA and cuDNN do.
#include "ort/card/provider.h"

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

std::unique_ptr<cuda::TrainOperators> cuda::trainOperatorsOn(void*) {
  return std::make_unique<TrainOperatorsOn<device_on_host::HostQueue>>(device_on_host::HostQueue());
}

}  // namespace saliencymix
