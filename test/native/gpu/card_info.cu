#include "card_info.h"

#include <cuda_runtime.h>

#include <stdexcept>

namespace card_info {

namespace {

void check(cudaError_t status) {
  if (status != cudaSuccess) throw std::runtime_error(std::string("CUDA: ") + cudaGetErrorString(status));
}

std::string quoted(const char* name, const std::string& text) {
  return std::string("\"") + name + "\": \"" + text + "\"";
}

std::string versionText(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

}  // namespace

Memory memory() {
  Memory found{};
  check(cudaMemGetInfo(&found.free, &found.total));
  return found;
}

std::string describe() {
  cudaDeviceProp properties{};
  check(cudaGetDeviceProperties(&properties, 0));
  int driver = 0;
  int runtime = 0;
  check(cudaDriverGetVersion(&driver));
  check(cudaRuntimeGetVersion(&runtime));
  return "{" + quoted("device", properties.name) + ", " + quoted("cudaOfDriver", versionText(driver)) + ", " +
         quoted("cuda", versionText(runtime)) + ", \"memoryMiB\": " + std::to_string(properties.totalGlobalMem >> 20) + "}";
}

}  // namespace card_info
