// The tables of the shapes that were used last.
#pragma once

#include <list>
#include <memory>
#include <mutex>

#include "cpu/kernels.h"

namespace saliencymix::cpu {

class TableCache {
 public:
  static TableCache& shared();

  // The tables of this method for this shape. Makes them if they are not kept.
  std::shared_ptr<const void> find(const SaliencyKernel& kernel, int height, int width);

  void release();

 private:
  static constexpr std::size_t kMaxKept = 8;

  struct Entry {
    const SaliencyKernel* kernel;
    int height;
    int width;
    std::shared_ptr<const void> tables;
  };
  std::mutex mutex_;
  std::list<Entry> entries_;  // last used first
};

}  // namespace saliencymix::cpu
