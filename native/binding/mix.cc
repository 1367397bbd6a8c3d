#include "binding/mix.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <type_traits>

#include "binding/batch.h"
#include "binding/records.h"
#include "core/label_weight.h"
#include "threads/pool.h"

namespace saliencymix::binding {

namespace {

BoxRule readRule(const Napi::Object& from) { return readInt(from, "clip", 0) != 0 ? BoxRule::clip : BoxRule::shift; }

bool asksForMap(const MixSample& sample) {
  const auto isExtreme = [](const Anchor& anchor) { return anchor.kind == AnchorKind::peak || anchor.kind == AnchorKind::low; };
  return isExtreme(sample.from) || isExtreme(sample.to);
}

Placing readPlacing(const Napi::Object& from, const BatchView& batch, std::span<const MixSample> samples,
                    const Backend& backend) {
  const BoxRule rule = readRule(from);
  if (has(from, "maps")) {
    return {rule, nullptr, readArray<float>(from, "maps", product(batch.count, batch.height, batch.width, 1))};
  }
  if (has(from, "method") || std::ranges::any_of(samples, asksForMap)) return {rule, &readMethod(from, backend), nullptr};
  return {rule, nullptr, nullptr};
}

// The mixed images, and where they go.
struct Output {
  OutputFormat format;
  HeldDestination to;
};

Output readOutput(const Napi::Object& from, const HeldBatch& batch, const Backend& backend, std::size_t samples) {
  const OutputFormat format = readFormat(from);
  const std::size_t values = samples * batch.view.image(0).bytes();
  return {format, readDestination(from, batch, backend, format.dtype, values)};
}

template <class T>
std::optional<T> readPart(const Napi::Object& from, const char* name, const std::function<T(const Napi::Object&)>& read) {
  if (!has(from, name)) return std::nullopt;
  return read(from.Get(name).As<Napi::Object>());
}

// Whether a call only moves bytes, and few of them, from this process's memory to this process's memory.
bool isQuick(std::span<const MixSample> samples, const std::optional<Placing>& placing,
             const std::optional<Output>& output, const HeldBatch& batch) {
  if (!output || output->format.dtype != Dtype::uint8 || output->format.layout != Layout::nhwc) return false;
  if (batch.resident || output->to.resident || samples.size() * batch.view.image(0).bytes() > kQuickBytes) return false;
  return std::ranges::none_of(samples, [&](const MixSample& sample) {
    return !movesBytes(sample.kind) || (placing && asksForMap(sample));
  });
}

}  // namespace

Napi::Value placeBox(const Napi::CallbackInfo& info) {
  const Napi::Object from = info[0].As<Napi::Object>();
  const int height = readInt(from, "height", 1);
  const int width = readInt(from, "width", 1);
  const Point at{readInt(from, "row", 0), readInt(from, "col", 0)};
  const double lambda = from.Get("lambda").As<Napi::Number>().DoubleValue();
  const Box box = placeBoxes(height, width, lambda, at, at, readRule(from)).to;
  Napi::Object result = Napi::Object::New(info.Env());
  result.Set("top", box.top);
  result.Set("left", box.left);
  result.Set("bottom", box.bottom);
  result.Set("right", box.right);
  result.Set("lambda", survivingShare(height, width, box));
  return result;
}

Napi::Value mix(const Napi::CallbackInfo& info) {
  const Napi::Object from = info[0].As<Napi::Object>();
  const Backend& backend = readBackend(from);
  const HeldBatch batch = readHeldBatch(from, backend);
  const int threads = readInt(from, "threads", 1);
  const CancelFlag cancelled = readCancel(from);
  const auto records =
      std::make_shared<Records>(readRecords(from, batch.view.count, batch.view.height, batch.view.width));
  const auto placing = readPart<Placing>(from, "place", [&](const Napi::Object& part) {
    return readPlacing(part, batch.view, records->samples, backend);
  });
  const auto output = readPart<Output>(from, "output", [&](const Napi::Object& part) {
    return readOutput(part, batch, backend, records->samples.size());
  });

  std::function<void()> work = [=, &backend] {
    const Run run{threads, cancelled.get()};
    MixJob job{batch.source(), records->samples, placing, std::nullopt, {}};
    if (output) {
      job.format = output->format;
      output->to.fill([&](const Destination& destination) {
        job.output = destination;
        backend.mix(job, run);
      });
    } else {
      backend.mix(job, run);
    }
    if (placing) records->writeBack();
  };
  const bool isHere = has(from, "here") && readInt(from, "here", 0) != 0;
  if (!backend.isRemote() && (isHere || isQuick(records->samples, placing, output, batch))) {
    return PromiseWorker::now(from, cancelled, std::move(work));
  }
  Pool::shared().prewake(threads);
  return PromiseWorker::queue(from, cancelled, std::move(work));
}

Napi::Value labelWeights(const Napi::CallbackInfo& info) {
  const Napi::Object from = info[0].As<Napi::Object>();
  const BatchView shape{nullptr, readInt(from, "count", 1), readInt(from, "height", 1), readInt(from, "width", 1), 1};
  const std::size_t pixels = product(shape.count, shape.height, shape.width, 1);
  const int threads = readInt(from, "threads", 1);
  const auto records = std::make_shared<Records>(readRecords(from, shape.count, shape.height, shape.width));
  double* weights = readArray<double>(from, "weights", records->samples.size());
  double* shares = readArray<double>(from, "seen", 2 * records->samples.size());
  const auto weigh = [=](const auto* maps) {
    const NhwcBatch<std::remove_cvref_t<decltype(*maps)>> batch{maps, shape.count, shape.height, shape.width, 1};
    return PromiseWorker::queue(from, nullptr, [=] {
      Pool::shared().forEach(static_cast<int>(records->samples.size()), threads, [&](int i) {
        const MixSample& sample = records->samples[static_cast<std::size_t>(i)];
        const Seen seen = seenIn(batch, sample);
        weights[i] = labelWeight(sample, seen);
        shares[2 * i] = seen.target;
        shares[2 * i + 1] = seen.source;
      });
    });
  };
  if (has(from, "masks")) return weigh(readArray<std::uint8_t>(from, "masks", pixels));
  return weigh(readArray<float>(from, "maps", pixels));
}

Napi::Value mixLabelMaps(const Napi::CallbackInfo& info) {
  const Napi::Object from = info[0].As<Napi::Object>();
  NhwcBatch<std::int32_t> maps{nullptr, readInt(from, "count", 1), readInt(from, "height", 1), readInt(from, "width", 1), 1};
  maps.data = readArray<std::int32_t>(from, "data", product(maps.count, maps.height, maps.width, 1));
  const Backend& backend = readBackend(from);
  const int threads = readInt(from, "threads", 1);
  const auto records = std::make_shared<Records>(readRecords(from, maps.count, maps.height, maps.width));
  std::int32_t* result =
      readArray<std::int32_t>(from, "result", records->samples.size() * product(1, maps.height, maps.width, 1));
  return PromiseWorker::queue(from, nullptr, [=, &backend] {
    backend.mixLabelMaps(maps, records->samples, result, Run{threads, nullptr});
  });
}

}  // namespace saliencymix::binding
