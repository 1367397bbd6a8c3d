// A backend compared with the scalar reference of the CPU, call by call: every method, kind of sample, layout and number
// type, on one shape. What must be equal to the bit is compared to the bit. For large shapes the scalar reference takes too
// long: they are compared with the CPU's best level, which levels_test.cc compares with the reference.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <span>
#include <thread>
#include <vector>

#include "calls.h"
#include "check.h"
#include "core/backend.h"
#include "cpu/backend.h"
#include "images.h"
#include "kinds.h"

namespace parity {

using namespace saliencymix;

inline const Run kRun{std::max(2, static_cast<int>(std::thread::hardware_concurrency())), nullptr};

inline const Backend& reference() {
  static const std::unique_ptr<Backend> scalar = cpuBackendAt(cpu::levels().back());
  return *scalar;
}

struct Shape {
  int count;
  int height;
  int width;
  int channels;
  std::size_t pixels() const {
    return static_cast<std::size_t>(count) * static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
  }
};

inline Shape randomShape(check::Numbers& numbers, int maxPixels) {
  const int height = 1 + numbers.below(numbers.below(4) == 0 ? 300 : 70);
  const int width = 1 + numbers.below(numbers.below(4) == 0 ? 300 : 70);
  const int count = 1 + numbers.below(std::clamp(maxPixels / (height * width), 1, 40));
  return {count, height, width, numbers.below(3) == 0 ? 1 : 3};
}

// The batch in the backend's own memory.
inline std::unique_ptr<Resident> uploadBatch(const Backend& backend, const BatchView& batch) {
  auto resident = backend.allocate(static_cast<std::size_t>(batch.count) * batch.image(0).bytes());
  backend.upload(batch.data, *resident, kRun);
  return resident;
}

struct Found {
  std::vector<float> maps;
  std::vector<Point> peaks;
  std::vector<Point> lows;

