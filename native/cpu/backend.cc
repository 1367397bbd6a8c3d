#include "cpu/backend.h"

#include <array>
#include <cstring>
#include <memory>
#include <vector>

#include "cpu/levels.h"
#include "cpu/mixing.h"
#include "cpu/saliency.h"
#include "cpu/scratch_pool.h"
#include "cpu/split.h"
#include "cpu/table_cache.h"

namespace saliencymix {

namespace {

using cpu::forEachPiece;
using cpu::Piece;

class HostMemory final : public Resident {
 public:
  HostMemory(const char* owner, std::size_t size)
      : Resident(owner, size), memory_(std::make_unique_for_overwrite<std::byte[]>(size)) {}
  std::byte* data() const override { return memory_.get(); }

 private:
  std::unique_ptr<std::byte[]> memory_;
};

// The batch with its pixels, wherever they are.
BatchView viewOf(const BatchSource& source) {
  BatchView view = source.view;
  if (source.resident != nullptr) view.data = reinterpret_cast<const std::uint8_t*>(source.resident->data());
  return view;
}

// Keeps the maps of a batch, where they are wanted, with the first peak and the first low of each.
class Extremes final : public cpu::MapVisitor {
 public:
  Extremes(const cpu::Kernels& kernels, const SaliencyJob& job, const BatchView& batch)
      : kernels_(kernels), job_(job), batch_(batch) {}

  int count() const override { return batch_.count; }
  ImageView image(int i) const override { return batch_.image(i); }
  float* mapOf(int i) const override {
    return job_.maps == nullptr ? nullptr : job_.maps + static_cast<std::size_t>(i) * batch_.image(0).pixels();
  }
  void useMap(int i, const float* map) override {
    kernels_.extremes(map, batch_.height, batch_.width, job_.peaks[i], job_.lows[i]);
  }
  bool wantsExtremes(int) const override { return true; }
  void useExtremes(int i, Point peak, Point low) override {
    job_.peaks[i] = peak;
    job_.lows[i] = low;
  }
  std::array<cpu::PrefetchRange, 2> usesNext(int i) const override {
    if (job_.maps == nullptr) return {};
    return {cpu::PrefetchRange{mapOf(i), batch_.image(0).pixels() * sizeof(float), true}};
  }

 private:
  const cpu::Kernels& kernels_;
  const SaliencyJob& job_;
  BatchView batch_;
};

class CpuBackend final : public Backend {
 public:
  explicit CpuBackend(const cpu::ChosenLevel& chosen) : chosen_(chosen), kernels_(*chosen.level->kernels) {}

  const char* name() const override { return "cpu"; }
  const char* description() const override { return chosen_.level->description; }
  std::string unavailable() const override { return chosen_.problem; }
  // Where a method has no kernel its reference runs.
  bool supports(const Needs&) const override { return true; }
  const char* level() const override { return chosen_.level->name; }
  std::vector<std::string> levels() const override {
    std::vector<std::string> names;
    for (const cpu::Level& level : cpu::levels()) {
      if (level.supported()) names.emplace_back(level.name);
    }
    return names;
  }

  void saliency(const SaliencyJob& job, const Run& run) const override {
    Extremes extremes(kernels_, job, viewOf(job.batch));
    cpu::visitMaps(kernels_, *job.method, extremes, run);
  }

  void mix(const MixJob& job, const Run& run) const override {
    cpu::mixBatch(kernels_, viewOf(job.batch), job, job.output.address(), run);
  }

  void mixLabelMaps(const NhwcBatch<std::int32_t>& batch, std::span<const MixSample> samples, std::int32_t* out,
                    const Run& run) const override {
    const std::size_t imageLength = static_cast<std::size_t>(batch.height) * batch.rowLength();
    forEachPiece({static_cast<int>(samples.size()), batch.height}, run, [&](const Piece& piece) {
      const std::size_t at = static_cast<std::size_t>(piece.item);
      for (int y = piece.rows.begin; y < piece.rows.end; y++) {
        mixRow(batch, samples[at], y, out + at * imageLength + static_cast<std::size_t>(y) * batch.rowLength());
      }
    });
  }

  void cropFlip(const BatchSource& source, std::span<const CropFlip> draws, const Destination& to,
                const Run& run) const override {
    const BatchView batch = viewOf(source);
    auto* const out = static_cast<std::uint8_t*>(to.address());
    const std::size_t imageBytes = batch.image(0).bytes();
    forEachPiece({batch.count, batch.height}, run, [&](const Piece& piece) {
      const std::size_t at = static_cast<std::size_t>(piece.item);
      kernels_.cropFlip(batch.image(piece.item), draws[at], piece.rows, out + at * imageBytes);
    });
  }

  void applyOperations(const OperationsJob& given, const Run& run) const override {
    const operations::TablePasses passes(*kernels_.operations);
    const operations::Job job{viewOf(given.batch), given.steps, given.fill, static_cast<std::uint8_t*>(given.output.address())};
    cpu::forEachRange(job.batch.count, run, [&](int begin, int end) {
      operations::Steps steps(passes, job);
      for (int i = begin; i < end; i++) {
        run.throwIfCancelled();
        steps.apply(i);
      }
    });
  }

  std::unique_ptr<Resident> allocate(std::size_t bytes) const override {
    return std::make_unique<HostMemory>(name(), bytes);
  }
  void upload(const void* from, Resident& to, const Run&) const override { std::memcpy(to.data(), from, to.bytes); }
  void download(const Resident& from, void* to, const Run&) const override { std::memcpy(to, from.data(), from.bytes); }

  void releaseKept() const override {
    ScratchPool::shared().release();
    cpu::TableCache::shared().release();
  }

 private:
  cpu::ChosenLevel chosen_;
  const cpu::Kernels& kernels_;
};

}  // namespace

const Backend& cpuBackend() {
  static const CpuBackend backend(cpu::chosenLevel());
  return backend;
}

std::unique_ptr<Backend> cpuBackendAt(const cpu::Level& level) {
  return std::make_unique<CpuBackend>(cpu::ChosenLevel{&level, ""});
}

}  // namespace saliencymix
