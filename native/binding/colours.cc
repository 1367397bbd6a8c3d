#include "binding/colours.h"

#include <cstddef>
#include <cstring>
#include <memory>
#include <vector>

#include "binding/batch.h"
#include "binding/each_with.h"
#include "binding/masked_samples.h"
#include "binding/records.h"
#include "core/coloured_mix.h"
#include "threads/pool.h"

namespace saliencymix::binding {

namespace {

// What both calls have: the images, how the colours of each are changed, and where mixed ones go.
struct Colouring {
  const Backend& backend;  // where the output is; the processor mixes
  BatchView batch;
  const double* draws;
  OutputFormat format;
  HeldDestination output;
  std::size_t imageBytes;  // of the output
  int samples;
  int threads;
  CancelFlag cancelled;

  Run run() const { return {threads, cancelled.get()}; }
};

Colouring readColouring(const Napi::Object& from) {
  const Backend& backend = readBackend(from);
  const BatchView batch = readBatch(from);
  if (batch.channels != 3) throw badArgument(from.Env(), "channels", "3");
  const double* const draws = readArray<double>(from, "colours", static_cast<std::size_t>(batch.count) * kColourNumbers);
  const int samples = readInt(from, "samples", 1);
  const Napi::Object to = from.Get("output").As<Napi::Object>();
  const OutputFormat format = readFormat(to);
  if (format.dtype == Dtype::uint8) throw badArgument(from.Env(), "dtype", "one of floats");
  const std::size_t values = batch.image(0).bytes();
  HeldDestination output =
      readDestination(to, {batch, nullptr}, backend, format.dtype, static_cast<std::size_t>(samples) * values);
  return {backend,
          batch,
          draws,
          format,
          std::move(output),
          values * bytesPerValue(format.dtype),
          samples,
          readInt(from, "threads", 1),
          readCancel(from)};
}

std::vector<ColourMap> mapsOf(const Colouring& c) {
  std::vector<ColourMap> maps(static_cast<std::size_t>(c.batch.count));
  Pool::shared().forEach(c.batch.count, c.threads, [&](int i) {
    c.run().throwIfCancelled();
    ColourDraw draw;
    std::memcpy(&draw, c.draws + static_cast<std::size_t>(i) * kColourNumbers, sizeof draw);
    maps[static_cast<std::size_t>(i)] = colourMap(draw, meanColour(c.batch.image(i)));
  });
  return maps;
}

// Calls mixOne(mixing, i, memory, image) for each sample.
template <class MixOne>
void mixAll(const Colouring& c, const MixOne& mixOne) {
  const std::vector<ColourMap> maps = mapsOf(c);
  const ColouredMixing mixing(c.batch, maps, c.format);
  const auto write = [&](std::byte* out) {
    forEachWith<std::vector<float>>(c.samples, c.threads, [&](int i, std::vector<float>& memory) {
      c.run().throwIfCancelled();
      memory.resize(mixing.memoryLength());
      mixOne(mixing, i, memory.data(), out + static_cast<std::size_t>(i) * c.imageBytes);
    });
  };
  c.output.fill([&](const Destination& to) {
    if (to.resident == nullptr || !c.backend.isRemote()) return write(static_cast<std::byte*>(to.address()));
    const auto here = std::make_unique_for_overwrite<std::byte[]>(static_cast<std::size_t>(c.samples) * c.imageBytes);
    write(here.get());
    c.backend.upload(here.get(), *to.resident, c.run());
  });
}

}  // namespace

Napi::Value mixColoured(const Napi::CallbackInfo& info) {
  const Napi::Object from = info[0].As<Napi::Object>();
  const auto c = std::make_shared<Colouring>(readColouring(from));
  const auto records =
      std::make_shared<Records>(readRecords(from, c->batch.count, c->batch.height, c->batch.width));
  Pool::shared().prewake(c->threads);
  return PromiseWorker::queue(from, c->cancelled, [=] {
    mixAll(*c, [&](const ColouredMixing& mixing, int i, float* memory, std::byte* image) {
      mixing.mix(records->samples[static_cast<std::size_t>(i)], memory, image);
    });
  });
}

Napi::Value mixColouredMasked(const Napi::CallbackInfo& info) {
  const Napi::Object from = info[0].As<Napi::Object>();
  const auto c = std::make_shared<Colouring>(readColouring(from));
  const MaskedSamples samples = readMaskedSamples(from, c->batch);
  Pool::shared().prewake(c->threads);
  return PromiseWorker::queue(from, c->cancelled, [=] {
    mixAll(*c, [&](const ColouredMixing& mixing, int i, float* memory, std::byte* image) {
      mixing.mix(samples.at(i), samples.mask, samples.moved, memory, image);
    });
  });
}

}  // namespace saliencymix::binding