  Found(const Backend& backend, const BatchSource& batch, const SaliencyMethod& method, bool withMaps = true,
        const Run& run = kRun)
      : maps(withMaps ? static_cast<std::size_t>(batch.view.count) * batch.view.image(0).pixels() : 0, -1.0f),
        peaks(static_cast<std::size_t>(batch.view.count)), lows(peaks.size()) {
    backend.saliency({batch, &method, withMaps ? maps.data() : nullptr, peaks.data(), lows.data()}, run);
  }
};

// The methods that the backend has.
inline std::vector<const SaliencyMethod*> methodsOf(const Backend& backend) {
  std::vector<const SaliencyMethod*> methods;
  for (const SaliencyMethod& method : kSaliencyMethods) {
    if (backend.supports({&method, std::nullopt, std::nullopt})) methods.push_back(&method);
  }
  return methods;
}

inline void expectNear(const SaliencyMethod& method, const std::vector<float>& expected, const std::vector<float>& found) {
  float worst = 0.0f;
  for (std::size_t i = 0; i < found.size(); i++) {
    const float difference = std::fabs(found[i] - expected[i]);
    worst = difference <= worst ? worst : difference;  // a NaN is the worst
  }
  CHECK(worst <= method.tolerance);
}

// Peaks and lows are those of the backend's own maps.
inline void expectExtremes(const Found& found, const BatchView& batch) {
  for (std::size_t i = 0; i < found.peaks.size(); i++) {
    const float* map = found.maps.data() + i * batch.image(0).pixels();
    CHECK(found.peaks[i] == findExtreme(map, batch.height, batch.width, Extreme::peak));
    CHECK(found.lows[i] == findExtreme(map, batch.height, batch.width, Extreme::low));
  }
}

// The anchors that mixing finds are those of the backend's own maps, where some images are left out and some needed twice.
inline void compareAnchors(const Backend& backend, check::Numbers& numbers, const BatchView& batch,
                           const SaliencyMethod& method, const Found& own) {
  std::vector<AnchorRequest> requests;
  std::vector<Point> found(2 * static_cast<std::size_t>(batch.count));
  const bool ties = numbers.below(3) > 0;  // without ties no map is kept
  for (std::size_t i = 0; i < found.size(); i++) {
    const double u = ties && numbers.below(2) == 0 ? numbers.uniform() : kFirstTie;
    const Extreme extreme = numbers.below(2) == 0 ? Extreme::peak : Extreme::low;
    requests.push_back({numbers.below(batch.count), extreme, u, &found[i]});
  }
  calls::findAnchors(backend, batch, &method, nullptr, requests, kRun);
  for (const AnchorRequest& request : requests) {
    const float* map = own.maps.data() + static_cast<std::size_t>(request.image) * batch.image(0).pixels();
    CHECK(*request.found == findExtreme(map, batch.height, batch.width, request.extreme, request.u));
  }
}

inline void compareSaliency(const Backend& backend, check::Numbers& numbers, const Shape& shape,
                            const Backend& other = reference()) {
  const Images images(numbers, shape.count, shape.height, shape.width, shape.channels);
  const BatchView& batch = images.view();
  const auto resident = uploadBatch(backend, batch);
  for (const SaliencyMethod* method : methodsOf(backend)) {
    const Found found(backend, {batch}, *method);
    expectNear(*method, Found(other, {batch}, *method).maps, found.maps);
    expectExtremes(found, batch);
    compareAnchors(backend, numbers, batch, *method, found);
    const Found onlyExtremes(backend, {batch}, *method, false);
    CHECK(onlyExtremes.peaks == found.peaks && onlyExtremes.lows == found.lows);
    BatchView absent = batch;
    absent.data = nullptr;
    const Found ofResident(backend, {absent, resident.get()}, *method);
    CHECK(std::memcmp(ofResident.maps.data(), found.maps.data(), found.maps.size() * sizeof(float)) == 0);
    CHECK(ofResident.peaks == found.peaks);
  }
}

// Samples of every kind, with anchors of every kind; some share the boxes of one before them.
inline std::vector<MixSample> drawnSamples(check::Numbers& numbers, const Shape& shape) {
  std::vector<MixSample> samples;
  const auto anchor = [&](int minimum) {
    const AnchorKind kinds[] = {AnchorKind::corresponding, AnchorKind::given, AnchorKind::peak, AnchorKind::low};
    return Anchor{kinds[minimum + numbers.below(4 - minimum)], {numbers.below(shape.height), numbers.below(shape.width)},
                  numbers.below(3) == 0 ? numbers.uniform() : kFirstTie};
  };
  // Half of the batches have no kind that computes: those have code of their own on a graphics card.
  const bool isMoved = numbers.below(2) == 0;
  for (int i = 0; i < shape.count; i++) {
    MixSample sample{};
    sample.target = i;
    sample.source = numbers.below(shape.count);
    kinds::drawKind(sample, numbers, shape.height, shape.width);
    if (isMoved && (sample.kind == MixKind::blend || sample.kind == MixKind::resize)) sample.kind = MixKind::paste;
    sample.boxOwner = i;
    sample.from = anchor(1);
    sample.to = anchor(0);
    sample.lambda = numbers.below(8) == 0 ? numbers.below(2) : numbers.uniform();
    sample.fill = isMoved ? numbers.below(256) : kinds::drawFill(numbers);
    if (i > 0 && numbers.below(4) == 0) {
      const MixSample& owner = samples[static_cast<std::size_t>(samples.back().boxOwner)];
      sample.boxOwner = owner.boxOwner;
      sample.lambda = owner.lambda;
      sample.kind = owner.kind;
      sample.boxes = owner.boxes;
    }
    samples.push_back(sample);
  }
  return samples;
}

inline bool sameSamples(std::span<const MixSample> a, std::span<const MixSample> b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const MixSample& x, const MixSample& y) {
    return x.from.at == y.from.at && x.to.at == y.to.at && x.lambda == y.lambda && x.boxes.from == y.boxes.from &&
           x.boxes.to == y.boxes.to;
  });
}

inline OutputFormat formatOf(check::Numbers& numbers, Layout layout, Dtype dtype) {
  OutputFormat format{layout, dtype, {}, {}};
  for (int c = 0; c < 3; c++) {
    format.offset[c] = static_cast<float>(numbers.uniform() * 200);
    format.scale[c] = static_cast<float>(numbers.uniform() * (numbers.below(4) == 0 ? 1e6 : 0.02));
  }
  return format;
}

