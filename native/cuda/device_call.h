// How one call runs on a device: what the kernels need is uploaded once, they run one after the other, and what was asked for
// is downloaded once.
//
// Pixels are uploaded chunk by chunk, while the kernels of the chunk before run, and downloaded part by part, while the kernels
// of the next part run. From and to the host's memory, this takes about as long as the copies alone.
//
// A Queue takes a device's work in order, with memory of its own. There is one for the CUDA runtime (card/queue.cuh), and tests
// have one that runs on the host. It gives
//   reserve(bytes)                     device memory, kept for the next call; its contents are undefined
//   upload(to, from, bytes)            queued, runs beside kernels; `from` may be changed when this returns
//   waitForUpload()                    kernels that are launched from here on see what was uploaded before
//   zero(at, bytes), launch(kernel)    queued one after the other
//   recordEvent()                      a number that stands for all kernels launched so far
//   download(to, from, bytes, event)   queued after those kernels, runs beside later ones; finished after wait()
//   wait()                             until all that is queued has been done
#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <vector>

#include "core/arena_layout.h"
#include "core/backend.h"
#include "cuda/device_call_memory.h"
#include "cuda/kernels/clear_box.h"
#include "cuda/device_operations.h"
#include "cuda/kernels/crop_flip.h"
#include "cuda/kernels/mix_units.h"

namespace saliencymix::cuda {

template <class Queue>
class DeviceCall {
 public:
  DeviceCall(Queue& queue, const Run& run) : queue_(queue), run_(run) {}

  void saliency(const SaliencyJob& job) {
    const BatchView& view = job.batch.view;
    const std::size_t count = static_cast<std::size_t>(view.count);
    std::vector<std::int32_t> images(count);
    for (std::size_t i = 0; i < count; i++) images[i] = static_cast<std::int32_t>(i);
    const MapWork<Queue> work(*job.method, view, view.count, job.maps != nullptr ? MapsFor::maps : MapsFor::extremes,
                              job.batch.resident == nullptr);

    Pixels pixels;
    MapMemory memory;
    Point* points = nullptr;
    reserve([&](ArenaLayout& arena) {
      pixels.take(arena, job.batch);
      memory.take(arena, work, count);
      points = arena.take<Point>(2 * count);
    });
    struct Made {
      const Chunk chunk;
      int first;
      int event;
    };
    std::vector<Made> made;
    PixelFeed<Queue> feed(queue_, pixels, job.batch);
    makeMaps(work, memory, images, feed,
             [&](const Chunk& chunk, int first) { made.push_back({chunk, first, queue_.recordEvent()}); });
    queue_.launch(ReadKeys{memory.keys, 2 * view.count, view.width, points});
    const int end = queue_.recordEvent();
    for (const Made& part : made) {
      if (job.maps == nullptr) break;
      const std::size_t at = static_cast<std::size_t>(part.first) * work.pixels();
      const std::size_t bytes = static_cast<std::size_t>(part.chunk.count) * work.pixels() * sizeof(float);
      queue_.download(job.maps + at, part.chunk.maps, bytes, part.event);
    }
    queue_.download(job.peaks, points, count * sizeof(Point), end);
    queue_.download(job.lows, points + count, count * sizeof(Point), end);
  }

  void mix(const MixJob& job) {
    const BatchView& view = job.batch.view;
    const AnchorSearch search(job);
    const MixSize size = sizeOf(job);
    std::optional<MapWork<Queue>> work;
    if (search.any() && job.placing->method != nullptr) {
      work.emplace(*job.placing->method, view, static_cast<int>(search.images.size()),
                   search.ties ? MapsFor::ties : search.lows ? MapsFor::extremes : MapsFor::firstPeaks,
                   job.batch.resident == nullptr);
    }
    Pixels pixels;
    MapMemory memory;
    SearchMemory searchMemory;
    MixSample* samples = nullptr;
    Written<std::byte> out;
    reserve([&](ArenaLayout& arena) {
      if (work || job.format) pixels.take(arena, job.batch);
      if (work) memory.take(arena, *work, search.images.size());
      else if (search.any()) memory.takeGiven(arena, view);
      searchMemory.take(arena, search, size.samples);
      samples = arena.take<MixSample>(size.samples);
      out.take(arena, job.output, size.outputBytes);
    });
    queue_.upload(samples, job.samples.data(), size.samples * sizeof(MixSample));
    queue_.waitForUpload();
    PixelFeed<Queue> feed(queue_, pixels, job.batch);
    if (job.placing) {
      answer(search, searchMemory, job, work, memory, feed);
      place(*job.placing, view, samples, searchMemory, static_cast<int>(size.samples), search.any());
    }
    const int placed = queue_.recordEvent();
    if (job.format) {
      feed.uploadUntil(view.count);
      write({{pixels.data, view.count, view.height, view.width, view.channels}, samples, static_cast<int>(size.samples)},
            *job.format, job.samples, out.data, out.host);
    }
    if (job.placing) queue_.download(job.samples.data(), samples, size.samples * sizeof(MixSample), placed);
  }

