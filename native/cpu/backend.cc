#include "cpu/backend.h"

#include <algorithm>
#include <vector>

#include "cpu/cache_size.h"
#include "cpu/levels.h"
#include "cpu/pool.h"
#include "cpu/saliency.h"
#include "cpu/scratch.h"
#include "cpu/split.h"
#include "cpu/table_cache.h"

namespace saliencymix {

namespace {

using cpu::forEachPiece;
using cpu::Piece;

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

  void saliency(const BatchView& batch, const SaliencyMethod& method, float* maps, Point* peaks, Point* lows,
                const Run& run) const override {
    const std::size_t pixels = batch.image(0).pixels();
    const cpu::MapUses uses{
        [&](int i) { return maps == nullptr ? nullptr : maps + static_cast<std::size_t>(i) * pixels; },
        [&](int i, const float* map) { kernels_.extremes(map, batch.height, batch.width, peaks[i], lows[i]); },
        [](int) { return false; }, [](int, Point) {}};
    cpu::forEachMap(kernels_, method, batch.count, run, [&](int i) { return batch.image(i); }, uses);
  }

  void findAnchors(const MapSource& source, std::span<const AnchorRequest> requests, const Run& run) const override {
    const std::vector<std::size_t> groups = groupByImage(requests);
    const auto requestsOf = [&](int group) {
      const std::size_t start = groups[static_cast<std::size_t>(group)];
      return requests.subspan(start, groups[static_cast<std::size_t>(group) + 1] - start);
    };
    const auto answer = [&](int group, const float* map) {
      for (const AnchorRequest& request : requestsOf(group)) {
        *request.found = kernels_.extreme(map, source.batch.height, source.batch.width, request.extreme, request.u);
      }
    };
    const auto imageOf = [&](int group) { return requests[groups[static_cast<std::size_t>(group)]].image; };
    const int count = static_cast<int>(groups.size()) - 1;
    if (source.maps != nullptr) {
      const std::size_t pixels = source.batch.image(0).pixels();
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
                    [&](int group) { return source.batch.image(imageOf(group)); }, uses);
  }

  void mix(const Planes<std::uint8_t>& batch, std::span<const MixSample> samples, const OutputFormat& format, void* out,
           const Run& run) const override {
    const std::size_t imageBytes =
        static_cast<std::size_t>(batch.height) * batch.rowLength() * bytesPerValue(format.dtype);
    const bool stream = imageBytes * samples.size() > cpu::lastCacheBytes();
    forEachPiece({static_cast<int>(samples.size()), batch.height}, run, [&](const Piece& piece) {
      const std::size_t at = static_cast<std::size_t>(piece.item);
      const cpu::MixOutput output{format, static_cast<std::uint8_t*>(out) + at * imageBytes, stream};
      kernels_.mix(batch, samples[at], output, piece.rows);
    });
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
