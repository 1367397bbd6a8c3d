// The kernels of the cuda backend, run on the host (host_device.h), against the scalar reference.
#include "host_device.h"
#include "parity.h"

using namespace saliencymix;

namespace {
const Backend& device() { return host_device::backend(); }
}  // namespace

TEST(awkwardShapes) {
  check::Numbers numbers(61);
  for (const auto& [count, height, width] :
       {std::array{1, 1, 1}, {3, 1, 2}, {3, 2, 1}, {2, 1, 300}, {2, 300, 1}, {1, 113, 112}, {1, 225, 223}, {2, 64, 64},
        {1, 12, 300}, {1, 300, 12}, {1, 13, 24}, {1, 57, 61}, {1, 60, 121}, {70, 9, 11}, {5, 32, 32}, {2, 16, 48}}) {
    for (const int channels : {1, 3}) parity::compareAll(device(), numbers, {count, height, width, channels});
  }
}

TEST(randomShapes) {
  check::Numbers numbers(62);
  for (int round = 0; round < 60; round++) parity::compareAll(device(), numbers, parity::randomShape(numbers, 20'000));
}