  void mixLabelMaps(const NhwcBatch<std::int32_t>& maps, std::span<const MixSample> samples, std::int32_t* result) {
    const std::size_t pixels = static_cast<std::size_t>(maps.height) * static_cast<std::size_t>(maps.width);
    std::int32_t* labels = nullptr;
    std::int32_t* out = nullptr;
    MixSample* placed = nullptr;
    reserve([&](ArenaLayout& arena) {
      labels = arena.take<std::int32_t>(static_cast<std::size_t>(maps.count) * pixels);
      out = arena.take<std::int32_t>(samples.size() * pixels);
      placed = arena.take<MixSample>(samples.size());
    });
    queue_.upload(labels, maps.data, static_cast<std::size_t>(maps.count) * pixels * sizeof(std::int32_t));
    queue_.upload(placed, samples.data(), samples.size_bytes());
    queue_.waitForUpload();
    NhwcBatch<std::int32_t> there = maps;
    there.data = labels;
    queue_.launch(MixLabels{there, placed, static_cast<int>(samples.size()), out});
    queue_.download(result, out, samples.size() * pixels * sizeof(std::int32_t), queue_.recordEvent());
  }

  void cropFlip(const BatchSource& source, std::span<const CropFlip> draws, const Destination& to) {
    const BatchView& batch = source.view;
    Pixels pixels;
    Written<std::uint8_t> out;
    CropFlip* drawn = nullptr;
    reserve([&](ArenaLayout& arena) {
      pixels.take(arena, source);
      out.take(arena, to, bytesOf(batch));
      drawn = arena.take<CropFlip>(draws.size());
    });
    PixelFeed<Queue> feed(queue_, pixels, source);
    feed.uploadUntil(batch.count);
    queue_.upload(drawn, draws.data(), draws.size_bytes());
    queue_.waitForUpload();
    queue_.launch(CropFlipValues{pixels.data, batch.count, batch.height, batch.width, batch.channels, drawn, out.data});
    download(out);
  }

  // Step after step, the last one to where the result goes. What is uploaded for a step has memory of its own, as it may be
  // uploaded while the kernel of the step before still runs.
  void applyOperations(const OperationsJob& given) {
    const BatchView& batch = given.batch.view;
    const operations::Job job{batch, given.steps, given.fill, nullptr};
    const std::size_t count = static_cast<std::size_t>(batch.count);
    const std::size_t rounds = job.steps.size() / count;
    Pixels pixels;
    Written<std::uint8_t> out;
    std::uint8_t* between = nullptr;
    ImageNumbers* numbers = nullptr;
    WrittenPass* passes = nullptr;
    reserve([&](ArenaLayout& arena) {
      pixels.take(arena, given.batch);
      out.take(arena, given.output, bytesOf(batch));
      if (rounds > 1) between = arena.take<std::uint8_t>(bytesOf(batch));
      numbers = arena.take<ImageNumbers>(count);
      passes = arena.take<WrittenPass>(count * rounds);
    });
    PixelFeed<Queue> feed(queue_, pixels, given.batch);
    feed.uploadUntil(batch.count);
    const std::uint8_t* from = pixels.data;
    for (std::size_t round = 0; round < rounds; round++, passes += count) {
      run_.throwIfCancelled();
      const OperatedImages images{from, batch.count, batch.height, batch.width, batch.channels};
      bool asksNumbers = false;
      std::vector<WrittenPass> noted = notePasses(job, round, nullptr, asksNumbers);
      if (asksNumbers) noted = notePasses(job, round, measure(images, numbers).data(), asksNumbers);
      upload(passes, noted);
      queue_.waitForUpload();
      std::uint8_t* const to = (rounds - round) % 2 == 1 ? out.data : between;
      queue_.launch(WritePasses{images, passes, to});
      from = to;
    }
    download(out);
  }

