#include "ort/card/provider.h"

#include <array>
#include <string>

namespace saliencymix::ort {

const char* cardProvider() { return "CUDAExecutionProvider"; }

// The library loads it from its own folder.
void appendCard(const Library& library, raw::SessionOptions* options, const CardSettings& card) {
  const Api& api = library.api();
  const auto chosen = library.own<raw::CudaOptions>(api.ReleaseCUDAProviderOptions,
                                                    [&](raw::CudaOptions** made) { return api.CreateCUDAProviderOptions(made); });
  const std::string device = std::to_string(card.device);
  const std::array keys = {"device_id", "use_tf32", "cudnn_conv_algo_search", "cudnn_conv_use_max_workspace"};
  const std::array values = {device.c_str(), card.tf32 ? "1" : "0", "EXHAUSTIVE", "1"};
  library.check(api.UpdateCUDAProviderOptions(chosen.get(), keys.data(), values.data(), keys.size()));
  library.check(api.SessionOptionsAppendExecutionProvider_CUDA_V2(options, chosen.get()));
  library.check(api.AddSessionConfigEntry(options, "session.disable_cpu_ep_fallback", "1"));
}

Handle<raw::MemoryInfo> cardMemory(const Library& library, const CardSettings& card) {
  const Api& api = library.api();
  return library.own<raw::MemoryInfo>(api.ReleaseMemoryInfo, [&](raw::MemoryInfo** made) {
    return api.CreateMemoryInfo("Cuda", AllocatorKind::arena, card.device, MemoryKind::ordinary, made);
  });
}

}  // namespace saliencymix::ort
