// What a backend with a device must do besides giving the same answers (parity.h): batches in several chunks, batches one
// after another and at once, calls that are stopped, memory that stays on the device. For any backend, at any size.
#pragma once

#include <atomic>
#include <chrono>
#include <future>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "backends.h"
#include "cpu/backend.h"
#include "cuda/tuning.h"
#include "parity.h"
#include "scenes.h"

namespace device_checks {

using namespace saliencymix;
using parity::kRun;
using parity::Shape;

// The backend has the methods of native/cuda/methods, and lacks nothing but the other methods.
inline void expectMethods(const Backend& backend) {
  const std::vector<std::string_view> methods = {"fine-grained", "spectral-residual", "frequency-tuned", "sobel"};
  std::vector<std::string_view> others;
  for (const SaliencyMethod& method : kSaliencyMethods) {
    if (std::find(methods.begin(), methods.end(), method.name) == methods.end()) others.push_back(method.name);
  }
  CHECK(lackedBy(backend) == others);
  CHECK_EQUAL(parity::methodsOf(backend).size(), methods.size());
}

// A batch that needs more scratch memory than a chunk has. An image takes 9 bytes a pixel (fine-grained), 12
// (frequency-tuned), 4 (sobel), or 16 KiB whatever its size, beside 4 MiB for all (spectral-residual); see native/cuda/methods.
inline Shape severalChunks(std::string_view method) {
  constexpr int kMebibytes = static_cast<int>(cuda::tuning::kChunkBytes >> 20);
  if (method == "spectral-residual") return {(kMebibytes - 4) * 1024 / 16 + 9, 5, 7, 3};
  if (method == "sobel") return {kMebibytes * 3 + 1, 300, 300, 3};
  return {method == "fine-grained" ? kMebibytes * 4 / 3 + 1 : kMebibytes + 1, 300, 300, 3};
}

// Calls each(method, batch) after the maps of a method have been found.
template <class Each>
void compareChunks(const Backend& backend, check::Numbers& numbers, const Each& each) {
  for (const SaliencyMethod* method : parity::methodsOf(backend)) {
    const Shape shape = severalChunks(method->name);
    const Images images(numbers, shape.count, shape.height, shape.width, shape.channels);
    // In the backend's memory: those that are uploaded come in more chunks, whatever they need.
    const auto resident = parity::uploadBatch(backend, images.view());
    BatchView absent = images.view();
    absent.data = nullptr;
    const parity::Found found(backend, {absent, resident.get()}, *method);
    each(*method, images.view());
    CHECK(parity::Found(backend, {images.view()}, *method).maps == found.maps);
    parity::expectNear(*method, parity::Found(cpuBackend(), {images.view()}, *method).maps, found.maps);
    parity::expectExtremes(found, images.view());
    parity::compareAnchors(backend, numbers, images.view(), *method, found);
  }
  // So many images that their number, not their memory, is what fills a chunk, of those in the backend's memory.
  parity::compareMixing(backend, numbers, {cuda::tuning::kMaxImagesOfChunk + 5, 2, 3, 1});
}

// How many of the most salient pixels are those of the CPU, in images like photographs; the float maps differ in their
// last bits only, so nearly all must be.
inline void comparePeaks(const Backend& backend, check::Numbers& numbers, int batches, const Shape& shape) {
  for (const SaliencyMethod* method : parity::methodsOf(backend)) {
    int same = 0;
    for (int batch = 0; batch < batches; batch++) {
      const Scenes scenes(numbers, shape.count, shape.height, shape.width);
      const parity::Found expected(cpuBackend(), {scenes.view()}, *method);
      const parity::Found found(backend, {scenes.view()}, *method, false);
      // By the search for first peaks alone, where there is one.
      CHECK(calls::findPeaks(backend, scenes.view(), *method, 1) == found.peaks);
      for (std::size_t i = 0; i < found.peaks.size(); i++) same += found.peaks[i] == expected.peaks[i] ? 1 : 0;
    }
    const int all = batches * shape.count;
    std::cout << "     " << method->name << ": " << same << " of " << all << " peaks are the CPU's\n";
    if (method->tolerance == 0.0f) CHECK_EQUAL(same, all);
    CHECK(1000 * static_cast<long>(same) >= 999 * static_cast<long>(all));
  }
}

// How many of a batch's maps have the bits of the processor's vector code: all, but for those of spectral residual that are made
// in float64, with a card's own logarithms.
inline int sameMaps(const Backend& backend, const char* methodName, const BatchView& batch) {
  static const std::unique_ptr<Backend> vectors =
      cpuBackendAt(*std::find_if(cpu::levels().begin(), cpu::levels().end(), [](const auto& level) { return level.supported(); }));
  const SaliencyMethod& method = *findSaliencyMethod(methodName);
  const std::vector<float> expected = parity::Found(*vectors, {batch}, method).maps;
  const std::vector<float> found = parity::Found(backend, {batch}, method).maps;
  const std::size_t pixels = batch.image(0).pixels();
  int same = 0;
  for (std::size_t i = 0; i < expected.size(); i += pixels) {
    same += std::memcmp(&expected[i], &found[i], pixels * sizeof(float)) == 0 ? 1 : 0;
  }
  return same;
}

// A call that is stopped before it starts does nothing, whatever it is.
inline void expectCancelled(const Backend& backend, check::Numbers& numbers) {
  const Shape shape{3, 20, 31, 3};
  const Images images(numbers, shape.count, shape.height, shape.width, shape.channels);
  const BatchView& batch = images.view();
  const std::atomic<bool> cancelled = true;
  const Run stopped{2, &cancelled};
  const auto throws = [](const auto& call) {
    try {
      call();
    } catch (const Cancelled&) {
      return true;
    }
    return false;
  };
  std::vector<Point> points(2 * static_cast<std::size_t>(shape.count), Point{-1, -1});
  std::vector<std::uint8_t> out(shape.pixels() * 3, 7);
  std::vector<MixSample> samples = parity::drawnSamples(numbers, shape);
  const Placing placing{BoxRule::shift, &kSaliencyMethods[0], nullptr};
  const OutputFormat format{Layout::nhwc, Dtype::uint8, {}, {}};
  std::vector<std::int32_t> labels(shape.pixels(), 5);
  std::vector<std::int32_t> mixedLabels(labels.size(), 7);
  const std::vector<CropFlip> draws(static_cast<std::size_t>(shape.count), CropFlip{1, 1, true});
  for (const SaliencyMethod* method : parity::methodsOf(backend)) {
    CHECK(throws([&] { backend.saliency({{batch}, method, nullptr, points.data(), points.data() + 3}, stopped); }));
  }
  CHECK(throws([&] { backend.mix({{batch}, samples, placing, format, {out.data()}}, stopped); }));
  CHECK(throws([&] {
    backend.mixLabelMaps({labels.data(), shape.count, shape.height, shape.width, 1}, samples, mixedLabels.data(), stopped);
  }));
  CHECK(throws([&] { backend.cropFlip({batch}, draws, {out.data()}, stopped); }));
  const std::vector<operations::Step> steps(static_cast<std::size_t>(shape.count));
  CHECK(throws([&] { backend.applyOperations({{batch}, steps, {}, {out.data()}}, stopped); }));
  parity::compareAll(backend, numbers, shape);
}

// A call of several chunks that is stopped at any moment ends soon, as cancelled or with the whole result; the next one is
// right. Gives how many were cancelled.
inline int stopAtAnyMoment(const Backend& backend, check::Numbers& numbers, int calls) {
  const SaliencyMethod& method = kSaliencyMethods[0];
  const Shape shape = severalChunks(method.name);
  const Images images(numbers, shape.count, shape.height, shape.width, shape.channels);
  const std::size_t count = static_cast<std::size_t>(shape.count);
  const parity::Found expected(backend, {images.view()}, method, false);
  int stopped = 0;
  for (int call = 0; call < calls; call++) {
    std::atomic<bool> cancelled = false;
    std::vector<Point> points(2 * count);
    auto running = std::async(std::launch::async, [&] {
      backend.saliency({{images.view()}, &method, nullptr, points.data(), points.data() + count}, {kRun.threads, &cancelled});
    });
    std::this_thread::sleep_for(std::chrono::microseconds(100 * call));
    cancelled = true;
    try {
      running.get();
      CHECK(std::equal(expected.peaks.begin(), expected.peaks.end(), points.begin()));
    } catch (const Cancelled&) {
      stopped++;
    }
    if (call % 8 == 0) parity::compareMixing(backend, numbers, {5, 20, 24, 3});
  }
  return stopped;
}

// What a training loop does again and again: a batch is uploaded, searched, mixed on the device, downloaded and freed.
class Loop {
 public:
  Loop(const Backend& backend, check::Numbers& numbers) : backend_(backend) {
    for (int i = 0; i < 8; i++) steps_.emplace_back(numbers, Shape{1 + numbers.below(16), 1 + numbers.below(40), 1 + numbers.below(40), 3});
  }
  void run(int batches) const {
    for (int i = 0; i < batches; i++) step(steps_[static_cast<std::size_t>(i) % steps_.size()]);
  }

