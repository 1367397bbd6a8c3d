// What a call has in the device's memory, and where. Each take() runs twice: first to learn how much memory is needed.
#pragma once

#include <algorithm>
#include <vector>

#include "core/arena_layout.h"
#include "core/backend.h"
#include "cuda/kernels/extremes.h"
#include "cuda/kernels/place.h"
#include "cuda/methods.h"
#include "cuda/tuning.h"

namespace saliencymix::cuda {

inline std::size_t bytesOf(const BatchView& view) { return static_cast<std::size_t>(view.count) * view.image(0).bytes(); }

// The pixels of the batch.
struct Pixels {
  const std::uint8_t* data = nullptr;
  std::uint8_t* own = nullptr;  // memory to upload them to; nullptr where the batch is on the device already

  void take(ArenaLayout& arena, const BatchSource& source) {
    own = source.resident == nullptr ? arena.take<std::uint8_t>(bytesOf(source.view)) : nullptr;
    data = source.resident == nullptr ? own : reinterpret_cast<const std::uint8_t*>(source.resident->data());
  }
};

// What a call writes: to a backend's memory, or to memory of its own, from where it goes to the host's.
template <class T>
struct Written {
  T* data = nullptr;
  T* host = nullptr;
  std::size_t count = 0;

  void take(ArenaLayout& arena, const Destination& to, std::size_t values) {
    count = values;
    host = static_cast<T*>(to.host);
    data = to.resident != nullptr ? reinterpret_cast<T*>(to.resident->data()) : arena.take<T>(values);
  }
};

// Uploads the pixels of a batch as they are needed, image after image.
template <class Queue>
class PixelFeed {
 public:
  PixelFeed(Queue& queue, const Pixels& to, const BatchSource& from) : queue_(queue), to_(to), from_(from) {}

  const std::uint8_t* data() const { return to_.data; }

  // Uploads the images before `end`, unless they are there. Kernels that are launched from here on see them, and all that
  // was uploaded before.
  void uploadUntil(int end) {
    if (to_.own != nullptr && end > uploaded_) {
      const std::size_t bytes = from_.view.image(0).bytes();
      const std::size_t at = static_cast<std::size_t>(uploaded_) * bytes;
      queue_.upload(to_.own + at, from_.view.data + at, static_cast<std::size_t>(end - uploaded_) * bytes);
      uploaded_ = end;
    }
    queue_.waitForUpload();
  }

 private:
  Queue& queue_;
  const Pixels& to_;
  const BatchSource& from_;
  int uploaded_ = 0;
};

// What maps are made for: their first peaks alone; first peaks and lows; choosing among ties, for which those of a chunk are kept;
// or for the caller, who gets all.
enum class MapsFor { firstPeaks, extremes, ties, maps };

// Running a method on some images of a batch, chunk after chunk.
template <class Queue>
struct MapWork {
  const DeviceMethod<Queue>& method;
  BatchView view;
  int count;
  int chunkSize;
  MapsFor maps;
  std::vector<std::byte> tables;

  // `isUploaded`: whether the pixels come from the host, piece by piece.
  MapWork(const SaliencyMethod& of, const BatchView& batch, int images, MapsFor wanted, bool isUploaded)
      : method(*DeviceMethods::find<Queue>(of.name)), view(batch), count(images), chunkSize(0), maps(wanted),
        tables(method.tables(batch.height, batch.width)) {
    const int most = std::min(isUploaded ? partsOf(count, tuning::kUploadedParts) : count, tuning::kMaxImagesOfChunk);
    const auto fits = [&](int size) { return bytesOfScratch(size) <= tuning::kChunkBytes; };
    chunkSize = std::min(most, 1);  // even where it has no room
    for (int step = tuning::kMaxImagesOfChunk; step > 0; step /= 2) {
      if (chunkSize + step <= most && fits(chunkSize + step)) chunkSize += step;
    }
    // No small rest.
    if (count > 0) chunkSize = partsOf(count, partsOf(count, chunkSize));
  }
  bool onlyPeaks() const { return maps == MapsFor::firstPeaks; }
  std::size_t pixels() const { return view.image(0).pixels(); }
  std::size_t scratchBytes() const { return bytesOfScratch(chunkSize); }
  std::size_t mapsLength() const {
    if (maps == MapsFor::extremes || onlyPeaks()) return 0;
    return static_cast<std::size_t>(maps == MapsFor::maps ? count : chunkSize) * pixels();
  }

