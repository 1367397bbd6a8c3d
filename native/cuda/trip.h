// How one call runs on a device: what the kernels need is uploaded once, they run one after the other, and what was asked for
// is downloaded once.
//
// Pixels are uploaded wave by wave, while the kernels of the wave before run, and downloaded part by part, while the kernels
// of the next part run. From and to the host's memory, this takes about as long as the copies alone.
//
// A Lane takes a device's work in order, with memory of its own. There is one for the CUDA runtime (card/lane.cuh), and tests
// have one that runs on the host. It gives
//   reserve(bytes)                     device memory, kept for the next call; what stood there is lost
//   upload(to, from, bytes)            queued, beside the kernels; `from` may be used again at once
//   arrived()                          kernels that are launched from here on see what was uploaded before
//   zero(at, bytes), launch(kernel)    queued one after the other
//   mark()                             a number for all kernels launched so far
//   download(to, from, bytes, mark)    queued behind those kernels, beside later ones; finished after wait()
//   wait()                             until all that is queued has been done
#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <vector>

#include "core/backend.h"
#include "core/carver.h"
#include "cuda/kernels/crop_flip.h"
#include "cuda/kernels/mix.h"
#include "cuda/trip_memory.h"

namespace saliencymix::cuda {

template <class Lane>
class Trip {
 public:
  Trip(Lane& lane, const Run& run) : lane_(lane), run_(run) {}

  void saliency(const SaliencyJob& job) {
    const BatchView& view = job.batch.view;
    const std::size_t count = static_cast<std::size_t>(view.count);
    std::vector<std::int32_t> images(count);
    for (std::size_t i = 0; i < count; i++) images[i] = static_cast<std::int32_t>(i);
    const MapWork<Lane> work(*job.method, view, view.count, job.maps != nullptr ? WholeMaps::all : WholeMaps::none);

    Pixels pixels;
    MapMemory memory;
    Point* points = nullptr;
    reserve([&](Carver& carver) {
      pixels.take(carver, job.batch);
      memory.take(carver, work, count);
      points = carver.take<Point>(2 * count);
    });
    struct Made {
      const Wave wave;
      int first;
      int mark;
    };
    std::vector<Made> made;
    PixelFeed<Lane> feed(lane_, pixels, job.batch);
    makeMaps(work, memory, images, feed,
             [&](const Wave& wave, int first) { made.push_back({wave, first, lane_.mark()}); });
    lane_.launch(ReadKeys{memory.keys, 2 * view.count, view.width, points});
    const int end = lane_.mark();
    for (const Made& part : made) {
      if (job.maps == nullptr) break;
      const std::size_t at = static_cast<std::size_t>(part.first) * work.pixels();
      const std::size_t bytes = static_cast<std::size_t>(part.wave.count) * work.pixels() * sizeof(float);
      lane_.download(job.maps + at, part.wave.maps, bytes, part.mark);
    }
    lane_.download(job.peaks, points, count * sizeof(Point), end);
    lane_.download(job.lows, points + count, count * sizeof(Point), end);
  }

  void mix(const MixJob& job) {
    const BatchView& view = job.batch.view;
    const Questions questions(job);
    const MixSize size = sizeOf(job);
    std::optional<MapWork<Lane>> work;
    if (questions.any() && job.placing->method != nullptr) {
      work.emplace(*job.placing->method, view, static_cast<int>(questions.images.size()),
                   questions.ties ? WholeMaps::ofWave : WholeMaps::none);
    }
    Pixels pixels;
    MapMemory memory;
    QuestionMemory asked;
    MixSample* samples = nullptr;
    std::byte* out = nullptr;
    reserve([&](Carver& carver) {
      if (work || job.format) pixels.take(carver, job.batch);
      if (work) memory.take(carver, *work, questions.images.size());
      else if (questions.any()) memory.takeGiven(carver, view);
      asked.take(carver, questions, size.samples);
      samples = carver.take<MixSample>(size.samples);
      out = job.output.resident != nullptr ? job.output.resident->data() : carver.take<std::byte>(size.outputBytes);
    });
    lane_.upload(samples, job.samples.data(), size.samples * sizeof(MixSample));
    lane_.arrived();
    PixelFeed<Lane> feed(lane_, pixels, job.batch);
    if (job.placing) {
      answer(questions, asked, job, work, memory, feed);
      place(*job.placing, view, samples, asked, static_cast<int>(size.samples), questions.any());
    }
    const int placed = lane_.mark();
    if (job.format) {
      feed.bring(view.count);
      write({{pixels.data, view.count, view.height, view.width, view.channels}, samples, static_cast<int>(size.samples)},
            *job.format, out, static_cast<std::byte*>(job.output.host));
    }
    if (job.placing) lane_.download(job.samples.data(), samples, size.samples * sizeof(MixSample), placed);
  }