// A whole call, from host memory to host memory and from resident memory to resident memory. The peaks of float maps may
// differ where two pixels are about equal, so only fine-grained saliency is used here, or maps that are given.
inline void compareMixing(const Backend& backend, check::Numbers& numbers, const Shape& shape,
                          const Backend& other = reference()) {
  const Images images(numbers, shape.count, shape.height, shape.width, shape.channels);
  const BatchView& batch = images.view();
  const auto resident = uploadBatch(backend, batch);
  std::vector<float> maps(shape.pixels());
  for (float& value : maps) value = static_cast<float>(numbers.below(6)) - 2.0f;
  for (const Layout layout : {Layout::nhwc, Layout::nchw}) {
    for (const Dtype dtype : {Dtype::uint8, Dtype::float32, Dtype::float16}) {
      const OutputFormat format = formatOf(numbers, layout, dtype);
      const BoxRule rule = numbers.below(2) == 0 ? BoxRule::clip : BoxRule::shift;
      const bool given = numbers.below(3) == 0;
      const Placing placing{rule, given ? nullptr : &kSaliencyMethods[0], given ? maps.data() : nullptr};
      const std::vector<MixSample> drawn = drawnSamples(numbers, shape);
      const std::size_t bytes = drawn.size() * batch.image(0).bytes() * bytesPerValue(dtype);

      std::vector<MixSample> expected = drawn;
      std::vector<std::uint8_t> expectedOut(bytes);
      other.mix({{batch}, expected, placing, format, {expectedOut.data()}}, kRun);

      std::vector<MixSample> found = drawn;
      std::vector<std::uint8_t> out(bytes + 64, 0xcd);
      backend.mix({{batch}, found, placing, format, {out.data()}}, kRun);
      CHECK(sameSamples(expected, found));
      CHECK(std::equal(expectedOut.begin(), expectedOut.end(), out.begin()));
      CHECK(std::all_of(out.begin() + static_cast<std::ptrdiff_t>(bytes), out.end(), [](int v) { return v == 0xcd; }));

      BatchView absent = batch;
      absent.data = nullptr;
      const auto mixed = backend.allocate(bytes);
      std::vector<MixSample> placed = drawn;
      backend.mix({{absent, resident.get()}, placed, placing, format, {nullptr, mixed.get()}}, kRun);
      backend.download(*mixed, out.data(), kRun);
      CHECK(sameSamples(expected, placed));
      CHECK(std::equal(expectedOut.begin(), expectedOut.end(), out.begin()));

      // Placing alone, and writing what is placed alone.
      placed = drawn;
      backend.mix({{batch}, placed, placing, std::nullopt, {}}, kRun);
      CHECK(sameSamples(expected, placed));
      std::fill(out.begin(), out.end(), std::uint8_t{0});
      backend.mix({{batch}, placed, std::nullopt, format, {out.data()}}, kRun);
      CHECK(std::equal(expectedOut.begin(), expectedOut.end(), out.begin()));
    }
  }
}

inline void compareLabelMaps(const Backend& backend, check::Numbers& numbers, const Shape& shape,
                             const Backend& other = reference()) {
  std::vector<std::int32_t> labels(shape.pixels());
  for (std::int32_t& label : labels) label = static_cast<std::int32_t>(numbers.next());
  const NhwcBatch<std::int32_t> maps{labels.data(), shape.count, shape.height, shape.width, 1};
  std::vector<MixSample> samples = drawnSamples(numbers, shape);
  for (MixSample& sample : samples) {
    if (sample.kind == MixKind::blend) sample.kind = MixKind::keep;
    sample.fill = static_cast<std::int32_t>(numbers.next());
  }
  placeSamples(samples, shape.height, shape.width, BoxRule::shift);
  std::vector<std::int32_t> expected(labels.size());
  std::vector<std::int32_t> found(labels.size());
  other.mixLabelMaps(maps, samples, expected.data(), kRun);
  backend.mixLabelMaps(maps, samples, found.data(), kRun);
  CHECK(expected == found);
}

// What changes images, from host memory to host memory and from resident memory to resident memory; what is read stays.
template <class Change>
void compareBothWays(const Backend& backend, const BatchView& batch, const std::vector<std::uint8_t>& expected,
                     const Change& change) {
  std::vector<std::uint8_t> found(expected.size());
  change(BatchSource{batch}, Destination{found.data()});
  CHECK(expected == found);
  const auto resident = uploadBatch(backend, batch);
  const auto changed = backend.allocate(expected.size());
  BatchView absent = batch;
  absent.data = nullptr;
  change({absent, resident.get()}, {nullptr, changed.get()});
  backend.download(*changed, found.data(), kRun);
  CHECK(expected == found);
  backend.download(*resident, found.data(), kRun);
  CHECK(std::equal(found.begin(), found.end(), batch.data));
}

