// Images and samples: the same in every run. Several batches take turns, which together are larger than the card's cache: in
// a training loop, a new batch is not in the cache either.
#pragma once

#include <algorithm>
#include <array>
#include <memory>
#include <numeric>
#include <random>
#include <vector>

#include "jobs.h"

namespace gpu_bench {

// Each image has waves of lengths of its own, a brighter disk of another colour in front, and noise over all. The search for a first
// peak looks into 9 and then 7 of 100 cells of 224 x 224 pixels; of photographs into 4 and 3.
class Images {
 public:
  Images(const Size& size, unsigned seed) : size_(size), bytes_(static_cast<std::size_t>(size.values())), random_(seed) {
    std::uint8_t* at = bytes_.data();
    for (int i = 0; i < size.count; i++) at = draw(at);
  }
  BatchView view() const { return {bytes_.data(), size_.count, size_.side, size_.side, 3}; }

 private:
  std::uint8_t* draw(std::uint8_t* at) {
    const int side = size_.side;
    const int row = below(side);
    const int col = below(side);
    const int radius = 1 + below(std::max(1, side / 4));
    const std::array lengths{3 + below(side), 3 + below(side)};
    const std::array tints{below(64), below(64), below(64)};
    for (int y = 0; y < side; y++) {
      for (int x = 0; x < side; x++) {
        const bool inside = (y - row) * (y - row) + (x - col) * (x - col) < radius * radius;
        const int ground = 40 + (inside ? 80 : 0) + triangle(y, lengths[0]) + triangle(x, lengths[1]);
        const std::uint64_t noise = random_();
        for (std::size_t c = 0; c < 3; c++) {
          const int grain = static_cast<int>(noise >> (8 * c)) & 31;
          *at++ = static_cast<std::uint8_t>(ground + tints[inside ? 2 - c : c] + grain);
        }
      }
    }
    return at;
  }
  // 0 .. 20 and back.
  static int triangle(int at, int length) {
    const int phase = at % (2 * length);
    return 20 * (phase < length ? phase : 2 * length - phase) / length;
  }
  int below(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }

  Size size_;
  std::vector<std::uint8_t> bytes_;
  std::mt19937_64 random_;
};

// Every image once as target and once as source, lambda uniform.
inline std::vector<MixSample> drawSamples(const Job& job, unsigned seed) {
  std::mt19937_64 random(seed);
  const auto uniform = [&] { return static_cast<double>(random() >> 11) * 0x1p-53; };
  std::vector<int> order(static_cast<std::size_t>(job.size.count));
  std::iota(order.begin(), order.end(), 0);
  std::shuffle(order.begin(), order.end(), random);
  std::vector<MixSample> samples(order.size());
  for (std::size_t i = 0; i < samples.size(); i++) {
    MixSample& sample = samples[i];
    sample.target = static_cast<int>(i);
    sample.source = order[i];
    sample.kind = job.kind;
    sample.boxOwner = sample.target;
    const Point at{static_cast<int>(uniform() * job.size.side), static_cast<int>(uniform() * job.size.side)};
    sample.from = {job.work == Work::mix ? AnchorKind::peak : AnchorKind::given, at, kFirstTie};
    sample.to = {AnchorKind::corresponding, {0, 0}, kFirstTie};
    sample.lambda = uniform();
  }
  if (job.work == Work::write) placeSamples(samples, job.size.side, job.size.side, BoxRule::shift);
  return samples;
}

// One batch with all that a job needs of it.
struct Input {
  std::unique_ptr<Images> images;
  std::unique_ptr<Resident> resident;
  std::unique_ptr<Resident> mixed;  // memory on the device for the result
  std::vector<MixSample> samples;
};

inline std::vector<Input> makeInputs(const Job& job, const Backend& backend, const Run& run, std::size_t cacheBytes) {
  const double each = job.bytesIn() + job.bytesOut();
  const int count = std::clamp(static_cast<int>(2 * static_cast<double>(cacheBytes) / each) + 1, 2, 12);
  std::vector<Input> inputs;
  for (int i = 0; i < count; i++) {
    Input input;
    input.images = std::make_unique<Images>(job.size, static_cast<unsigned>(i));
    input.resident = backend.allocate(static_cast<std::size_t>(job.bytesIn()));
    backend.upload(input.images->view().data, *input.resident, run);
    if (job.bytesOut() > 0) input.mixed = backend.allocate(static_cast<std::size_t>(job.bytesOut()));
    if (job.work != Work::saliency) input.samples = drawSamples(job, static_cast<unsigned>(i));
    inputs.push_back(std::move(input));
  }
  return inputs;
}

}  // namespace gpu_bench