 private:
  // A batch, and what the CPU gives for it.
  struct Step {
    Step(check::Numbers& numbers, const Shape& shape)
        : images(numbers, shape.count, shape.height, shape.width, shape.channels), drawn(parity::drawnSamples(numbers, shape)),
          placed(drawn), mixed(shape.pixels() * 3), found(parity::reference(), {images.view()}, kSaliencyMethods[0]) {
      parity::reference().mix({{images.view()}, placed, kPlacing, kBytes, {mixed.data()}}, kRun);
    }
    Images images;
    std::vector<MixSample> drawn;
    std::vector<MixSample> placed;
    std::vector<std::uint8_t> mixed;
    parity::Found found;
  };

  static constexpr Placing kPlacing{BoxRule::shift, &kSaliencyMethods[0], nullptr};
  static constexpr OutputFormat kBytes{Layout::nhwc, Dtype::uint8, {}, {}};

  void step(const Step& expected) const {
    const auto batch = parity::uploadBatch(backend_, expected.images.view());
    const auto mixed = backend_.allocate(expected.mixed.size());
    std::vector<MixSample> samples = expected.drawn;
    const BatchSource source{expected.images.view(), batch.get()};
    backend_.mix({source, samples, kPlacing, kBytes, {nullptr, mixed.get()}}, kRun);
    CHECK(parity::sameSamples(samples, expected.placed));
    std::vector<std::uint8_t> bytes(expected.mixed.size());
    backend_.download(*mixed, bytes.data(), kRun);
    CHECK(bytes == expected.mixed);
    const parity::Found found(backend_, source, kSaliencyMethods[0]);
    CHECK(found.maps == expected.found.maps && found.peaks == expected.found.peaks);
  }