 private:
  // The numbers of all images; waits for them.
  std::vector<ImageNumbers> measure(const OperatedImages& images, ImageNumbers* numbers) {
    std::vector<ImageNumbers> found(static_cast<std::size_t>(images.count));
    const std::size_t bytes = found.size() * sizeof(ImageNumbers);
    queue_.waitForUpload();
    queue_.zero(numbers, bytes);
    queue_.launch(MeasureImages{images, numbers});
    queue_.download(found.data(), numbers, bytes, queue_.recordEvent());
    queue_.wait();
    return found;
  }

  struct MixSize {
    std::size_t samples;
    std::size_t outputBytes;
  };

  static MixSize sizeOf(const MixJob& job) {
    const std::size_t samples = job.samples.size();
    const std::size_t bytes =
        job.format ? samples * job.batch.view.image(0).bytes() * bytesPerValue(job.format->dtype) : 0;
    return {samples, bytes};
  }

  // What a call has written, if it goes to the host.
  template <class T>
  void download(const Written<T>& out) {
    if (out.host != nullptr) queue_.download(out.host, out.data, out.count * sizeof(T), queue_.recordEvent());
  }

  // Runs `take` twice: to learn how much memory it needs, and then over that memory.
  template <class Take>
  void reserve(const Take& take) {
    ArenaLayout measure(nullptr);
    take(measure);
    ArenaLayout arena(queue_.reserve(measure.used()));
    take(arena);
  }

  template <class T>
  void upload(T* to, const std::vector<T>& from) {
    if (!from.empty()) queue_.upload(to, from.data(), from.size() * sizeof(T));
  }

  // images: the positions of the images that need maps, ascending. Chunk after chunk, queues the kernels that make the maps
  // and keys, then calls after(chunk, first), where entry `first` of `images` is the first of the chunk.
  template <class After>
  void makeMaps(const MapWork<Queue>& work, const MapMemory& memory, const std::vector<std::int32_t>& images,
                PixelFeed<Queue>& feed, const After& after) {
    upload(memory.images, images);
    upload(memory.tables, work.tables);
    queue_.zero(memory.keys, 2 * memory.count * sizeof(std::uint64_t));
    for (int first = 0; first < work.count; first += work.chunkSize) {
      run_.throwIfCancelled();
      const int count = std::min(work.chunkSize, work.count - first);
      feed.uploadUntil(images[static_cast<std::size_t>(first + count - 1)] + 1);
      Chunk chunk{feed.data(), memory.images + first, count, work.view.height, work.view.width, work.view.channels,
                  nullptr, memory.keys + first, memory.lows() + first};
      if (work.maps == MapsFor::maps) chunk.maps = memory.maps + static_cast<std::size_t>(first) * work.pixels();
      if (work.maps == MapsFor::ties) chunk.maps = memory.maps;
      chunk.onlyPeaks = work.onlyPeaks();
      work.method.run(queue_, chunk, memory.tables, memory.scratch);
      after(chunk, first);
    }
  }

  // Queues the kernels that answer all requests.
  void answer(const AnchorSearch& search, const SearchMemory& memory, const MixJob& job,
              const std::optional<MapWork<Queue>>& work, const MapMemory& maps, PixelFeed<Queue>& feed) {
    if (!search.any()) return;
    const BatchView& view = job.batch.view;
    upload(memory.requests, search.requests);
    upload(memory.requestIndex, search.requestIndex);
    if (!work) {
      const int size = static_cast<int>(view.image(0).pixels());
      queue_.upload(maps.maps, job.placing->maps, maps.count * view.image(0).pixels() * sizeof(float));
      queue_.waitForUpload();
      queue_.zero(maps.keys, 2 * maps.count * sizeof(std::uint64_t));
      queue_.launch(MapExtremes{maps.maps, view.count, size, maps.keys, maps.lows()});
      answerChunk(search, memory, maps, {0, view.count}, view);
      return;
    }
    const auto answerTies = [&](const Chunk& chunk, int first) {
      if (search.ties) answerChunk(search, memory, maps, {first, first + chunk.count}, view);
    };
    makeMaps(*work, maps, search.images, feed, answerTies);
    // Without ties the keys are enough, and those of all chunks are kept.
    if (!search.ties) answerChunk(search, memory, maps, {0, work->count}, view);
  }

