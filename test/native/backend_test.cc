// Every backend gives the same for any number of threads, and mixes as defined. levels_test.cc has the maps.
#include <array>
#include <atomic>
#include <chrono>
#include <cstring>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>

#include "backends.h"
#include "calls.h"
#include "check.h"
#include "kinds.h"
#include "threads/cpu_affinity.h"
#include "threads/pool.h"

using namespace saliencymix;

static const Run kTwoThreads{2, nullptr};

static std::vector<MixSample> randomSamples(check::Numbers& numbers, int count, int height, int width) {
  std::vector<MixSample> samples;
  for (int i = 0; i < count; i++) {
    MixSample sample{};
    sample.target = i;
    sample.source = numbers.below(count);
    kinds::drawKind(sample, numbers, height, width);
    sample.boxOwner = i;
    sample.from = {static_cast<AnchorKind>(2 + numbers.below(2)), {0, 0}, numbers.below(2) == 0 ? kFirstTie : numbers.uniform()};
    sample.to = {static_cast<AnchorKind>(1 + numbers.below(3)), {0, 0}, kFirstTie};
    sample.lambda = numbers.uniform();
    sample.fill = numbers.below(2) == 0 ? 77 : ~(10 | 20 << 8 | 30 << 16);
    samples.push_back(sample);
  }
  return samples;
}

TEST(backendsByName) {
  CHECK(findBackend("cuda") == backends().front() && findBackend("cpu") == backends().back());
  CHECK(std::strcmp(findBackend("cpu")->name(), "cpu") == 0);
  CHECK(findBackend("gpu") == nullptr && findBackend("auto") == nullptr);
}

TEST(whatBackendsLack) {
  CHECK(lackedBy(*findBackend("cpu")).empty());
  for (const SaliencyMethod& method : kSaliencyMethods) {
    CHECK(findBackend("cpu")->supports({&method, MixKind::blend, Dtype::float16}));
  }
  // A build without CUDA code has nothing of it.
  const Backend& cuda = *findBackend("cuda");
  if (cuda.unavailable().find("no CUDA code") == std::string::npos) return;
  CHECK(!cuda.supports({}));
  const std::vector<std::string_view> lacked = lackedBy(cuda);
  CHECK(lacked.size() > kSaliencyMethods.size());
  CHECK(std::set(lacked.begin(), lacked.end()).size() == lacked.size());
}

TEST(sameMapsAndExtremesForAnyThreads) {
  check::Numbers numbers(11);
  for (const auto& [count, height, width] : {std::array{1, 1, 1}, {5, 7, 3}, {9, 33, 31}, {2, 1, 50}, {3, 64, 65}}) {
    const auto data = numbers.bytes(static_cast<std::size_t>(count * height * width * 3));
    const BatchView batch{data.data(), count, height, width, 3};
    const std::size_t pixels = batch.image(0).pixels();
    for (const Backend* backend : backends()) {
      if (!backend->unavailable().empty()) continue;
      for (const SaliencyMethod& method : kSaliencyMethods) {
        if (!backend->supports({&method, std::nullopt, std::nullopt})) continue;
        std::vector<float> maps(pixels * static_cast<std::size_t>(count));
        std::vector<Point> peaks(static_cast<std::size_t>(count));
        std::vector<Point> lows(static_cast<std::size_t>(count));
        calls::saliency(*backend, batch, method, maps.data(), peaks.data(), lows.data(), kTwoThreads);
        std::vector<float> alone(pixels);
        for (int i = 0; i < count; i++) {
          Point peak{};
          Point low{};
          const BatchView image{batch.image(i).data, 1, height, width, 3};
          calls::saliency(*backend, image, method, alone.data(), &peak, &low, {1, nullptr});
          const std::size_t at = static_cast<std::size_t>(i);
          CHECK(std::memcmp(alone.data(), maps.data() + at * pixels, pixels * sizeof(float)) == 0);
          CHECK(peaks[at] == peak && peak == findExtreme(alone.data(), height, width, Extreme::peak));
          CHECK(lows[at] == low && low == findExtreme(alone.data(), height, width, Extreme::low));
        }
      }
    }
  }
}

