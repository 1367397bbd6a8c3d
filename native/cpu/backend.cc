#include "cpu/backend.h"

#include <vector>

#include "cpu/pool.h"

namespace saliencymix {

namespace {

void forEachImage(int count, const Run& run, const std::function<void(int)>& task) {
  Pool::shared().forEach(count, run.threads, [&](int i) {
    run.throwIfCancelled();
    task(i);
  });
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
  const char* name() const override { return "cpu"; }
  const char* description() const override { return "scalar C++ on threads"; }
  std::string unavailable() const override { return {}; }

  void saliency(const BatchView& batch, const SaliencyMethod& method, float* maps, Point* peaks, Point* lows,
                const Run& run) const override {
    forEachImage(batch.count, run, [&](int i) {
      const ImageView image = batch.image(i);
      std::vector<float> own(maps == nullptr ? image.pixels() : 0);
      float* map = maps == nullptr ? own.data() : maps + static_cast<std::size_t>(i) * image.pixels();
      method.compute(image, map);
      peaks[i] = findExtreme(map, image.height, image.width, Extreme::peak);
      lows[i] = findExtreme(map, image.height, image.width, Extreme::low);
    });
  }

  void findAnchors(const MapSource& source, std::span<const AnchorRequest> requests, const Run& run) const override {
    const std::vector<std::size_t> groups = groupByImage(requests);
    forEachImage(static_cast<int>(groups.size()) - 1, run, [&](int group) {
      const std::size_t start = groups[static_cast<std::size_t>(group)];
      const std::size_t end = groups[static_cast<std::size_t>(group) + 1];
      const int index = requests[start].image;
      const ImageView image = source.batch.image(index);
      std::vector<float> own(source.maps == nullptr ? image.pixels() : 0);
      const float* map = own.data();
      if (source.maps == nullptr) {
        source.method->compute(image, own.data());
      } else {
        map = source.maps + static_cast<std::size_t>(index) * image.pixels();
      }
      for (const AnchorRequest& request : requests.subspan(start, end - start)) {
        *request.found = findExtreme(map, image.height, image.width, request.extreme, request.u);
      }
    });
  }

  void mix(const Planes<std::uint8_t>& batch, std::span<const MixSample> samples, const OutputFormat& format, void* out,
           const Run& run) const override {
    const std::size_t imageBytes =
        static_cast<std::size_t>(batch.height) * batch.rowLength() * bytesPerValue(format.dtype);
    forEachImage(static_cast<int>(samples.size()), run, [&](int i) {
      std::uint8_t* image = static_cast<std::uint8_t*>(out) + static_cast<std::size_t>(i) * imageBytes;
      std::vector<std::uint8_t> row(batch.rowLength());
      for (int y = 0; y < batch.height; y++) {
        mixRow(batch, samples[static_cast<std::size_t>(i)], y, row.data());
        convertRow(row.data(), y, batch.height, batch.width, batch.channels, format, image);
      }
    });
  }

  void mixLabelMaps(const Planes<std::int32_t>& batch, std::span<const MixSample> samples, std::int32_t* out,
                    const Run& run) const override {
    const std::size_t imageLength = static_cast<std::size_t>(batch.height) * batch.rowLength();
    forEachImage(static_cast<int>(samples.size()), run, [&](int i) {
      for (int y = 0; y < batch.height; y++) {
        std::int32_t* row = out + static_cast<std::size_t>(i) * imageLength + static_cast<std::size_t>(y) * batch.rowLength();
        mixRow(batch, samples[static_cast<std::size_t>(i)], y, row);
      }
    });
  }
};

}  // namespace

const Backend& cpuBackend() {
  static const CpuBackend backend;
  return backend;
}

}  // namespace saliencymix
