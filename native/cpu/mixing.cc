#include "cpu/mixing.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <span>
#include <vector>

#include "core/place_sample.h"
#include "cpu/anchors.h"
#include "cpu/cache_size.h"
#include "cpu/parts.h"
#include "cpu/split.h"

namespace saliencymix::cpu {

namespace {

// Writes the pixels of the samples, where they are wanted.
class Writer {
 public:
  Writer(const Kernels& kernels, const BatchView& batch, const MixJob& job, void* out)
      : kernels_(kernels), batch_{batch.data, batch.count, batch.height, batch.width, batch.channels},
        samples_(job.samples), format_(job.format), out_(static_cast<std::uint8_t*>(out)) {
    if (!format_) return;
    imageBytes_ = static_cast<std::size_t>(batch.height) * batch_.rowLength() * bytesPerValue(format_->dtype);
    stream_ = Parts::kStreaming && imageBytes_ * samples_.size() > cacheShareBytes();
  }

  void write(std::size_t sample, Rows rows) const {
    if (format_) kernels_.mix(batch_, samples_[sample], {*format_, imageOf(sample), stream_}, rows);
  }

  void writeAll(const Run& run) const {
    if (!format_) return;
    forEachPiece({static_cast<int>(samples_.size()), batch_.height}, run,
                 [&](const Piece& piece) { write(static_cast<std::size_t>(piece.item), piece.rows); });
  }

  // What writing a sample reads and writes, but for its source.
  std::array<PrefetchRange, 2> usesNext(std::size_t sample) const {
    if (!format_) return {};
    const std::size_t targetBytes = static_cast<std::size_t>(batch_.height) * batch_.rowLength();
    const PrefetchRange target{batch_.row(samples_[sample].target, 0), targetBytes, false};
    if (stream_) return {target};
    return {target, PrefetchRange{imageOf(sample), imageBytes_, true}};
  }

 private:
  std::uint8_t* imageOf(std::size_t sample) const { return out_ + sample * imageBytes_; }

  const Kernels& kernels_;
  NhwcBatch<std::uint8_t> batch_;
  std::span<const MixSample> samples_;
  const std::optional<OutputFormat>& format_;
  std::uint8_t* out_;
  std::size_t imageBytes_ = 0;
  bool stream_ = false;
};

// A sample is placed and written by the thread that answers the last of its requests: then the source is in the cache, and
// the target and the memory of the result have been fetched while the map was computed.
class MixAsFound final : public AnchorFinder {
 public:
  MixAsFound(const Kernels& kernels, const BatchView& batch, const MixJob& job, const AnchorRequests& requests,
             const Writer& writer)
      : AnchorFinder(kernels, batch, requests), batch_(batch), job_(job), writer_(writer), unanswered_(job.samples.size()) {
    for (const AnchorRequest& request : requests.all()) unanswered_[static_cast<std::size_t>(request.sample)]++;
    for (std::size_t i = 0; i < unanswered_.size(); i++) {
      if (unanswered_[i] == 0) ready_.push_back(i);
    }
  }

  std::array<PrefetchRange, 2> usesNext(int i) const override {
    return writer_.usesNext(static_cast<std::size_t>(requestsOf(i).front().sample));
  }

  void answered(int i) override {
    for (const AnchorRequest& request : requestsOf(i)) {
      const std::size_t sample = static_cast<std::size_t>(request.sample);
      if (--unanswered_[sample] == 0) finish(sample);
    }
  }

  // The samples that ask for nothing.
  void finishOthers(const Run& run) {
    forEachPiece({static_cast<int>(ready_.size()), 1}, run,
                 [&](const Piece& piece) { finish(ready_[static_cast<std::size_t>(piece.item)]); });
  }

 private:
  void finish(std::size_t sample) {
    placeSample(job_.samples.data(), static_cast<int>(sample), batch_.height, batch_.width, job_.placing->rule);
    writer_.write(sample, {0, batch_.height});
  }

  const BatchView& batch_;
  const MixJob& job_;
  const Writer& writer_;
  std::vector<std::atomic<int>> unanswered_;  // requests, by sample
  std::vector<std::size_t> ready_;            // samples without requests
};

// Not where samples share boxes, as all of them would have to wait for one map; nor where there are fewer images than
// threads, as then several threads make a map together and only one answers its requests.
bool canMixAsFound(const MixJob& job, int images, int threads) {
  if (!Parts::kMixAsFound || job.placing->maps != nullptr || images < threads) return false;
  for (std::size_t i = 0; i < job.samples.size(); i++) {
    const MixSample& sample = job.samples[i];
    if (boxFrom(sample.kind) == BoxFrom::anchors && sample.boxOwner != static_cast<int>(i)) return false;
  }
  return true;
}

}  // namespace

void mixBatch(const Kernels& kernels, const BatchView& batch, const MixJob& job, void* out, const Run& run) {
  const Writer writer(kernels, batch, job, out);
  if (!job.placing) return writer.writeAll(run);

  const AnchorRequests requests(batch, job.samples);
  const int images = static_cast<int>(requests.images().size());
  if (canMixAsFound(job, images, run.threads)) {
    MixAsFound mixing(kernels, batch, job, requests, writer);
    visitMaps(kernels, *job.placing->method, mixing, run);
    return mixing.finishOthers(run);
  }
  if (images > 0) {  // else no method need be named
    AnchorFinder finder(kernels, batch, requests);
    if (job.placing->maps != nullptr) finder.findIn(job.placing->maps, run);
    else visitMaps(kernels, *job.placing->method, finder, run);
  }
  placeSamples(job.samples, batch.height, batch.width, job.placing->rule);
  writer.writeAll(run);
}

}  // namespace saliencymix::cpu