inline void compareCropFlip(const Backend& backend, check::Numbers& numbers, const Shape& shape,
                            const Backend& other = reference()) {
  const Images images(numbers, shape.count, shape.height, shape.width, shape.channels);
  std::vector<CropFlip> draws;
  const auto shift = [&](int length) {
    if (numbers.below(30) == 0) return std::numeric_limits<std::int32_t>::min();
    return numbers.below(2 * length + 5) - length - 2;
  };
  for (int i = 0; i < shape.count; i++) draws.push_back({shift(shape.height), shift(shape.width), numbers.below(2) == 0});
  std::vector<std::uint8_t> expected(shape.pixels() * static_cast<std::size_t>(shape.channels));
  other.cropFlip({images.view()}, draws, {expected.data()}, kRun);
  compareBothWays(backend, images.view(), expected, [&](const BatchSource& batch, const Destination& out) {
    backend.cropFlip(batch, draws, out, kRun);
  });
}

inline void compareOperations(const Backend& backend, check::Numbers& numbers, const Shape& shape,
                              const Backend& other = reference()) {
  const Images images(numbers, shape.count, shape.height, shape.width, shape.channels);
  const int kinds = static_cast<int>(operations::kOperations.size());
  std::vector<operations::Step> steps;
  const int each = 1 + numbers.below(3);
  for (int i = 0; i < each * shape.count; i++) {
    const double magnitude = (numbers.below(2001) - 1000) * (numbers.below(2) == 0 ? 1e-3 : 0.3);
    steps.push_back({numbers.below(kinds), {magnitude, {numbers.below(shape.height), numbers.below(shape.width)}}});
  }
  std::vector<std::uint8_t> expected(shape.pixels() * static_cast<std::size_t>(shape.channels));
  const operations::Fill fill{{5, 6, 7}};
  other.applyOperations({{images.view()}, steps, fill, {expected.data()}}, kRun);
  compareBothWays(backend, images.view(), expected, [&](const BatchSource& batch, const Destination& out) {
    backend.applyOperations({batch, steps, fill, out}, kRun);
  });
}

// Maps with ties, NaNs, and zeros of either sign.
inline void compareTies(const Backend& backend, check::Numbers& numbers, int rounds) {
  for (int round = 0; round < rounds; round++) {
    const int height = 1 + numbers.below(12);
    const int width = 1 + numbers.below(90);
    std::vector<float> map(static_cast<std::size_t>(height * width));
    for (float& value : map) value = static_cast<float>(numbers.below(round % 2 == 0 ? 4 : 1000)) - 2.0f;
    const float odd[] = {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), -0.0f};
    if (round % 4 == 0) map[static_cast<std::size_t>(numbers.below(height * width))] = odd[numbers.below(3)];
    if (round % 8 == 1) map[0] = odd[numbers.below(3)];
    for (const Extreme extreme : {Extreme::peak, Extreme::low}) {
      for (const double u : {kFirstTie, 0.0, 0.37, 0.999}) {
        Point found{};
        AnchorRequest request{0, extreme, u, &found};
        calls::findAnchors(backend, {nullptr, 1, height, width, 1}, nullptr, map.data(), {&request, 1}, kRun);
        CHECK(found == findExtreme(map.data(), height, width, extreme, u));
      }
    }
  }
}

inline void compareAll(const Backend& backend, check::Numbers& numbers, const Shape& shape,
                       const Backend& other = reference()) {
  compareSaliency(backend, numbers, shape, other);
  compareMixing(backend, numbers, shape, other);
  compareLabelMaps(backend, numbers, shape, other);
  compareCropFlip(backend, numbers, shape, other);
  compareOperations(backend, numbers, shape, other);
}

// Sizes at the borders of tiles, windows, rows of threads and whole images.
inline std::vector<Shape> awkwardShapes() {
  std::vector<Shape> shapes;
  for (const auto& [count, height, width] :
       {std::array{1, 1, 1}, {3, 1, 2}, {3, 2, 1}, {2, 1, 300}, {2, 300, 1}, {1, 113, 112}, {1, 225, 223}, {2, 64, 64},
        {1, 12, 300}, {1, 300, 12}, {1, 13, 24}, {1, 57, 61}, {1, 60, 121}, {70, 9, 11}, {5, 32, 32}, {2, 16, 48}}) {
    for (const int channels : {1, 3}) shapes.push_back({count, height, width, channels});
  }
  return shapes;
}

}  // namespace parity