  const Backend& backend_;
  std::vector<Step> steps_;
};

// Several threads at once, each with batches of its own; a failure in one must not be another's.
inline void compareAtOnce(const Backend& backend, int threads, int rounds, int maxPixels) {
  std::vector<std::future<void>> running;
  for (int thread = 0; thread < threads; thread++) {
    running.push_back(std::async(std::launch::async, [&, thread] {
      check::Numbers numbers(900 + static_cast<std::uint64_t>(thread));
      const Loop loop(backend, numbers);
      for (int round = 0; round < rounds; round++) {
        parity::compareAll(backend, numbers, parity::randomShape(numbers, maxPixels), cpuBackend());
        loop.run(4);
      }
    }));
  }
  for (auto& thread : running) thread.get();
}

// Bytes come back unchanged, whatever their number: a few, pages, and more than the staging memory holds.
inline void compareResidents(const Backend& backend, check::Numbers& numbers) {
  constexpr std::size_t kPiece = cuda::tuning::kStagingBytes;
  for (const std::size_t size : {std::size_t{1}, std::size_t{511}, std::size_t{513}, std::size_t{65'537}, kPiece - 1, kPiece,
                                 kPiece + 1, kPiece * (cuda::tuning::kStagingSlots + 1) + 3}) {
    const std::vector<std::uint8_t> bytes = numbers.bytes(size);
    const auto resident = backend.allocate(size);
    CHECK_EQUAL(resident->bytes, size);
    backend.upload(bytes.data(), *resident, kRun);
    std::vector<std::uint8_t> back(size + 8, 0xcd);
    backend.download(*resident, back.data(), kRun);
    CHECK(std::equal(bytes.begin(), bytes.end(), back.begin()));
    CHECK(std::count(back.begin() + static_cast<std::ptrdiff_t>(size), back.end(), 0xcd) == 8);
  }
}

// Mixed images are mixed again, three times over, and never come back in between.
inline void compareChain(const Backend& backend, check::Numbers& numbers, const Shape& shape) {
  const Images images(numbers, shape.count, shape.height, shape.width, shape.channels);
  const std::size_t bytes = static_cast<std::size_t>(shape.count) * images.view().image(0).bytes();
  const Placing placing{BoxRule::clip, &kSaliencyMethods[0], nullptr};
  const OutputFormat format{Layout::nhwc, Dtype::uint8, {}, {}};
  std::vector<std::uint8_t> here(images.view().data, images.view().data + bytes);
  std::unique_ptr<Resident> there = parity::uploadBatch(backend, images.view());
  BatchView view = images.view();
  for (int round = 0; round < 3; round++) {
    std::vector<MixSample> expected = parity::drawnSamples(numbers, shape);
    std::vector<MixSample> found = expected;
    std::vector<std::uint8_t> mixedHere(bytes);
    auto mixedThere = backend.allocate(bytes);
    view.data = here.data();
    parity::reference().mix({{view}, expected, placing, format, {mixedHere.data()}}, kRun);
    view.data = nullptr;
    backend.mix({{view, there.get()}, found, placing, format, {nullptr, mixedThere.get()}}, kRun);
    CHECK(parity::sameSamples(expected, found));
    here = std::move(mixedHere);
    there = std::move(mixedThere);
  }
  std::vector<std::uint8_t> back(bytes);
  backend.download(*there, back.data(), kRun);
  CHECK(back == here);
}

// Whether a call throws an error that names the memory that was asked for and that there is, both in MiB.
template <class Call>
bool refusesBySize(const Call& call, std::size_t asked) {
  try {
    call();
  } catch (const std::runtime_error& error) {
    const std::string message = error.what();
    const std::string size = std::to_string(asked >> 20) + " MiB";
    const bool named = message.find(size) != std::string::npos && message.find(" MiB free of ") != std::string::npos;
    if (!named) std::cerr << "says only: " << message << "\n";
    return named;
  }
  return false;
}

// More memory than the device has, for a batch that stays and for a call; the batch after it is computed as ever.
inline void expectRefusal(const Backend& backend, check::Numbers& numbers, std::size_t total) {
  const std::size_t much = 2 * total;
  CHECK(refusesBySize([&] { static_cast<void>(backend.allocate(much)); }, much));
  parity::compareAll(backend, numbers, {3, 20, 31, 3});

  // Images of 256 MiB. Nobody reads them: memory is asked for before anything is copied.
  const std::uint8_t pixel = 0;
  const std::size_t each = std::size_t{16384} * 16384;
  const int count = static_cast<int>(much / each) + 1;
  const BatchView batch{&pixel, count, 16384, 16384, 1};
  std::vector<Point> points(2 * static_cast<std::size_t>(count));
  bool named = false;
  try {
    backend.saliency({{batch}, &kSaliencyMethods[1], nullptr, points.data(), points.data() + count}, kRun);
  } catch (const std::runtime_error& error) {
    named = std::string(error.what()).find(" MiB free of ") != std::string::npos;
  }
  CHECK(named);
  parity::compareAll(backend, numbers, {3, 20, 31, 3});
}

}  // namespace device_checks