// A mixed pixel by the definition, computed by itself instead of row by row.
static std::uint8_t expectedPixel(const BatchView& batch, const MixSample& s, int y, int x, int c) {
  const auto at = [&](int image, int row, int col) {
    return batch.image(image).data[(row * batch.width + col) * batch.channels + c];
  };
  const Box& to = s.boxes.to;
  const bool inside = y >= to.top && y < to.bottom && x >= to.left && x < to.right;
  switch (s.kind) {
    case MixKind::keep: break;
    case MixKind::blend:
      return static_cast<std::uint8_t>(s.lambda * at(s.target, y, x) + (1.0 - s.lambda) * at(s.source, y, x) + 0.5);
    case MixKind::paste:
      if (inside) return at(s.source, y - to.top + s.boxes.from.top, x - to.left + s.boxes.from.left);
      break;
    case MixKind::erase:
    case MixKind::cut:
      if (inside) return static_cast<std::uint8_t>(s.fill >= 0 ? s.fill : 10 * (c + 1));
      break;
    case MixKind::resize: {
      const Box& from = s.boxes.from;
      if (inside) {
        return at(s.source, from.top + (y - to.top) * from.height() / to.height(),
                  from.left + (x - to.left) * from.width() / to.width());
      }
      break;
    }
  }
  return at(s.target, y, x);
}

TEST(placingAndMixingByTheDefinition) {
  check::Numbers numbers(12);
  for (int round = 0; round < 60; round++) {
    const int count = 1 + numbers.below(8);
    const int height = 1 + numbers.below(40);
    const int width = 1 + numbers.below(40);
    const int channels = round % 2 == 0 ? 3 : 1;
    const auto data = numbers.bytes(static_cast<std::size_t>(count * height * width * channels));
    const BatchView batch{data.data(), count, height, width, channels};
    std::vector<MixSample> samples = randomSamples(numbers, count, height, width);
    const BoxRule rule = round % 3 == 0 ? BoxRule::clip : BoxRule::shift;
    const Backend& backend = *findBackend("cpu");
    backend.mix({{batch}, samples, Placing{rule, findSaliencyMethod("fine-grained"), nullptr}, std::nullopt, {}}, kTwoThreads);

    std::vector<std::uint8_t> out(data.size());
    const NhwcBatch<std::uint8_t> planes{data.data(), count, height, width, channels};
    const OutputFormat format{Layout::nhwc, Dtype::uint8, {}, {}};
    calls::mix(backend, planes, samples, format, out.data(), Run{1 + round % 4, nullptr});
    std::size_t i = 0;
    for (const MixSample& sample : samples) {
      for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
          for (int c = 0; c < channels; c++) CHECK_EQUAL(out[i++], expectedPixel(batch, sample, y, x, c));
        }
      }
      if (sample.kind == MixKind::paste || sample.kind == MixKind::resize) CHECK_EQUAL(sample.lambda, survivingShare(height, width, sample.boxes.to));
      if (sample.kind == MixKind::erase || sample.kind == MixKind::cut) CHECK_EQUAL(sample.lambda, 1.0);
    }
  }
}

// A box that is filled with the mean is 0 where the mean has been subtracted, in every layout and number type, and nothing
// else is changed.
TEST(boxesOfTheMeanAreZero) {
  constexpr int kHeight = 5, kWidth = 7;
  check::Numbers numbers(14);
  for (const int channels : {1, 3}) {
    const auto data = numbers.bytes(static_cast<std::size_t>(kHeight * kWidth * channels));
    const NhwcBatch<std::uint8_t> batch{data.data(), 1, kHeight, kWidth, channels};
    MixSample sample{};
    sample.kind = MixKind::cut;
    sample.lambda = 1.0;
    sample.fill = ~(125 | 123 << 8 | 114 << 16);
    sample.boxes.to = {1, 2, 4, 6};
    const std::vector<MixSample> samples{sample};
    for (const Backend* backend : backends()) {
      if (!backend->unavailable().empty()) continue;
      for (const Layout layout : {Layout::nhwc, Layout::nchw}) {
        const OutputFormat format{layout, Dtype::float32, {125.3f, 123.0f, 113.9f}, {0.01f, 0.02f, 0.03f}};
        std::vector<float> out(data.size(), -1.0f);
        calls::mix(*backend, batch, samples, format, out.data(), kTwoThreads);
        const OutputFormat half{layout, Dtype::float16, {125.3f, 123.0f, 113.9f}, {0.01f, 0.02f, 0.03f}};
        std::vector<std::uint16_t> halves(data.size(), 1);
        calls::mix(*backend, batch, samples, half, halves.data(), kTwoThreads);
        for (int i = 0; i < static_cast<int>(out.size()); i++) {
          const int pixel = layout == Layout::nchw ? i % (kHeight * kWidth) : i / channels;
          const int c = layout == Layout::nchw ? i / (kHeight * kWidth) : i % channels;
          const int y = pixel / kWidth;
          const int x = pixel % kWidth;
          const bool inside = y >= 1 && y < 4 && x >= 2 && x < 6;
          const float own = normalise(batch.value(0, y, x, c), format.offset[c], format.scale[c]);
          CHECK_EQUAL(out[static_cast<std::size_t>(i)], inside ? 0.0f : own);
          CHECK_EQUAL(halves[static_cast<std::size_t>(i)], inside ? 0 : halfBits(own));
        }
      }
    }
  }
}

