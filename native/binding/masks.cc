#include "binding/masks.h"

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "binding/batch.h"
#include "binding/masked_samples.h"
#include "core/guided/map.h"
#include "core/guided/pairing.h"
#include "core/guided/ratio.h"
#include "core/masked.h"
#include "core/puzzle/puzzle.h"
#include "threads/pool.h"

namespace saliencymix::binding {

Napi::Value mixMasked(const Napi::CallbackInfo& info) {
  const Napi::Object from = info[0].As<Napi::Object>();
  const BatchView batch = readBatch(from);
  const int threads = readInt(from, "threads", 1);
  const MaskedSamples samples = readMaskedSamples(from, batch);
  const std::size_t imageBytes = batch.image(0).bytes();
  std::uint8_t* const result = readArray<std::uint8_t>(from, "result", static_cast<std::size_t>(samples.count) * imageBytes);
  const CancelFlag cancelled = readCancel(from);
  return PromiseWorker::queue(from, cancelled, [=] {
    const MaskedMixing<std::uint8_t> mixing({batch.data, batch.count, batch.height, batch.width, batch.channels}, samples.mask,
                                            samples.moved);
    Pool::shared().forEach(samples.count, threads, [&](int i) {
      Run{threads, cancelled.get()}.throwIfCancelled();
      mixing.mix(samples.at(i), result + static_cast<std::size_t>(i) * imageBytes);
    });
  });
}

Napi::Value puzzleMasks(const Napi::CallbackInfo& info) {
  const Napi::Object from = info[0].As<Napi::Object>();
  const BatchView batch = readBatch(from);
  const int samples = readInt(from, "samples", 1);
  const int threads = readInt(from, "threads", 1);
  const auto targets = readPositions(from, "targets", samples, batch.count);
  const auto sources = readPositions(from, "sources", samples, batch.count);
  const std::size_t pixels = batch.image(0).pixels();
  const float* const maps = readArray<float>(from, "maps", static_cast<std::size_t>(batch.count) * pixels);
  const double lambda = from.Get("lambda").As<Napi::Number>().DoubleValue();
  const Cells grid = readCells(from, "grid", "grid", batch);
  if (grid.rows < 2 || grid.rows > kPuzzleMaxGrid) {
    throw badArgument(from.Env(), "grid", "2 to " + std::to_string(kPuzzleMaxGrid));
  }
  const PuzzleSettings settings;
  const int longer = std::max(batch.height, batch.width);
  const Cells moved{movedCells(batch.height, longer, grid.rows, settings), movedCells(batch.width, longer, grid.cols, settings)};
  const std::size_t maskSize = product(1, grid.rows, grid.cols, 1), movedSize = product(1, moved.rows, moved.cols, 1);
  float* const weights = readArray<float>(from, "weights", static_cast<std::size_t>(samples) * maskSize);
  std::int32_t* const moves = readArray<std::int32_t>(from, "moves", 2 * static_cast<std::size_t>(samples) * movedSize);
  double* const shares = readArray<double>(from, "shares", static_cast<std::size_t>(samples));
  const CancelFlag cancelled = readCancel(from);
  return PromiseWorker::queue(from, cancelled, [=] {
    const int parts = std::min(threads, samples);
    Pool::shared().forEach(parts, threads, [&](int part) {
      const auto solver = std::make_unique<PuzzleSolver>();
      PuzzlePlan plan;
      for (auto i = static_cast<std::size_t>(part); i < targets.size(); i += static_cast<std::size_t>(parts)) {
        Run{threads, cancelled.get()}.throwIfCancelled();
        const auto mapOf = [&](int image) { return maps + static_cast<std::size_t>(image) * pixels; };
        const PuzzlePair pair{batch.image(targets[i]), batch.image(sources[i]), mapOf(targets[i]), mapOf(sources[i]), lambda,
                              grid.rows};
        solver->plan(pair, settings, plan);
        std::copy_n(plan.mask.begin(), maskSize, weights + i * maskSize);
        std::copy_n(plan.target.begin(), movedSize, moves + 2 * i * movedSize);
        std::copy_n(plan.source.begin(), movedSize, moves + (2 * i + 1) * movedSize);
        shares[i] = plan.share;
      }
    });
  });
}

Napi::Value puzzleMoved(const Napi::CallbackInfo& info) {
  const Napi::Object from = info[0].As<Napi::Object>();
  const int height = readInt(from, "height", 1), width = readInt(from, "width", 1), grid = readInt(from, "grid", 1);
  Napi::Object cells = Napi::Object::New(info.Env());
  cells.Set("rows", movedCells(height, std::max(height, width), grid, PuzzleSettings{}));
  cells.Set("cols", movedCells(width, std::max(height, width), grid, PuzzleSettings{}));
  return cells;
}

Napi::Value guidedMaps(const Napi::CallbackInfo& info) {
  const Napi::Object from = info[0].As<Napi::Object>();
  const BatchView batch = readBatch(from);
  const int threads = readInt(from, "threads", 1);
  const std::size_t pixels = batch.image(0).pixels();
  const std::size_t length = static_cast<std::size_t>(batch.count) * pixels;
  float* const maps = readArray<float>(from, "maps", length);
  const float* const given = from.Has("given") ? readArray<float>(from, "given", length) : nullptr;
  const CancelFlag cancelled = readCancel(from);
  return PromiseWorker::queue(from, cancelled, [=] {
    // Each part has a maker, which keeps its memory from image to image.
    const int parts = std::min(threads, batch.count);
    Pool::shared().forEach(parts, threads, [&](int part) {
      guided::MapMaker maker;
      for (int i = part; i < batch.count; i += parts) {
        Run{threads, cancelled.get()}.throwIfCancelled();
        const std::size_t at = static_cast<std::size_t>(i) * pixels;
        if (given != nullptr) maker.blur(given + at, batch.height, batch.width, maps + at);
        else maker.compute(batch.image(i), maps + at);
      }
    });
  });
}

Napi::Value guidedPairs(const Napi::CallbackInfo& info) {
  const Napi::Object from = info[0].As<Napi::Object>();
  const int count = readInt(from, "count", 1);
  const auto n = static_cast<std::size_t>(count);
  const auto pixels = static_cast<std::size_t>(readInt(from, "pixels", 1));
  const int threads = readInt(from, "threads", 1);
  const float* const maps = readArray<float>(from, "maps", n * pixels);
  std::int32_t* const partners = readArray<std::int32_t>(from, "partners", n);
  return PromiseWorker::queue(from, nullptr, [=] {
    std::vector<double> distances(n * n);
    Pool::shared().forEach(count, threads, [&](int row) {
      guided::fillDistances(maps, count, pixels, row, row + 1, distances.data());
    });
    std::ranges::copy(guided::pairInOneCycle(distances.data(), count), partners);
  });
}

Napi::Value guidedMasks(const Napi::CallbackInfo& info) {
  const Napi::Object from = info[0].As<Napi::Object>();
  const int count = readInt(from, "count", 1);
  const auto pixels = static_cast<std::size_t>(readInt(from, "pixels", 1));
  const int samples = readInt(from, "samples", 1);
  const int threads = readInt(from, "threads", 1);
  const float* const maps = readArray<float>(from, "maps", static_cast<std::size_t>(count) * pixels);
  const auto targets = readPositions(from, "targets", samples, count);
  const auto sources = readPositions(from, "sources", samples, count);
  float* const weights = readArray<float>(from, "weights", static_cast<std::size_t>(samples) * pixels);
  double* const shares = readArray<double>(from, "shares", static_cast<std::size_t>(samples));
  return PromiseWorker::queue(from, nullptr, [=] {
    Pool::shared().forEach(samples, threads, [&](int i) {
      const auto at = static_cast<std::size_t>(i);
      const float* const target = maps + static_cast<std::size_t>(targets[at]) * pixels;
      const float* const source = maps + static_cast<std::size_t>(sources[at]) * pixels;
      float* const mask = weights + at * pixels;
      for (std::size_t k = 0; k < pixels; k++) mask[k] = static_cast<float>(guided::ratio(target[k], source[k]));
      shares[at] = guided::meanRatio(target, source, pixels);
    });
  });
}

}  // namespace saliencymix::binding
