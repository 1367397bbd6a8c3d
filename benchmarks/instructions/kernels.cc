// Runs the kernels one after the other. callgrind counts the instructions of each, and of nothing else.
//
// kernels             runs all of them
// kernels --list      only prints them: name, a tab, pixels
//
// SALIENCYMIX_CPU names the level, and not all levels have all kernels. Runs on one thread. A call that is not counted comes first: it makes the tables and the
// scratch memory, which a training loop makes only once.
#include <valgrind/callgrind.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backends.h"
#include "core/operations/operations.h"
#include "core/resize_crop.h"
#include "core/image_rows.h"
#include "cpu/levels.h"
#include "cpu/resize_crop.h"
#include "training.h"

using namespace saliencymix;

namespace {

const Run kOneThread{1, nullptr};

// As ImageNet's mean and standard deviation: out = (v / 255 - mean) / std.
const OutputFormat kBytes{Layout::nhwc, Dtype::uint8, {}, {}};
const OutputFormat kPlanes{Layout::nchw,
                           Dtype::float32,
                           {123.675f, 116.28f, 103.53f},
                           {1 / 58.395f, 1 / 57.12f, 1 / 57.375f}};

// Smooth shades with noise over them: neither flat nor pure noise, so no kernel meets its best or worst case only.
std::vector<std::uint8_t> clutter(int count, int side) {
  std::vector<std::uint8_t> data;
  std::uint32_t state = 1;
  for (int i = 0; i < count; i++) {
    for (int y = 0; y < side; y++) {
      for (int x = 0; x < side; x++) {
        for (int c = 0; c < 3; c++) {
          state = state * 1664525u + 1013904223u;
          const bool inside = y > side / 3 && y < side / 2 && x > side / 4 + i && x < side / 2 + i;
          const int shade = (inside ? 200 : 40) + 60 * (x + y * (c + 1)) / (4 * side);
          data.push_back(static_cast<std::uint8_t>(shade + static_cast<int>(state >> 27)));
        }
      }
    }
  }
  return data;
}

// One operation on images for each pass over them, with its magnitude.
constexpr std::pair<const char*, double> kOperations[] = {
    {"Brightness", 0.5}, {"Color", 0.5},  {"Contrast", 0.5}, {"Sharpness", 0.5},  {"Solarize", 113.0}, {"AutoContrast", 0.0},
    {"Equalize", 0.0},   {"Rotate", 16.6}, {"ShearX", 0.166}, {"ShearY", 0.166},
};

std::size_t numberOf(std::string_view name) {
  std::size_t number = 0;
  while (operations::kOperations[number].name != name) number++;
  return number;
}

// Whether a level of vector code has a kernel for it. Without one every level runs the reference, which is not counted.
bool hasKernel(const SaliencyMethod& method) {
  const auto has = [&](const cpu::Level& level) {
    const std::span all(level.kernels->saliency, level.kernels->saliencyCount);
    return std::ranges::any_of(all, [&](const cpu::SaliencyKernel& kernel) { return kernel.method == method.name; });
  };
  return std::ranges::any_of(cpu::levels(), has);
}

class Batch {
 public:
  Batch(int count, int side)
      : count_(count), side_(side), data_(clutter(count, side)), maps_(pixels()), bytes_(data_.size()),
        floats_(data_.size()), peaks_(images()), lows_(images()), asking_(images()) {
    for (int i = 0; i < count; i++) {
      MixSample& sample = asking_[static_cast<std::size_t>(i)];
      sample.source = sample.boxOwner = i;
      sample.kind = MixKind::paste;
      sample.from = {AnchorKind::peak, {0, 0}, kFirstTie};
      sample.to = {AnchorKind::corresponding, {0, 0}, kFirstTie};
    }
  }

