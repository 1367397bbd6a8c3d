#include "card_info.h"

#include "cuda/card/runtime.cuh"

namespace card_info {

using saliencymix::cuda::check;
using saliencymix::cuda::versionText;

namespace {

std::string quoted(const char* name, const std::string& text) {
  return std::string("\"") + name + "\": \"" + text + "\"";
}

}  // namespace

Memory memory() {
  Memory found{};
  check(cudaMemGetInfo(&found.free, &found.total), "asking for memory");
  return found;
}

std::string describe() {
  cudaDeviceProp properties{};
  check(cudaGetDeviceProperties(&properties, 0), "asking for the card's properties");
  int driver = 0;
  int runtime = 0;
  check(cudaDriverGetVersion(&driver), "asking for the driver");
  check(cudaRuntimeGetVersion(&runtime), "asking for the runtime");
  return "{" + quoted("device", properties.name) + ", " + quoted("cudaOfDriver", versionText(driver)) + ", " +
         quoted("cuda", versionText(runtime)) + ", \"memoryMiB\": " + std::to_string(properties.totalGlobalMem >> 20) + "}";
}

}  // namespace card_info
