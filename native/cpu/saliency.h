// The maps of several images, on threads.
#pragma once

#include <array>

#include "core/backend.h"
#include "cpu/kernels.h"
#include "cpu/scratch_pool.h"
#include "cpu/split.h"
#include "cpu/table_cache.h"

namespace saliencymix::cpu {

// One method at one level, for images of one shape.
class MapMaker {
 public:
  MapMaker(const Kernels& kernels, const SaliencyMethod& method, int height, int width);

  int height() const { return height_; }
  std::size_t pixels() const { return static_cast<std::size_t>(height_) * static_cast<std::size_t>(width_); }
  int passes() const { return kernel_ == nullptr ? 1 : kernel_->passes; }
  bool banded() const { return kernel_ != nullptr && kernel_->banded; }
  std::size_t workspaceBytes() const { return kernel_ == nullptr ? 0 : padded(kernel_->workspaceBytes(height_, width_)); }
  std::size_t bandBytes() const { return kernel_ == nullptr ? 0 : padded(kernel_->bandBytes(height_, width_)); }
  std::size_t mapBytes() const { return padded(pixels() * sizeof(float)); }

  // `next`, `wanted`: memory that is fetched into the cache while the map is computed.
  SaliencyTask task(const ImageView& image, std::byte* workspace, float* map, const PrefetchRange& next,
                    const std::array<PrefetchRange, 2>& wanted) const {
    return {image, tables_.get(), workspace, map, {next, wanted[0], wanted[1]}};
  }
  bool findsPeak() const { return kernel_ != nullptr && kernel_->firstPeak != nullptr; }
  Point firstPeak(const SaliencyTask& task, std::byte* scratch) const { return kernel_->firstPeak(task, scratch); }
  void pass(int number, const SaliencyTask& task, std::byte* scratch, Rows rows) const {
    if (kernel_ == nullptr) method_.compute(task.image, task.map);
    else kernel_->pass(number, task, rows, scratch);
  }

 private:
  static std::size_t padded(std::size_t bytes) { return (bytes + 63) / 64 * 64; }

  const SaliencyMethod& method_;
  const SaliencyKernel* kernel_;  // nullptr: the reference
  int height_;
  int width_;
  std::shared_ptr<const void> tables_;
};

// What is done with the maps. Map i is written to mapOf(i) or, where that is nullptr, to scratch memory; then use(i, map) is
// called. Where onlyPeak(i) is true, usePeak(i, peak) may be called instead, with the first peak, and no map is made.
// prefetchFor(i): the memory that use or usePeak is going to read and write.
template <class MapOf, class Use, class OnlyPeak, class UsePeak, class PrefetchFor>
struct MapUses {
  MapOf mapOf;
  Use use;
  OnlyPeak onlyPeak;
  UsePeak usePeak;
  PrefetchFor prefetchFor;
};
// Compilers deduce these for an aggregate only since clang 17.
template <class MapOf, class Use, class OnlyPeak, class UsePeak, class PrefetchFor>
MapUses(MapOf, Use, OnlyPeak, UsePeak, PrefetchFor) -> MapUses<MapOf, Use, OnlyPeak, UsePeak, PrefetchFor>;

// Several images to a thread, each from its first pass to its last.
template <class ImageOf, class Uses>
void forEachMapAlone(const MapMaker& maker, int count, const Run& run, const ImageOf& imageOf, const Uses& uses) {
  forEachRange(count, run, [&](int begin, int end) {
    const ScratchPool::Lease memory =
        ScratchPool::shared().borrow(maker.workspaceBytes() + maker.bandBytes() + maker.mapBytes());
    std::byte* const scratch = memory.data() + maker.workspaceBytes();
    float* const own = reinterpret_cast<float*>(scratch + maker.bandBytes());
    for (int i = begin; i < end; i++) {
      run.throwIfCancelled();
      float* const given = uses.mapOf(i);
      float* const map = given == nullptr ? own : given;
      const ImageView image = imageOf(i);
      const std::array<PrefetchRange, 2> wanted = uses.prefetchFor(i);
      PrefetchRange next = i + 1 < end ? PrefetchRange{imageOf(i + 1).data, image.bytes()} : PrefetchRange{};
      if (next.memory == wanted[0].memory) next = {};  // the same memory: it need not be fetched twice
      const SaliencyTask task = maker.task(image, memory.data(), map, next, wanted);
      if (maker.findsPeak() && uses.onlyPeak(i)) {
        uses.usePeak(i, maker.firstPeak(task, scratch));
        continue;
      }
      for (int number = 0; number < maker.passes(); number++) maker.pass(number, task, scratch, {0, maker.height()});
      uses.use(i, map);
    }
  });
}

// For fewer images than threads: each pass runs on bands of rows of all images, and the next begins when all are done.
template <class ImageOf, class Uses>
void forEachMapInBands(const MapMaker& maker, int count, int bands, const Run& run, const ImageOf& imageOf,
                       const Uses& uses) {
  const std::size_t each = maker.workspaceBytes() + maker.mapBytes();
  const std::size_t images = static_cast<std::size_t>(count);
  const ScratchPool::Lease memory = ScratchPool::shared().borrow(images * each);
  const ScratchPool::Lease scratch = ScratchPool::shared().borrow(images * static_cast<std::size_t>(bands) * maker.bandBytes());
  const auto mapAt = [&](int i) {
    float* const given = uses.mapOf(i);
    std::byte* const own = memory.data() + static_cast<std::size_t>(i) * each + maker.workspaceBytes();
    return given == nullptr ? reinterpret_cast<float*>(own) : given;
  };
  for (int number = 0; number < maker.passes(); number++) {
    Pool::shared().forEach(count * bands, run.threads, [&](int piece) {
      run.throwIfCancelled();
      const int i = piece / bands;
      const SaliencyTask task =
          maker.task(imageOf(i), memory.data() + static_cast<std::size_t>(i) * each, mapAt(i), {}, {});
      maker.pass(number, task, scratch.data() + static_cast<std::size_t>(piece) * maker.bandBytes(),
                 bandOf(maker.height(), piece % bands, bands));
    });
  }
  for (int i = 0; i < count; i++) uses.use(i, mapAt(i));
}

// For i = 0 .. count - 1: the map of imageOf(i). All images have one shape.
template <class ImageOf, class Uses>
void forEachMap(const Kernels& kernels, const SaliencyMethod& method, int count, const Run& run, const ImageOf& imageOf,
                const Uses& uses) {
  if (count == 0) return;
  const ImageView first = imageOf(0);
  const MapMaker maker(kernels, method, first.height, first.width);
  const int bands = maker.banded() ? bandsOf({count, maker.height()}, run.threads) : 1;
  if (bands == 1) forEachMapAlone(maker, count, run, imageOf, uses);
  else forEachMapInBands(maker, count, bands, run, imageOf, uses);
}

}  // namespace saliencymix::cpu