  void addJobs(std::vector<Job>& jobs) {
    const Backend& backend = *findBackend("cpu");
    for (const SaliencyMethod& method : kSaliencyMethods) {
      if (!hasKernel(method)) continue;
      add(jobs, std::string(method.name), [this, &backend, &method] {
        backend.saliency({{view()}, &method, maps_.data(), peaks_.data(), lows_.data()}, kOneThread);
      });
    }
    add(jobs, "fine-grained peak", [this, &backend] {
      backend.mix({{view()}, asking_, Placing{BoxRule::shift, findSaliencyMethod("fine-grained"), nullptr}, std::nullopt, {}},
                  kOneThread);
    });
    // The last saliency job above was frequency-tuned; its maps, which argmax searches, have hardly any ties.
    add(jobs, "argmax", [this, &backend] {
      backend.mix({{view()}, asking_, Placing{BoxRule::shift, nullptr, maps_.data()}, std::nullopt, {}}, kOneThread);
    });
    add(jobs, "paste to uint8", [this, &backend] { mix(backend, MixKind::paste, kBytes, bytes_.data()); });
    add(jobs, "paste to float32 NCHW", [this, &backend] { mix(backend, MixKind::paste, kPlanes, floats_.data()); });
    add(jobs, "resize and crop", [this] { resizeCrop(); });
    add(jobs, "blend to uint8", [this, &backend] { mix(backend, MixKind::blend, kBytes, bytes_.data()); });
    for (const auto& [name, magnitude] : kOperations) {
      const std::size_t number = numberOf(name);
      add(jobs, std::string("operation ") + name, [this, &backend, number, magnitude] {
        const std::vector<operations::Step> steps(images(), {static_cast<int>(number), {magnitude, {}}});
        backend.applyOperations({{view()}, steps, {}, {bytes_.data()}}, kOneThread);
      });
    }
    add(jobs, "blend to float32 NCHW", [this, &backend] { mix(backend, MixKind::blend, kPlanes, floats_.data()); });
  }

 private:
  std::size_t images() const { return static_cast<std::size_t>(count_); }
  std::size_t pixels() const { return images() * static_cast<std::size_t>(side_) * static_cast<std::size_t>(side_); }
  BatchView view() const { return {data_.data(), count_, side_, side_, 3}; }

  void add(std::vector<Job>& jobs, const std::string& name, std::function<void()> run) {
    jobs.push_back({name + " " + std::to_string(side_), static_cast<int>(pixels()), std::move(run)});
  }

  // All pixels as one image that is brought to the size.
  void resizeCrop() {
    const int whole = static_cast<int>(std::sqrt(static_cast<double>(pixels())));
    RowsInMemory image({data_.data(), whole, whole, 3});
    cpu::resizeCrop(image, resizeCropPlan(whole, whole, side_, side_), bytes_.data());
  }

  // Every image with the next one: a patch of half its sides, not aligned to anything.
  void mix(const Backend& backend, MixKind kind, const OutputFormat& format, void* out) {
    std::vector<MixSample> samples;
    for (int i = 0; i < count_; i++) {
      MixSample sample{};
      sample.target = i;
      sample.source = (i + 1) % count_;
      sample.kind = kind;
      sample.boxOwner = i;
      sample.lambda = 0.70710678;  // has no short binary form, like lambdas that are drawn
      const int half = side_ / 2;
      sample.boxes = {{3, 5, 3 + half, 5 + half}, {7, 9, 7 + half, 9 + half}};
      samples.push_back(sample);
    }
    backend.mix({{view()}, samples, std::nullopt, format, {out}}, kOneThread);
  }

  int count_;
  int side_;
  std::vector<std::uint8_t> data_;
  std::vector<float> maps_;
  std::vector<std::uint8_t> bytes_;
  std::vector<float> floats_;
  std::vector<Point> peaks_;
  std::vector<Point> lows_;
  std::vector<MixSample> asking_;  // for the peak of every image
};

}  // namespace

int main(int argc, char** argv) {
  Batch small(16, 32);
  Batch large(2, 224);
  std::vector<Job> jobs;
  small.addJobs(jobs);
  large.addJobs(jobs);
  addTrainingJobs(jobs);
  const bool list = argc > 1 && std::strcmp(argv[1], "--list") == 0;
  for (const Job& job : jobs) {
    if (list) {
      std::printf("%s\t%d\n", job.name.c_str(), job.pixels);
      continue;
    }
    job.run();
    CALLGRIND_ZERO_STATS;
    CALLGRIND_START_INSTRUMENTATION;
    job.run();
    CALLGRIND_STOP_INSTRUMENTATION;
    CALLGRIND_DUMP_STATS_AT(job.name.c_str());
  }
}
