// What a call has in the device's memory, and where: it is laid out twice, the first time to learn how much memory it takes.
#pragma once

#include <algorithm>
#include <vector>

#include "core/backend.h"
#include "core/carver.h"
#include "cuda/kernels/extremes.h"
#include "cuda/kernels/place.h"
#include "cuda/methods.h"
#include "cuda/tuning.h"

namespace saliencymix::cuda {

inline std::size_t bytesOf(const BatchView& view) { return static_cast<std::size_t>(view.count) * view.image(0).bytes(); }

struct Pixels {
  const std::uint8_t* data = nullptr;
  std::uint8_t* own = nullptr;  // nullptr where the batch is on the device already

  void take(Carver& carver, const BatchSource& source) {
    own = source.resident == nullptr ? carver.take<std::uint8_t>(bytesOf(source.view)) : nullptr;
    data = source.resident == nullptr ? own : reinterpret_cast<const std::uint8_t*>(source.resident->data());
  }
};

// Uploads the pixels of a batch as they are needed, image after image.
template <class Lane>
class PixelFeed {
 public:
  PixelFeed(Lane& lane, const Pixels& to, const BatchSource& from) : lane_(lane), to_(to), from_(from) {}

  const std::uint8_t* data() const { return to_.data; }

  // Kernels that are launched from here on find all images before `end`, and whatever else was uploaded.
  void bring(int end) {
    if (to_.own != nullptr && end > brought_) {
      const std::size_t bytes = from_.view.image(0).bytes();
      const std::size_t at = static_cast<std::size_t>(brought_) * bytes;
      lane_.upload(to_.own + at, from_.view.data + at, static_cast<std::size_t>(end - brought_) * bytes);
      brought_ = end;
    }
    lane_.arrived();
  }

 private:
  Lane& lane_;
  const Pixels& to_;
  const BatchSource& from_;
  int brought_ = 0;
};

// Which maps are kept: none, those of the wave that is being computed, or all.
enum class WholeMaps { none, ofWave, all };

// A method that the backend has, on `images` images of a batch, wave after wave.
template <class Lane>
struct MapWork {
  const DeviceMethod<Lane>& method;
  BatchView view;
  int count;
  int ofWave;
  WholeMaps maps;
  std::vector<std::byte> tables;

  MapWork(const SaliencyMethod& of, const BatchView& batch, int images, WholeMaps wanted)
      : method(*DeviceMethods::find<Lane>(of.name)), view(batch), count(images), ofWave(0), maps(wanted),
        tables(method.tables(batch.height, batch.width)) {
    const std::size_t each = method.scratchBytes(1, batch.height, batch.width);
    const std::size_t fit = std::clamp<std::size_t>(tuning::kWaveBytes / each, 1, tuning::kMostImagesOfWave);
    ofWave = std::min(count, static_cast<int>(fit));
  }
  std::size_t pixels() const { return view.image(0).pixels(); }
  std::size_t scratchBytes() const { return method.scratchBytes(ofWave, view.height, view.width); }
  std::size_t mapsLength() const {
    if (maps == WholeMaps::none) return 0;
    return static_cast<std::size_t>(maps == WholeMaps::all ? count : ofWave) * pixels();
  }
};

struct MapMemory {
  std::int32_t* images = nullptr;
  float* maps = nullptr;
  std::uint64_t* keys = nullptr;  // peaks of all images, then lows
  std::size_t count = 0;
  std::byte* tables = nullptr;
  std::byte* scratch = nullptr;

  template <class Lane>
  void take(Carver& carver, const MapWork<Lane>& work, std::size_t images_) {
    count = images_;
    images = carver.take<std::int32_t>(count);
    maps = carver.take<float>(work.mapsLength());
    keys = carver.take<std::uint64_t>(2 * count);
    tables = carver.take<std::byte>(work.tables.size());
    scratch = carver.take<std::byte>(work.scratchBytes());
  }
  void takeGiven(Carver& carver, const BatchView& view) {
    count = static_cast<std::size_t>(view.count);
    maps = carver.take<float>(count * view.image(0).pixels());
    keys = carver.take<std::uint64_t>(2 * count);
  }
  std::uint64_t* lows() const { return keys + count; }
};

// The anchors that the samples need from saliency: each image once, with its requests side by side.
struct Questions {
  std::vector<std::int32_t> images;
  std::vector<Request> requests;  // in the order of the images
  std::vector<AskedBy> asked;     // of every sample
  bool ties = false;

  explicit Questions(const MixJob& job) {
    if (!job.placing) return;
    asked.assign(job.samples.size(), {-1, -1});
    const bool given = job.placing->method == nullptr;
    for (const AnchorRequest& request : anchorRequests(job.samples)) {
      if (images.empty() || images.back() != request.image) images.push_back(request.image);
      note(job.samples, *request.found, static_cast<std::int32_t>(requests.size()));
      // Maps that are given are those of all images, so an image's position in the list is that in the batch.
      requests.push_back({given ? request.image : static_cast<std::int32_t>(images.size()) - 1, request.extreme, request.u});
      ties = ties || request.u >= 0.0;
    }
  }
  bool any() const { return !requests.empty(); }

 private:
  void note(std::span<const MixSample> samples, const Point& found, std::int32_t request) {
    const auto offset = reinterpret_cast<const std::byte*>(&found) - reinterpret_cast<const std::byte*>(samples.data());
    const std::size_t sample = static_cast<std::size_t>(offset) / sizeof(MixSample);
    (&found == &samples[sample].from.at ? asked[sample].from : asked[sample].to) = request;
  }
};

struct QuestionMemory {
  Request* requests = nullptr;
  Point* answers = nullptr;
  AskedBy* asked = nullptr;

  void take(Carver& carver, const Questions& questions, std::size_t samples) {
    requests = carver.take<Request>(questions.requests.size());
    answers = carver.take<Point>(questions.requests.size());
    asked = carver.take<AskedBy>(samples);
  }
};

}  // namespace saliencymix::cuda
