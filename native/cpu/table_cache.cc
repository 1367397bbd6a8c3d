#include "cpu/table_cache.h"

#include <algorithm>

namespace saliencymix::cpu {

TableCache& TableCache::shared() {
  static TableCache cache;
  return cache;
}

std::shared_ptr<const void> TableCache::find(const SaliencyKernel& kernel, int height, int width) {
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) {
    return entry.kernel == &kernel && entry.height == height && entry.width == width;
  });
  if (found != entries_.end()) {
    entries_.splice(entries_.begin(), entries_, found);
  } else {
    entries_.push_front({&kernel, height, width, kernel.prepare(height, width)});
    if (entries_.size() > kMaxKept) entries_.pop_back();
  }
  return entries_.front().tables;
}

void TableCache::release() {
  const std::lock_guard lock(mutex_);
  entries_.clear();
}

}  // namespace saliencymix::cpu
