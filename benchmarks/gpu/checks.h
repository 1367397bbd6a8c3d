// Compares results with the CPU backend's before anything is timed: to the bit where the contract of all backends says so
// (core/backend.h), otherwise within the tolerance of the method.
#pragma once

#include <cmath>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include "backends.h"
#include "inputs.h"

namespace gpu_bench {

struct Wrong : std::runtime_error {
  using std::runtime_error::runtime_error;
};

inline void require(bool right, const Job& job, const std::string& what) {
  if (!right) throw Wrong(job.id + ": " + what);
}

inline bool samePoints(const std::vector<Point>& a, const std::vector<Point>& b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); }

struct Found {
  std::vector<float> maps;
  std::vector<Point> peaks;
  std::vector<Point> lows;

  Found(const Backend& backend, const Job& job, const BatchSource& batch, bool withMaps, const Run& run) {
    const std::size_t count = static_cast<std::size_t>(batch.view.count);
    if (withMaps) maps.resize(count * batch.view.image(0).pixels());
    peaks.resize(count);
    lows.resize(count);
    backend.saliency({batch, findSaliencyMethod(job.method), withMaps ? maps.data() : nullptr, peaks.data(), lows.data()},
                     run);
  }
};

// Float maps that were computed differently can have different peaks where two pixels are about equal: so their values are
// compared.
inline std::string checkSaliency(const Backend& backend, const Job& job, const Input& input, const Run& run) {
  const Backend& reference = *findBackend("cpu");
  const BatchView view = input.images->view();
  const Found here(backend, job, {view, input.resident.get()}, true, run);
  const Found wanted(reference, job, {view}, true, run);
  const float tolerance = findSaliencyMethod(job.method)->tolerance;
  float worst = 0;
  for (std::size_t i = 0; i < wanted.maps.size(); i++) {
    const float difference = std::fabs(here.maps[i] - wanted.maps[i]);
    worst = difference <= worst ? worst : difference;  // a NaN is the worst
  }
  require(worst <= tolerance, job, "maps differ by up to " + std::to_string(worst) + " from those of the cpu backend");
  const Found bare(backend, job, {view, input.resident.get()}, false, run);
  require(samePoints(bare.peaks, here.peaks) && samePoints(bare.lows, here.lows), job, "without maps, other extremes");
  if (tolerance > 0.0f) return "maps within " + std::to_string(worst) + " of the cpu backend's";
  require(samePoints(here.peaks, wanted.peaks) && samePoints(here.lows, wanted.lows), job, "other peaks or lows");
  return "maps, peaks and lows equal to the cpu backend's";
}

inline std::optional<Placing> placingOf(const Job& job) {
  if (job.work != Work::mix) return std::nullopt;
  return Placing{BoxRule::shift, findSaliencyMethod(job.method), nullptr};
}

inline std::string checkMix(const Backend& backend, const Job& job, Input& input, const Run& run) {
  const Backend& reference = *findBackend("cpu");
  const BatchView view = input.images->view();
  const std::size_t bytes = static_cast<std::size_t>(job.bytesOut());
  std::vector<std::uint8_t> wanted(bytes);
  std::vector<std::uint8_t> found(bytes);
  std::vector<MixSample> expected = input.samples;
  std::vector<MixSample> samples = input.samples;
  reference.mix({{view}, expected, placingOf(job), job.format(), {wanted.data()}}, run);
  if (job.fromHost) {
    backend.mix({{view}, samples, placingOf(job), job.format(), {found.data()}}, run);
  } else {
    backend.mix({{view, input.resident.get()}, samples, placingOf(job), job.format(), {nullptr, input.mixed.get()}}, run);
    backend.download(*input.mixed, found.data(), run);
  }
  for (std::size_t i = 0; i < samples.size(); i++) {
    require(samples[i].boxes.to == expected[i].boxes.to && samples[i].boxes.from == expected[i].boxes.from &&
                samples[i].lambda == expected[i].lambda,
            job, "sample " + std::to_string(i) + " has another box or lambda than on the cpu backend");
  }
  require(std::memcmp(found.data(), wanted.data(), bytes) == 0, job, "other pixels than on the cpu backend");
  return job.work == Work::mix ? "boxes and pixels equal to the cpu backend's" : "pixels equal to the cpu backend's";
}

}  // namespace gpu_bench
