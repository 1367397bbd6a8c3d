#include "cpu/saliency.h"

#include "cpu/parts.h"
#include "cpu/scratch_pool.h"
#include "cpu/split.h"
#include "cpu/table_cache.h"

namespace saliencymix::cpu {

namespace {

const SaliencyKernel* findKernel(const Kernels& kernels, const SaliencyMethod& method) {
  for (std::size_t i = 0; i < kernels.saliencyCount; i++) {
    if (method.name == kernels.saliency[i].method) return &kernels.saliency[i];
  }
  return nullptr;
}

// One method at one level, for images of one shape. A method without a kernel is its reference, as one pass over all rows.
class MapMaker {
 public:
  MapMaker(const Kernels& kernels, const SaliencyMethod& method, const ImageView& first)
      : method_(method), kernel_(findKernel(kernels, method)), height_(first.height), width_(first.width) {
    if (kernel_ != nullptr) tables_ = TableCache::shared().find(*kernel_, height_, width_);
  }

  int height() const { return height_; }
  int passes() const { return kernel_ == nullptr ? 1 : kernel_->passes; }
  bool banded() const { return kernel_ != nullptr && kernel_->banded; }
  std::size_t workspaceBytes() const { return kernel_ == nullptr ? 0 : padded(kernel_->workspaceBytes(height_, width_)); }
  std::size_t bandBytes() const { return kernel_ == nullptr ? 0 : padded(kernel_->bandBytes(height_, width_)); }
  std::size_t mapBytes() const {
    return padded(static_cast<std::size_t>(height_) * static_cast<std::size_t>(width_) * sizeof(float));
  }

  const void* tables() const { return tables_.get(); }
  bool findsPeak() const { return kernel_ != nullptr && kernel_->firstPeak != nullptr; }
  Point firstPeak(const SaliencyTask& task, std::byte* scratch) const { return kernel_->firstPeak(task, scratch); }
  bool findsExtremes() const { return kernel_ != nullptr && kernel_->extremes != nullptr; }
  void extremes(const SaliencyTask& task, Point& peak, Point& low) const { kernel_->extremes(task, peak, low); }
  void pass(int number, const SaliencyTask& task, std::byte* scratch, Rows rows) const {
    if (kernel_ == nullptr) method_.compute(task.image, task.map);
    else kernel_->pass(number, task, rows, scratch);
  }

 private:
  static std::size_t padded(std::size_t bytes) { return (bytes + 63) / 64 * 64; }

  const SaliencyMethod& method_;
  const SaliencyKernel* kernel_;
  int height_;
  int width_;
  std::shared_ptr<const void> tables_;
};

// Has what the visit of image i uses fetched while the image is computed, and the next image, unless that is the same memory.
void fetchWith(SaliencyTask& task, const MapVisitor& visitor, int i, int end) {
  if (!Parts::kFetching) return;
  const std::array<PrefetchRange, 2> used = visitor.usesNext(i);
  task.prefetch[1] = used[0];
  task.prefetch[2] = used[1];
  if (i + 1 == end) return;
  const ImageView next = visitor.image(i + 1);
  if (next.data != used[0].memory) task.prefetch[0] = {next.data, next.bytes()};
}

// Several images to a thread, each from its first pass to its last.
void visitAlone(const MapMaker& maker, MapVisitor& visitor, const Run& run) {
  forEachRange(visitor.count(), run, [&](int begin, int end) {
    const ScratchPool::Lease memory =
        ScratchPool::shared().borrow(maker.workspaceBytes() + maker.bandBytes() + maker.mapBytes());
    std::byte* const scratch = memory.data() + maker.workspaceBytes();
    float* const own = reinterpret_cast<float*>(scratch + maker.bandBytes());
    for (int i = begin; i < end; i++) {
      run.throwIfCancelled();
      float* const given = visitor.mapOf(i);
      float* const map = given == nullptr ? own : given;
      SaliencyTask task{visitor.image(i), maker.tables(), memory.data(), map, {}};
      fetchWith(task, visitor, i, end);
      if (Parts::kPeakAlone && maker.findsPeak() && visitor.wantsPeakAlone(i)) {
        visitor.usePeak(i, maker.firstPeak(task, scratch));
        continue;
      }
      for (int number = 0; number < maker.passes(); number++) maker.pass(number, task, scratch, {0, maker.height()});
      if (Parts::kExtremesByRows && maker.findsExtremes() && visitor.wantsExtremes(i)) {
        Point peak;
        Point low;
        maker.extremes(task, peak, low);
        visitor.useExtremes(i, peak, low);
        continue;
      }
      visitor.useMap(i, map);
    }
  });
}

// For fewer images than threads: each pass runs on bands of rows of all images, and the next begins when all are done.
void visitInBands(const MapMaker& maker, int bands, MapVisitor& visitor, const Run& run) {
  const std::size_t each = maker.workspaceBytes() + maker.mapBytes();
  const std::size_t images = static_cast<std::size_t>(visitor.count());
  const ScratchPool::Lease memory = ScratchPool::shared().borrow(images * each);
  const ScratchPool::Lease scratch = ScratchPool::shared().borrow(images * static_cast<std::size_t>(bands) * maker.bandBytes());
  const auto taskOf = [&](int i) {
    std::byte* const workspace = memory.data() + static_cast<std::size_t>(i) * each;
    float* const given = visitor.mapOf(i);
    float* const own = reinterpret_cast<float*>(workspace + maker.workspaceBytes());
    return SaliencyTask{visitor.image(i), maker.tables(), workspace, given == nullptr ? own : given, {}};
  };
  for (int number = 0; number < maker.passes(); number++) {
    Pool::shared().forEach(visitor.count() * bands, run.threads, [&](int piece) {
      run.throwIfCancelled();
      std::byte* const own = scratch.data() + static_cast<std::size_t>(piece) * maker.bandBytes();
      maker.pass(number, taskOf(piece / bands), own, bandOf(maker.height(), piece % bands, bands));
    });
  }
  for (int i = 0; i < visitor.count(); i++) visitor.useMap(i, taskOf(i).map);
}

}  // namespace

void visitMaps(const Kernels& kernels, const SaliencyMethod& method, MapVisitor& visitor, const Run& run) {
  if (visitor.count() == 0) return;
  const MapMaker maker(kernels, method, visitor.image(0));
  const int bands = maker.banded() ? bandsOf({visitor.count(), maker.height()}, run.threads) : 1;
  if (bands == 1) visitAlone(maker, visitor, run);
  else visitInBands(maker, bands, visitor, run);
}

}  // namespace saliencymix::cpu