  void mixLabelMaps(const Planes<std::int32_t>& maps, std::span<const MixSample> samples, std::int32_t* result) {
    const std::size_t pixels = static_cast<std::size_t>(maps.height) * static_cast<std::size_t>(maps.width);
    std::int32_t* labels = nullptr;
    std::int32_t* out = nullptr;
    MixSample* placed = nullptr;
    reserve([&](Carver& carver) {
      labels = carver.take<std::int32_t>(static_cast<std::size_t>(maps.count) * pixels);
      out = carver.take<std::int32_t>(samples.size() * pixels);
      placed = carver.take<MixSample>(samples.size());
    });
    lane_.upload(labels, maps.data, static_cast<std::size_t>(maps.count) * pixels * sizeof(std::int32_t));
    lane_.upload(placed, samples.data(), samples.size_bytes());
    lane_.arrived();
    Planes<std::int32_t> there = maps;
    there.data = labels;
    lane_.launch(MixLabels{there, placed, static_cast<int>(samples.size()), out});
    lane_.download(result, out, samples.size() * pixels * sizeof(std::int32_t), lane_.mark());
  }

  void cropFlip(const BatchView& batch, std::span<const CropFlip> draws, std::uint8_t* result) {
    const std::size_t bytes = static_cast<std::size_t>(batch.count) * batch.image(0).bytes();
    std::uint8_t* pixels = nullptr;
    std::uint8_t* out = nullptr;
    CropFlip* drawn = nullptr;
    reserve([&](Carver& carver) {
      pixels = carver.take<std::uint8_t>(bytes);
      out = carver.take<std::uint8_t>(bytes);
      drawn = carver.take<CropFlip>(draws.size());
    });
    lane_.upload(pixels, batch.data, bytes);
    lane_.upload(drawn, draws.data(), draws.size_bytes());
    lane_.arrived();
    lane_.launch(CropFlipValues{pixels, batch.count, batch.height, batch.width, batch.channels, drawn, out});
    lane_.download(result, out, bytes, lane_.mark());
  }

 private:
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

  // Runs `take` twice: to learn how much memory it needs, and then over that memory.
  template <class Take>
  void reserve(const Take& take) {
    Carver measure(nullptr);
    take(measure);
    Carver carver(lane_.reserve(measure.used()));
    take(carver);
  }

  template <class T>
  void upload(T* to, const std::vector<T>& from) {
    if (!from.empty()) lane_.upload(to, from.data(), from.size() * sizeof(T));
  }

  // images: the positions of those that need maps, ascending. after(wave, first) is called once the kernels are queued that
  // make the maps and keys of a wave, which begins with entry `first` of `images`.
  template <class After>
  void makeMaps(const MapWork<Lane>& work, const MapMemory& memory, const std::vector<std::int32_t>& images,
                PixelFeed<Lane>& feed, const After& after) {
    upload(memory.images, images);
    upload(memory.tables, work.tables);
    lane_.zero(memory.keys, 2 * memory.count * sizeof(std::uint64_t));
    for (int first = 0; first < work.count; first += work.ofWave) {
      run_.throwIfCancelled();
      const int count = std::min(work.ofWave, work.count - first);
      feed.bring(images[static_cast<std::size_t>(first + count - 1)] + 1);
      Wave wave{feed.data(), memory.images + first, count, work.view.height, work.view.width, work.view.channels,
                nullptr, memory.keys + first, memory.lows() + first};
      if (work.maps == WholeMaps::all) wave.maps = memory.maps + static_cast<std::size_t>(first) * work.pixels();
      if (work.maps == WholeMaps::ofWave) wave.maps = memory.maps;
      work.method.run(lane_, wave, memory.tables, memory.scratch);
      after(wave, first);
    }
  }