// A backend may lack every method and still paste around pixels that are given.
TEST(placingWithoutASaliencyMethod) {
  check::Numbers numbers(13);
  const auto data = numbers.bytes(5 * 9 * 7 * 3);
  const BatchView batch{data.data(), 5, 9, 7, 3};
  std::vector<MixSample> samples = randomSamples(numbers, 5, 9, 7);
  for (MixSample& sample : samples) {
    sample.from = {AnchorKind::given, {numbers.below(9), numbers.below(7)}, kFirstTie};
    sample.to.kind = AnchorKind::corresponding;
  }
  for (const Backend* backend : backends()) {
    if (!backend->unavailable().empty()) continue;
    std::vector<std::vector<std::uint8_t>> results;
    for (const SaliencyMethod* method : {findSaliencyMethod("fine-grained"), static_cast<const SaliencyMethod*>(nullptr)}) {
      std::vector<MixSample> placed = samples;
      std::vector<std::uint8_t> out(data.size());
      const OutputFormat format{Layout::nhwc, Dtype::uint8, {}, {}};
      backend->mix({{batch}, placed, Placing{BoxRule::shift, method, nullptr}, format, {out.data(), nullptr}}, kTwoThreads);
      results.push_back(out);
    }
    CHECK(results[0] == results[1]);
    CHECK(results[0] != data);
  }
}

// One call gives what placing first and then mixing gives. Each sample is written by the thread that finds its last anchor.
TEST(mixingAsAnchorsAreFound) {
  check::Numbers numbers(14);
  const Backend& backend = *findBackend("cpu");
  for (int round = 0; round < 40; round++) {
    const int count = 1 + numbers.below(12);
    const int height = 1 + numbers.below(40);
    const int width = 1 + numbers.below(70);
    const auto data = numbers.bytes(static_cast<std::size_t>(count * height * width * 3));
    const BatchView batch{data.data(), count, height, width, 3};
    const std::vector<MixSample> drawn = randomSamples(numbers, count, height, width);
    const Placing placing{BoxRule::shift, findSaliencyMethod(round % 2 == 0 ? "fine-grained" : "spectral-residual"), nullptr};
    const OutputFormat format{Layout::nhwc, Dtype::uint8, {}, {}};
    std::vector<MixSample> placed = drawn;
    backend.mix({{batch}, placed, placing, std::nullopt, {}}, {1, nullptr});
    std::vector<std::uint8_t> expected(data.size());
    calls::mix(backend, {data.data(), count, height, width, 3}, placed, format, expected.data(), {1, nullptr});
    for (const int threads : {1, 2, 3, 8}) {
      std::vector<MixSample> samples = drawn;
      std::vector<std::uint8_t> out(data.size());
      backend.mix({{batch}, samples, placing, format, {out.data()}}, {threads, nullptr});
      CHECK(out == expected);
      for (std::size_t i = 0; i < samples.size(); i++) {
        CHECK(samples[i].boxes.from == placed[i].boxes.from && samples[i].boxes.to == placed[i].boxes.to);
        CHECK_EQUAL(samples[i].lambda, placed[i].lambda);
      }
    }
  }
}

TEST(requestsAskForEachImageTogether) {
  check::Numbers numbers(13);
  std::vector<MixSample> samples = randomSamples(numbers, 50, 20, 20);
  const auto requests = anchorRequests(samples);
  CHECK(requests.size() > 10);
  for (std::size_t i = 1; i < requests.size(); i++) CHECK(requests[i - 1].image <= requests[i].image);
}

TEST(sharedBoxesAreTheOwners) {
  std::vector<MixSample> samples(3);
  for (int i = 0; i < 3; i++) {
    samples[static_cast<std::size_t>(i)] = {i, 2 - i, MixKind::paste, 0, {AnchorKind::given, {5, 6}, kFirstTie}, {AnchorKind::corresponding, {0, 0}, kFirstTie}, 0.5, 0, {}};
  }
  samples[1].from.at = {0, 0};
  CHECK_EQUAL(anchorRequests(samples).size(), std::size_t{0});
  placeSamples(samples, 16, 16, BoxRule::shift);
  for (const MixSample& sample : samples) CHECK(sample.boxes.to == samples[0].boxes.to && sample.boxes.from == sample.boxes.to);
}

TEST(anAbsentBackendRefusesAndSaysWhy) {
  const Backend& cuda = *findBackend("cuda");
  if (cuda.unavailable().empty()) return;
  std::string said;
  try {
    cuda.allocate(1);
  } catch (const std::runtime_error& error) {
    said = error.what();
  }
  CHECK(said == cuda.unavailable());
}

