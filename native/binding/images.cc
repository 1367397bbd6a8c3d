#include "binding/images.h"

#include <algorithm>
#include <cstring>

#include "backends.h"
#include "binding/batch.h"
#include "binding/each_with.h"
#include "core/framing.h"
#include "core/image_rows.h"
#include "jpeg/decode.h"
#include "threads/pool.h"

namespace saliencymix::binding {

namespace {

struct Bytes {
  const std::uint8_t* data;
  std::size_t size;
};

// A list of Uint8Arrays. They stay alive during the call, because PromiseWorker keeps a reference to its arguments.
std::vector<Bytes> readList(const Napi::Object& from, const char* name) {
  const Napi::Value value = from.Get(name);
  if (!value.IsArray()) throw badArgument(from.Env(), name, "a list of Uint8Arrays");
  const Napi::Array list = value.As<Napi::Array>();
  std::vector<Bytes> found(list.Length());
  for (std::uint32_t i = 0; i < list.Length(); ++i) {
    const Napi::Value entry = list.Get(i);
    if (!entry.IsTypedArray() || entry.As<Napi::TypedArray>().ElementSize() != 1) {
      throw badArgument(from.Env(), name, "a list of Uint8Arrays");
    }
    const Napi::Uint8Array bytes = entry.As<Napi::Uint8Array>();
    found[i] = {bytes.Data(), bytes.ByteLength()};
  }
  return found;
}

// int32 per image: dy, dx, flip
std::vector<CropFlip> readDraws(const Napi::Object& from, int count) {
  const std::int32_t* numbers = readArray<std::int32_t>(from, "draws", product(count, 3, 1, 1));
  std::vector<CropFlip> draws(static_cast<std::size_t>(count));
  for (CropFlip& draw : draws) {
    draw = {numbers[0], numbers[1], numbers[2] != 0};
    numbers += 3;
  }
  return draws;
}

// Three int32 per step: the operation's number, row and column; and its magnitude, a float64.
std::vector<operations::Step> readSteps(const Napi::Object& from, int count) {
  const std::size_t length = product(count, readInt(from, "stepsPerImage", 1), 1, 1);
  const std::int32_t* numbers = readArray<std::int32_t>(from, "steps", 3 * length);
  const double* magnitudes = readArray<double>(from, "magnitudes", length);
  std::vector<operations::Step> steps(length);
  for (operations::Step& step : steps) {
    if (numbers[0] < 0 || static_cast<std::size_t>(numbers[0]) >= operations::kOperations.size()) {
      throw badArgument(from.Env(), "steps", "numbers of operations");
    }
    step = {numbers[0], {*magnitudes++, {numbers[1], numbers[2]}}};
    numbers += 3;
  }
  return steps;
}

// Where a call that changes images one by one finds them, and where they go.
struct Change {
  const Backend& backend;
  HeldBatch batch;
  HeldDestination output;
};

Change readChange(const Napi::Object& from) {
  const Backend& backend = readBackend(from);
  HeldBatch batch = readHeldBatch(from, backend);
  HeldDestination output =
      readDestination(from.Get("output").As<Napi::Object>(), batch, backend, Dtype::uint8, bytesOf(batch.view));
  return {backend, std::move(batch), std::move(output)};
}

// `moves`: how many times as long `work` takes as moving the bytes.
template <class Work>
Napi::Value queueChange(const Napi::Object& from, const Change& change, std::size_t moves, const Work& work) {
  const int threads = readInt(from, "threads", 1);
  const CancelFlag cancelled = readCancel(from);
  const auto run = [=] {
    change.output.fill([&](const Destination& out) {
      work(change.backend, change.batch.source(), out, Run{threads, cancelled.get()});
    });
  };
  const bool isHere = !change.batch.resident && !change.output.resident && !change.backend.isRemote();
  if (isHere && moves * bytesOf(change.batch.view) <= kQuickBytes) return PromiseWorker::now(from, cancelled, run);
  Pool::shared().prewake(threads);
  return PromiseWorker::queue(from, cancelled, run);
}

// How a call frames its images: `shorter`, and `crops`, the draws of each image, where there are any.
struct Framings {
  int shorter;
  const double* crops;