  // Answers the requests of maps begin .. end - 1; the maps that are kept, if any, start with that of `begin`.
  struct Part {
    int begin;
    int end;
  };
  void answerChunk(const AnchorSearch& search, const SearchMemory& memory, const MapMemory& maps, Part part,
                   const BatchView& view) {
    const auto before = [](const DeviceRequest& request, int map) { return request.mapIndex < map; };
    const auto all = search.requests.begin();
    const auto begin = std::lower_bound(all, search.requests.end(), part.begin, before);
    const auto end = std::lower_bound(begin, search.requests.end(), part.end, before);
    const int count = static_cast<int>(end - begin);
    const std::ptrdiff_t at = begin - all;
    queue_.launch(AnswerRequests{memory.requests + at, count, maps.keys, maps.lows(), view.width, memory.answers + at});
    if (std::any_of(begin, end, [](const DeviceRequest& request) { return request.u >= 0.0; })) {
      const int pixels = static_cast<int>(view.image(0).pixels());
      queue_.launch(ChooseTie{memory.requests + at, count, maps.maps, part.begin, view.width, pixels, memory.answers + at});
    }
  }

  void place(const Placing& placing, const BatchView& view, MixSample* samples, const SearchMemory& searchMemory, int count,
             bool anyRequests) {
    if (anyRequests) queue_.launch(PutAnchors{samples, searchMemory.requestIndex, searchMemory.answers, count});
    queue_.launch(PlaceBoxes{samples, count, view.height, view.width, placing.rule});
  }

  // What there is among the samples of a call.
  struct Mixes {
    MixSet set;
    bool clears;  // whether a box is 0 in the output
  };

  // Writes the mixed images; where they go to the host, in parts: one is downloaded while the next is written.
  void write(const MixInput& input, const OutputFormat& format, std::span<const MixSample> samples, std::byte* out,
             std::byte* host) {
    const Mixes mixes{std::ranges::all_of(samples, isMoved) ? MixSet::moved : MixSet::all,
                        std::ranges::any_of(samples, [&](const MixSample& sample) { return clearsBox(sample, format); })};
    const std::size_t imageBytes = static_cast<std::size_t>(input.imageLength()) * bytesPerValue(format.dtype);
    const int each = host == nullptr ? input.count : partsOf(input.count, tuning::kOutputParts);
    for (int first = 0; first < input.count; first += each) {
      run_.throwIfCancelled();
      const int count = std::min(each, input.count - first);
      const std::size_t at = static_cast<std::size_t>(first) * imageBytes;
      writePart({input.batch, input.samples + first, count}, format, mixes, out + at);
      if (host != nullptr) queue_.download(host + at, out + at, static_cast<std::size_t>(count) * imageBytes,
                                           queue_.recordEvent());
    }
  }
  void writePart(const MixInput& input, const OutputFormat& format, const Mixes& mixes, std::byte* out) {
    switch (format.dtype) {
      case Dtype::uint8: return writeAs(input, format, mixes, reinterpret_cast<std::uint8_t*>(out));
      case Dtype::float32: return writeAs(input, format, mixes, reinterpret_cast<float*>(out));
      case Dtype::float16: return writeAs(input, format, mixes, reinterpret_cast<std::uint16_t*>(out));
    }
  }
  template <class T>
  void writeAs(const MixInput& input, const OutputFormat& format, const Mixes& mixes, T* out) {
    const bool planes = format.layout == Layout::nchw && input.batch.channels > 1;
    const bool byUnits = planes ? writeUnits<T, true>(input, format, mixes.set, out) : writeUnits<T, false>(input, format, mixes.set, out);
    if (!byUnits) queue_.launch(MixValues<T>{input, format, out});
    if (mixes.clears) queue_.launch(ClearBoxes<T>{input, format, out});
  }
  // Whether the shape allows it.
  template <class T, bool planes>
  bool writeUnits(const MixInput& input, const OutputFormat& format, MixSet set, T* out) {
    if (!fitsUnits<T, planes>(input)) return false;
    if (set == MixSet::moved) queue_.launch(MixUnits<T, planes, MixSet::moved>(input, format, out));
    else queue_.launch(MixUnits<T, planes, MixSet::all>(input, format, out));
    return true;
  }

  Queue& queue_;
  const Run& run_;
};

}  // namespace saliencymix::cuda