  void answer(const Questions& questions, const QuestionMemory& memory, const MixJob& job,
              const std::optional<MapWork<Lane>>& work, const MapMemory& maps, PixelFeed<Lane>& feed) {
    if (!questions.any()) return;
    const BatchView& view = job.batch.view;
    upload(memory.requests, questions.requests);
    upload(memory.asked, questions.asked);
    if (!work) {
      const int size = static_cast<int>(view.image(0).pixels());
      lane_.upload(maps.maps, job.placing->maps, maps.count * view.image(0).pixels() * sizeof(float));
      lane_.arrived();
      lane_.zero(maps.keys, 2 * maps.count * sizeof(std::uint64_t));
      lane_.launch(MapExtremes{maps.maps, view.count, size, maps.keys, maps.lows()});
      answerWave(questions, memory, maps, {0, view.count}, view);
      return;
    }
    makeMaps(*work, maps, questions.images, feed, [&](const Wave& wave, int first) {
      answerWave(questions, memory, maps, {first, first + wave.count}, view);
    });
  }

  // The requests of images begin .. end - 1 of the list, whose maps (where there are any) start with that of `begin`.
  struct Part {
    int begin;
    int end;
  };
  void answerWave(const Questions& questions, const QuestionMemory& memory, const MapMemory& maps, Part part,
                  const BatchView& view) {
    const auto before = [](const Request& request, int list) { return request.list < list; };
    const auto all = questions.requests.begin();
    const auto begin = std::lower_bound(all, questions.requests.end(), part.begin, before);
    const auto end = std::lower_bound(begin, questions.requests.end(), part.end, before);
    const int count = static_cast<int>(end - begin);
    const std::ptrdiff_t at = begin - all;
    lane_.launch(AnswerRequests{memory.requests + at, count, maps.keys, maps.lows(), view.width, memory.answers + at});
    if (std::any_of(begin, end, [](const Request& request) { return request.u >= 0.0; })) {
      const int pixels = static_cast<int>(view.image(0).pixels());
      lane_.launch(ChooseTie{memory.requests + at, count, maps.maps, part.begin, view.width, pixels, memory.answers + at});
    }
  }

  void place(const Placing& placing, const BatchView& view, MixSample* samples, const QuestionMemory& asked, int count,
             bool questions) {
    if (questions) lane_.launch(PutAnchors{samples, asked.asked, asked.answers, count});
    lane_.launch(PlaceBoxes{samples, count, view.height, view.width, placing.rule});
  }

  // Where the result goes to the host, in parts: while one comes down, the next is written.
  void write(const MixInput& input, const OutputFormat& format, std::byte* out, std::byte* host) {
    const std::size_t imageBytes = static_cast<std::size_t>(input.imageLength()) * bytesPerValue(format.dtype);
    const int each = host == nullptr ? input.count : partsOf(input.count, tuning::kOutputParts);
    for (int first = 0; first < input.count; first += each) {
      run_.throwIfCancelled();
      const int count = std::min(each, input.count - first);
      const std::size_t at = static_cast<std::size_t>(first) * imageBytes;
      writePart({input.batch, input.samples + first, count}, format, out + at);
      if (host != nullptr) lane_.download(host + at, out + at, static_cast<std::size_t>(count) * imageBytes, lane_.mark());
    }
  }
  void writePart(const MixInput& input, const OutputFormat& format, std::byte* out) {
    switch (format.dtype) {
      case Dtype::uint8: return writeAs(input, format, reinterpret_cast<std::uint8_t*>(out));
      case Dtype::float32: return writeAs(input, format, reinterpret_cast<float*>(out));
      case Dtype::float16: return writeAs(input, format, reinterpret_cast<std::uint16_t*>(out));
    }
  }
  template <class T>
  void writeAs(const MixInput& input, const OutputFormat& format, T* out) {
    const bool planes = format.layout == Layout::nchw && input.batch.channels > 1;
    if (planes && MixUnits<T, true>::fits(input)) lane_.launch(MixUnits<T, true>{input, format, out});
    else if (!planes && MixUnits<T, false>::fits(input)) lane_.launch(MixUnits<T, false>{input, format, out});
    else lane_.launch(MixValues<T>{input, format, out});
  }

  Lane& lane_;
  const Run& run_;
};

}  // namespace saliencymix::cuda