TEST(aCancelledRunStops) {
  const std::atomic<bool> cancelled{true};
  const std::vector<std::uint8_t> data(64 * 64 * 4);
  std::vector<float> maps(64 * 64 * 4);
  Point peaks[4];
  Point lows[4];
  bool stopped = false;
  try {
    calls::saliency(*findBackend("cpu"), {data.data(), 4, 64, 64, 1}, kSaliencyMethods[0], maps.data(), peaks, lows, {2, &cancelled});
  } catch (const Cancelled&) {
    stopped = true;
  }
  CHECK(stopped);
}

TEST(thePoolDoesEachTaskOnce) {
  for (const int threads : {1, 2, 3, 16}) {
    for (const int count : {0, 1, 2, 1000}) {
      std::vector<std::atomic<int>> done(static_cast<std::size_t>(count));
      Pool::shared().forEach(count, threads, [&](int i) { done[static_cast<std::size_t>(i)]++; });
      for (const auto& times : done) CHECK_EQUAL(times.load(), 1);
    }
  }
}

TEST(thePoolServesSeveralCallersAndRestarts) {
  Pool::shared().retain();
  std::atomic<int> total{0};
  std::vector<std::thread> callers;
  for (int c = 0; c < 6; c++) {
    callers.emplace_back([&] {
      for (int round = 0; round < 50; round++) Pool::shared().forEach(20, 4, [&](int) { total++; });
    });
  }
  for (std::thread& caller : callers) caller.join();
  Pool::shared().release();
  CHECK_EQUAL(total.load(), 6 * 50 * 20);
  Pool::shared().forEach(5, 3, [&](int) { total++; });
  CHECK_EQUAL(total.load(), 6 * 50 * 20 + 5);
}

// The job comes at once, late, or not at all.
TEST(aPrewokenPoolDoesAJobWheneverItComes) {
  Pool& pool = Pool::shared();
  pool.retain();
  for (const int delay : {0, 50, 400}) {
    for (int round = 0; round < 20; round++) {
      pool.prewake(3);
      std::this_thread::sleep_for(std::chrono::microseconds(delay));
      std::atomic<int> done{0};
      pool.forEach(50, 3, [&](int) { done++; });
      CHECK_EQUAL(done.load(), 50);
    }
  }
  pool.prewake(3);
  pool.release();  // the threads that wait for the job are joined
}

// Calls that nobody waits for: each is done once, by threads that are there or that start again for it.
TEST(thePoolRunsCalls) {
  Pool pool;
  std::atomic<int> done{0};
  for (int round = 1; round <= 20; round++) {
    pool.retain();
    if (round % 2 == 0) pool.prewakeCall();
    for (int call = 0; call < 50; call++) {
      pool.start([&] { Pool::shared().forEach(4, 2, [&](int) { done++; }); });
    }
    while (done < round * 50 * 4) std::this_thread::yield();
    CHECK_EQUAL(done.load(), round * 50 * 4);
    pool.release();
  }
}

// One user leaves, and the threads with it, while another comes and starts a call.
TEST(aCallOutlivesTheUserWhoLeaves) {
  Pool pool;
  std::atomic<int> done{0};
  for (int round = 1; round <= 100; round++) {
    pool.retain();
    std::thread leaving([&] { pool.release(); });
    pool.retain();
    pool.start([&] { done++; });
    leaving.join();
    while (done < round) std::this_thread::yield();
    pool.release();
  }
  CHECK_EQUAL(done.load(), 100);
}

// Two users leave at the same time.
TEST(usersMayLeaveTogether) {
  Pool pool;
  for (int round = 0; round < 100; round++) {
    std::vector<std::thread> users;
    for (int user = 0; user < 3; user++) {
      users.emplace_back([&] {
        pool.retain();
        pool.forEach(4, 2, [](int) {});
        pool.release();
      });
    }
    for (std::thread& user : users) user.join();
  }
}

// A thread that was moved off a processor is not there. After resetAffinity() it may be there again.
TEST(aThreadAvoidsACpu) {
  const int here = currentCpu();
  std::atomic<int> step{0};
  std::atomic<int> there{-1};
  std::thread other([&] {
    while (step == 0) std::this_thread::yield();
    there = currentCpu();
    resetAffinity();
    step = 2;
    while (step == 2) std::this_thread::yield();
  });
  CHECK(!avoidCpu(other, -1) && !avoidCpu(other, 1 << 20));
  const bool moved = avoidCpu(other, here);
  step = 1;
  while (step == 1) std::this_thread::yield();
  if (moved) CHECK(there != here);
  step = 3;
  other.join();
}

TEST(anExceptionComesBackToTheCaller) {
  std::string caught;
  try {
    Pool::shared().forEach(100, 4, [](int i) {
      if (i == 7) throw std::runtime_error("seven");
    });
  } catch (const std::runtime_error& error) {
    caught = error.what();
  }
  CHECK(caught == "seven");
}
