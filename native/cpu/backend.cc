#include "cpu/backend.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

#include "cpu/cache_size.h"
#include "cpu/levels.h"
#include "threads/pool.h"
#include "cpu/saliency.h"
#include "cpu/scratch.h"
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

// Where each image's requests start, and one past the end.
std::vector<std::size_t> groupByImage(std::span<const AnchorRequest> requests) {
  std::vector<std::size_t> starts;
  for (std::size_t i = 0; i < requests.size(); i++) {
    if (i == 0 || requests[i].image != requests[i - 1].image) starts.push_back(i);
  }
  starts.push_back(requests.size());
  return starts;
}

class CpuBackend final : public Backend {
 public:
  explicit CpuBackend(const cpu::ChosenLevel& chosen) : chosen_(chosen), kernels_(*chosen.level->kernels) {}

  const char* name() const override { return "cpu"; }
  const char* description() const override { return chosen_.level->description; }
  std::string unavailable() const override { return chosen_.problem; }
  const char* level() const override { return chosen_.level->name; }
  std::vector<std::string> levels() const override {
    std::vector<std::string> names;
    for (const cpu::Level& level : cpu::levels()) {
      if (level.supported()) names.emplace_back(level.name);
    }
    return names;
  }

  void saliency(const SaliencyJob& job, const Run& run) const override {
    const BatchView batch = viewOf(job.batch);
    const std::size_t pixels = batch.image(0).pixels();
    const cpu::MapUses uses{
        [&](int i) { return job.maps == nullptr ? nullptr : job.maps + static_cast<std::size_t>(i) * pixels; },
        [&](int i, const float* map) { kernels_.extremes(map, batch.height, batch.width, job.peaks[i], job.lows[i]); },
        [](int) { return false; }, [](int, Point) {}};
    cpu::forEachMap(kernels_, *job.method, batch.count, run, [&](int i) { return batch.image(i); }, uses);
  }

  void mix(const MixJob& job, const Run& run) const override {
    const BatchView batch = viewOf(job.batch);
    if (job.placing) {
      findAnchors(batch, *job.placing, anchorRequests(job.samples), run);
      placeSamples(job.samples, batch.height, batch.width, job.placing->rule);
    }
    if (!job.format) return;
    void* const out = job.output.resident == nullptr ? job.output.host : job.output.resident->data();
    write({batch.data, batch.count, batch.height, batch.width, batch.channels}, job.samples, *job.format, out, run);
  }

  void mixLabelMaps(const Planes<std::int32_t>& batch, std::span<const MixSample> samples, std::int32_t* out,
                    const Run& run) const override {
    const std::size_t imageLength = static_cast<std::size_t>(batch.height) * batch.rowLength();
    forEachPiece({static_cast<int>(samples.size()), batch.height}, run, [&](const Piece& piece) {
      const std::size_t at = static_cast<std::size_t>(piece.item);
      for (int y = piece.rows.begin; y < piece.rows.end; y++) {
        mixRow(batch, samples[at], y, out + at * imageLength + static_cast<std::size_t>(y) * batch.rowLength());
      }
    });
  }

  void cropFlip(const BatchView& batch, std::span<const CropFlip> draws, std::uint8_t* out,
                const Run& run) const override {
    const std::size_t imageBytes = batch.image(0).bytes();
    forEachPiece({batch.count, batch.height}, run, [&](const Piece& piece) {
      const std::size_t at = static_cast<std::size_t>(piece.item);
      kernels_.cropFlip(batch.image(piece.item), draws[at], piece.rows, out + at * imageBytes);
    });
  }

  std::unique_ptr<Resident> allocate(std::size_t bytes) const override {
    return std::make_unique<HostMemory>(name(), bytes);
  }
  void upload(const void* from, Resident& to, const Run&) const override { std::memcpy(to.data(), from, to.bytes); }
  void download(const Resident& from, void* to, const Run&) const override { std::memcpy(to, from.data(), from.bytes); }

  void releaseKept() const override {
    Scratch::shared().release();
    cpu::TableCache::shared().release();
  }

 private:
  // Answers every request. Requests of one image stand together.
  void findAnchors(const BatchView& batch, const Placing& source, std::span<const AnchorRequest> requests,
                   const Run& run) const {
    const std::vector<std::size_t> groups = groupByImage(requests);
    const auto requestsOf = [&](int group) {
      const std::size_t start = groups[static_cast<std::size_t>(group)];
      return requests.subspan(start, groups[static_cast<std::size_t>(group) + 1] - start);
    };
    const auto answer = [&](int group, const float* map) {
      for (const AnchorRequest& request : requestsOf(group)) {
        *request.found = kernels_.extreme(map, batch.height, batch.width, request.extreme, request.u);
      }
    };
    const auto imageOf = [&](int group) { return requests[groups[static_cast<std::size_t>(group)]].image; };
    const int count = static_cast<int>(groups.size()) - 1;
    if (source.maps != nullptr) {
      const std::size_t pixels = batch.image(0).pixels();
      forEachPiece({count, 1}, run, [&](const Piece& piece) {
        answer(piece.item, source.maps + static_cast<std::size_t>(imageOf(piece.item)) * pixels);
      });
      return;
    }
    const auto onlyPeak = [&](int group) {
      return std::ranges::all_of(requestsOf(group), [](const AnchorRequest& request) {
        return request.extreme == Extreme::peak && request.u < 0.0;
      });
    };
    const auto answerPeak = [&](int group, Point peak) {
      for (const AnchorRequest& request : requestsOf(group)) *request.found = peak;
    };
    const cpu::MapUses uses{[](int) -> float* { return nullptr; }, answer, onlyPeak, answerPeak};
    cpu::forEachMap(kernels_, *source.method, count, run,
                    [&](int group) { return batch.image(imageOf(group)); }, uses);
  }

  void write(const Planes<std::uint8_t>& batch, std::span<const MixSample> samples, const OutputFormat& format, void* out,
             const Run& run) const {
    const std::size_t imageBytes =
        static_cast<std::size_t>(batch.height) * batch.rowLength() * bytesPerValue(format.dtype);
    const bool stream = imageBytes * samples.size() > cpu::cacheShareBytes();
    forEachPiece({static_cast<int>(samples.size()), batch.height}, run, [&](const Piece& piece) {
      const std::size_t at = static_cast<std::size_t>(piece.item);
      const cpu::MixOutput output{format, static_cast<std::uint8_t*>(out) + at * imageBytes, stream};
      kernels_.mix(batch, samples[at], output, piece.rows);
    });
  }

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