 private:
  std::size_t bytesOfScratch(int images) const { return method.scratchBytes(images, view.height, view.width, onlyPeaks()); }
};

struct MapMemory {
  std::int32_t* images = nullptr;
  float* maps = nullptr;
  std::uint64_t* keys = nullptr;  // peaks of all images, then lows
  std::size_t count = 0;
  std::byte* tables = nullptr;
  std::byte* scratch = nullptr;

  template <class Queue>
  void take(ArenaLayout& arena, const MapWork<Queue>& work, std::size_t images_) {
    count = images_;
    images = arena.take<std::int32_t>(count);
    maps = arena.take<float>(work.mapsLength());
    keys = arena.take<std::uint64_t>(2 * count);
    tables = arena.take<std::byte>(work.tables.size());
    scratch = arena.take<std::byte>(work.scratchBytes());
  }
  void takeGiven(ArenaLayout& arena, const BatchView& view) {
    count = static_cast<std::size_t>(view.count);
    maps = arena.take<float>(count * view.image(0).pixels());
    keys = arena.take<std::uint64_t>(2 * count);
  }
  std::uint64_t* lows() const { return keys + count; }
};

// The anchors that the samples need from saliency: which images need maps, and the requests for each.
struct AnchorSearch {
  std::vector<std::int32_t> images;        // each once, ascending
  std::vector<DeviceRequest> requests;     // in the order of the images
  std::vector<RequestIndex> requestIndex;  // of every sample
  bool ties = false;                       // whether a request picks among ties, for which the map is needed
  bool lows = false;                       // whether a request asks for a low

  explicit AnchorSearch(const MixJob& job) {
    if (!job.placing) return;
    requestIndex.assign(job.samples.size(), {-1, -1});
    const bool given = job.placing->method == nullptr;
    for (const AnchorRequest& request : anchorRequests(job.samples)) {
      if (images.empty() || images.back() != request.image) images.push_back(request.image);
      note(job.samples, *request.found, static_cast<std::int32_t>(requests.size()));
      // Given maps are those of all images, so there an image's map has its position in the batch.
      requests.push_back({given ? request.image : static_cast<std::int32_t>(images.size()) - 1, request.extreme, request.u});
      ties = ties || request.u >= 0.0;
      lows = lows || request.extreme == Extreme::low;
    }
  }
  bool any() const { return !requests.empty(); }

 private:
  // Notes which request finds the anchor at `found`.
  void note(std::span<const MixSample> samples, const Point& found, std::int32_t request) {
    const auto offset = reinterpret_cast<const std::byte*>(&found) - reinterpret_cast<const std::byte*>(samples.data());
    const std::size_t sample = static_cast<std::size_t>(offset) / sizeof(MixSample);
    (&found == &samples[sample].from.at ? requestIndex[sample].from : requestIndex[sample].to) = request;
  }
};

struct SearchMemory {
  DeviceRequest* requests = nullptr;
  Point* answers = nullptr;
  RequestIndex* requestIndex = nullptr;

  void take(ArenaLayout& arena, const AnchorSearch& search, std::size_t samples) {
    requests = arena.take<DeviceRequest>(search.requests.size());
    answers = arena.take<Point>(search.requests.size());
    requestIndex = arena.take<RequestIndex>(samples);
  }
};

}  // namespace saliencymix::cuda
