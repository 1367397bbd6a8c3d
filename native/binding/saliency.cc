#include "binding/saliency.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "binding/batch.h"
#include "core/model_io.h"
#include "core/saliency/float_bytes.h"
#include "threads/pool.h"

namespace saliencymix::binding {

namespace {

static_assert(sizeof(Point) == 2 * sizeof(std::int32_t), "points are pairs of int32 in JavaScript");

Point* readPoints(const Napi::Object& from, const char* name, int count) {
  return reinterpret_cast<Point*>(readArray<std::int32_t>(from, name, product(count, 2, 1, 1)));
}

}  // namespace

Napi::Value saliency(const Napi::CallbackInfo& info) {
  const Napi::Object from = info[0].As<Napi::Object>();
  const Backend& backend = readBackend(from);
  const HeldBatch batch = readHeldBatch(from, backend);
  const auto [_, count, height, width, channels] = batch.view;
  const SaliencyMethod& method = readMethod(from, backend);
  const int threads = readInt(from, "threads", 1);
  float* maps = has(from, "maps") ? readArray<float>(from, "maps", product(count, height, width, 1)) : nullptr;
  Point* peaks = readPoints(from, "peaks", count);
  Point* lows = readPoints(from, "lows", count);
  const CancelFlag cancelled = readCancel(from);
  Pool::shared().prewake(threads);
  return PromiseWorker::queue(from, cancelled, [=, &backend, &method] {
    backend.saliency({batch.source(), &method, maps, peaks, lows}, Run{threads, cancelled.get()});
  });
}

Napi::Value floatBytes(const Napi::CallbackInfo& info) {
  const Napi::Object from = info[0].As<Napi::Object>();
  const BatchView batch = readBatch(from);
  const int threads = readInt(from, "threads", 1);
  const int wanted = readInt(from, "wanted", 1);
  const std::int32_t* positions = readArray<std::int32_t>(from, "positions", static_cast<std::size_t>(wanted));
  std::vector<int> images(positions, positions + wanted);
  if (!std::ranges::all_of(images, [&](int i) { return i >= 0 && i < batch.count; })) {
    throw badArgument(from.Env(), "positions", "positions in the batch");
  }
  FloatBytes::Normalisation normalisation{};
  std::copy_n(readArray<float>(from, "mean", 3), 3, normalisation.mean);
  std::copy_n(readArray<float>(from, "std", 3), 3, normalisation.std);
  float* result = readArray<float>(from, "result", product(batch.count, batch.height, batch.width, 1));
  const CancelFlag cancelled = readCancel(from);
  return PromiseWorker::queue(from, cancelled, [=, images = std::move(images)] {
    Pool::shared().forEach(wanted, threads, [&](int i) {
      Run{threads, cancelled.get()}.throwIfCancelled();
      const int image = images[static_cast<std::size_t>(i)];
      FloatBytes::compute(batch.image(image), normalisation, result + product(image, batch.height, batch.width, 1));
    });
  });
}

Napi::Value modelInput(const Napi::CallbackInfo& info) {
  const Napi::Object from = info[0].As<Napi::Object>();
  const BatchView batch = readBatch(from);
  const OutputFormat format = readFormat(from);
  const int threads = readInt(from, "threads", 1);
  const int size = readInt(from, "size", 1);
  float* input = readArray<float>(from, "input", product(batch.count, 3, size, size));
  return PromiseWorker::queue(from, nullptr, [=] {
    Pool::shared().forEach(batch.count, threads, [&](int i) {
      toModelInput(batch.image(i), size, format, input + product(i, 3, size, size));
    });
  });
}

Napi::Value resizeMaps(const Napi::CallbackInfo& info) {
  const Napi::Object from = info[0].As<Napi::Object>();
  const int count = readInt(from, "count", 1);
  const int rows = readInt(from, "rows", 1);
  const int cols = readInt(from, "cols", 1);
  const int height = readInt(from, "height", 1);
  const int width = readInt(from, "width", 1);
  const int threads = readInt(from, "threads", 1);
  const float* maps = readArray<float>(from, "maps", product(count, rows, cols, 1));
  float* result = readArray<float>(from, "result", product(count, height, width, 1));
  return PromiseWorker::queue(from, nullptr, [=] {
    Pool::shared().forEach(count, threads, [&](int i) {
      resizeBilinear(maps + product(i, rows, cols, 1), rows, cols, result + product(i, height, width, 1), height, width);
    });
  });
}

Napi::Value extremes(const Napi::CallbackInfo& info) {
  const Napi::Object from = info[0].As<Napi::Object>();
  const int count = readInt(from, "count", 1);
  const int height = readInt(from, "height", 1);
  const int width = readInt(from, "width", 1);
  const int threads = readInt(from, "threads", 1);
  const float* maps = readArray<float>(from, "maps", product(count, height, width, 1));
  Point* peaks = readPoints(from, "peaks", count);
  Point* lows = readPoints(from, "lows", count);
  return PromiseWorker::queue(from, nullptr, [=] {
    Pool::shared().forEach(count, threads, [&](int i) {
      const float* map = maps + product(i, height, width, 1);
      peaks[i] = findExtreme(map, height, width, Extreme::peak);
      lows[i] = findExtreme(map, height, width, Extreme::low);
    });
  });
}

}  // namespace saliencymix::binding
