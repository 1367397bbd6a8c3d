#include "cuda/backend.h"

#include "cuda/card.cuh"
#include "cuda/device_backend.h"

namespace saliencymix {

namespace cuda {

namespace {

// Without a driver every call of the runtime gives an error. cudaGetLastError() clears it.
std::string whyNoCard(cudaError_t status) {
  cudaGetLastError();
  int needed = 0;
  cudaRuntimeGetVersion(&needed);
  const std::string says = std::string(" (") + cudaGetErrorString(status) + ")";
  if (status == cudaErrorInsufficientDriver) {
    return "there is no NVIDIA driver, or one older than CUDA " + versionText(needed) + says;
  }
  if (status == cudaErrorNoDevice) return "no NVIDIA graphics card was found" + says;
  return std::string("CUDA cannot be used") + says;
}

}  // namespace

Card::Probe Card::probe() {
  Probe found;
  int count = 0;
  cudaError_t status = cudaGetDeviceCount(&count);
  if (status == cudaSuccess && count == 0) status = cudaErrorNoDevice;
  cudaDeviceProp properties{};
  if (status == cudaSuccess) status = cudaGetDeviceProperties(&properties, 0);
  if (status != cudaSuccess) {
    found.problem = whyNoCard(status);
    return found;
  }
  const std::string capability = std::to_string(properties.major) + "." + std::to_string(properties.minor);
  found.description = std::string(properties.name) + ", compute capability " + capability + ", " +
                      std::to_string(properties.totalGlobalMem >> 20) + " MiB";
  found.level = "sm_" + std::to_string(properties.major) + std::to_string(properties.minor);
  if (properties.major * 10 + properties.minor < 75) {
    found.problem = std::string(properties.name) + " has compute capability " + capability + "; 7.5 or later is needed";
  }
  return found;
}

}  // namespace cuda

const Backend& cudaBackend() {
  static const cuda::DeviceBackend<cuda::Card> backend(cuda::Card::shared());
  return backend;
}

}  // namespace saliencymix
