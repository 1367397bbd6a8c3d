#include "cpu/saliency.h"

namespace saliencymix::cpu {

namespace {

const SaliencyKernel* findKernel(const Kernels& kernels, const SaliencyMethod& method) {
  for (std::size_t i = 0; i < kernels.saliencyCount; i++) {
    if (method.name == kernels.saliency[i].method) return &kernels.saliency[i];
  }
  return nullptr;
}

}  // namespace

MapMaker::MapMaker(const Kernels& kernels, const SaliencyMethod& method, int height, int width)
    : method_(method), kernel_(findKernel(kernels, method)), height_(height), width_(width) {
  if (kernel_ != nullptr) tables_ = TableCache::shared().find(*kernel_, height, width);
}

}  // namespace saliencymix::cpu