  // Calls use(framing) for image i.
  template <class Use>
  void with(int i, const Use& use) const {
    if (crops == nullptr) return use(Framing{shorter, nullptr});
    RandomCrop crop;
    std::memcpy(&crop, crops + static_cast<std::size_t>(i) * kCropNumbers, sizeof crop);
    use(Framing{0, &crop});
  }
};

Framings readFramings(const Napi::Object& from, int count, int height, int width) {
  const int shorter = readInt(from, "shorter", 0);
  if (shorter != 0 && shorter < std::max(height, width)) throw badArgument(from.Env(), "shorter", "0, or at least the size");
  if (!has(from, "crops")) return {shorter, nullptr};
  const std::size_t length = static_cast<std::size_t>(count) * kCropNumbers;
  return {0, readArray<double>(from, "crops", length)};
}

}  // namespace

Napi::Value jpegVersion(const Napi::CallbackInfo& info) { return Napi::String::New(info.Env(), jpeg::version()); }

Napi::Value loadJpegs(const Napi::CallbackInfo& info) {
  const Napi::Object from = info[0].As<Napi::Object>();
  std::vector<Bytes> files = readList(from, "files");
  const int count = static_cast<int>(files.size());
  const int threads = readInt(from, "threads", 1);
  const bool otherSizes = readInt(from, "resize", 0) != 0;
  const int height = readInt(from, "height", 1);
  const int width = readInt(from, "width", 1);
  const Framings framings = readFramings(from, count, height, width);
  const auto maxPixels = static_cast<std::uint64_t>(readInt(from, "maxPixels", 1));
  const std::uint8_t* plain = readArray<std::uint8_t>(from, "plain", files.size());
  std::uint8_t* images = readArray<std::uint8_t>(from, "images", product(count, height, width, 3));
  std::uint8_t* outcomes = readArray<std::uint8_t>(from, "outcomes", files.size());
  const CancelFlag cancelled = readCancel(from);
  return PromiseWorker::queue(from, cancelled, [=, files = std::move(files)] {
    forEachWith<std::vector<std::uint8_t>>(count, threads, [&](int i, std::vector<std::uint8_t>& rows) {
      if (cancelled && cancelled->load()) return;
      const Bytes& file = files[static_cast<std::size_t>(i)];
      framings.with(i, [&](const Framing& framing) {
        const jpeg::Request request{file.data,  file.size, plain[i] != 0, showFramedOnCpu, framing,
                                    otherSizes, height,    width,         maxPixels};
        outcomes[i] = static_cast<std::uint8_t>(jpeg::decode(request, images + product(i, height, width, 3), rows));
      });
    });
  });
}

Napi::Value frameImages(const Napi::CallbackInfo& info) {
  const Napi::Object from = info[0].As<Napi::Object>();
  const int count = readInt(from, "count", 1);
  const int threads = readInt(from, "threads", 1);
  const int inHeight = readInt(from, "inHeight", 1);
  const int inWidth = readInt(from, "inWidth", 1);
  const int height = readInt(from, "height", 1);
  const int width = readInt(from, "width", 1);
  const std::uint8_t* pixels = readArray<std::uint8_t>(from, "pixels", product(count, inHeight, inWidth, 3));
  const Framings framings = readFramings(from, count, height, width);
  std::uint8_t* out = readArray<std::uint8_t>(from, "result", product(count, height, width, 3));
  const CancelFlag cancelled = readCancel(from);
  return PromiseWorker::queue(from, cancelled, [=] {
    Pool::shared().forEach(count, threads, [&](int i) {
      Run{threads, cancelled.get()}.throwIfCancelled();
      RowsInMemory image({pixels + product(i, inHeight, inWidth, 3), inHeight, inWidth, 3});
      framings.with(i, [&](const Framing& framing) {
        showFramedOnCpu(image, framing, height, width, out + product(i, height, width, 3));
      });
    });
  });
}

Napi::Value cropFlip(const Napi::CallbackInfo& info) {
  const Napi::Object from = info[0].As<Napi::Object>();
  const Change change = readChange(from);
  const std::vector<CropFlip> draws = readDraws(from, change.batch.view.count);
  return queueChange(from, change, 1, [draws](const Backend& backend, const auto& batch, const auto& out, const Run& run) {
    backend.cropFlip(batch, draws, out, run);
  });
}

Napi::Value imageOperations(const Napi::CallbackInfo& info) {
  Napi::Array list = Napi::Array::New(info.Env());
  for (const operations::Operation& operation : operations::kOperations) {
    list.Set(list.Length(), std::string(operation.name));
  }
  return list;
}

Napi::Value applyOperations(const Napi::CallbackInfo& info) {
  const Napi::Object from = info[0].As<Napi::Object>();
  const Change change = readChange(from);
  const BatchView& view = change.batch.view;
  if (view.channels > 3) throw badArgument(from.Env(), "channels", "1 or 3");
  const std::vector<operations::Step> steps = readSteps(from, view.count);
  const std::uint8_t* colors = readArray<std::uint8_t>(from, "fill", 3);
  const operations::Fill fill{{colors[0], colors[1], colors[2]}};
  // An operation takes some times as long as moving the bytes.
  const std::size_t moves = 4 * (steps.size() / static_cast<std::size_t>(view.count));
  return queueChange(from, change, moves, [=](const Backend& backend, const auto& batch, const auto& out, const Run& run) {
    backend.applyOperations({batch, steps, fill, out}, run);
  });
}

}  // namespace saliencymix::binding
