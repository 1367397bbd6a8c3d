#include "cpu/mixing.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <span>
#include <utility>
#include <vector>

#include "core/place_sample.h"
#include "cpu/cache_size.h"
#include "cpu/saliency.h"
#include "cpu/split.h"

namespace saliencymix::cpu {

namespace {

// The requests of each image together.
using Groups = std::vector<std::span<const AnchorRequest>>;

Groups groupByImage(std::span<const AnchorRequest> requests) {
  Groups groups;
  for (std::size_t end = 0; end < requests.size();) {
    const std::size_t begin = end;
    while (end < requests.size() && requests[end].image == requests[begin].image) end++;
    groups.push_back(requests.subspan(begin, end - begin));
  }
  return groups;
}

// Orders the groups so that most images are used twice in succession: after the source of a sample comes its target, which
// is the source of another sample. So it is read from memory once.
Groups orderInChains(const Groups& groups, std::span<const MixSample> samples, int images) {
  std::vector<const Groups::value_type*> waiting(static_cast<std::size_t>(images), nullptr);
  for (const auto& group : groups) waiting[static_cast<std::size_t>(group.front().image)] = &group;
  Groups chained;
  for (const auto& first : groups) {
    int image = first.front().image;
    while (const auto* group = std::exchange(waiting[static_cast<std::size_t>(image)], nullptr)) {
      chained.push_back(*group);
      image = samples[static_cast<std::size_t>(group->front().sample)].target;
    }
  }
  return chained;
}

// Writes the pixels of the samples.
class Writer {
 public:
  Writer(const Kernels& kernels, const BatchView& batch, const MixJob& job, void* out)
      : kernels_(kernels), batch_{batch.data, batch.count, batch.height, batch.width, batch.channels},
        samples_(job.samples), format_(job.format), out_(static_cast<std::uint8_t*>(out)) {
    if (!format_) return;
    imageBytes_ = static_cast<std::size_t>(batch.height) * batch_.rowLength() * bytesPerValue(format_->dtype);
    stream_ = imageBytes_ * samples_.size() > cacheShareBytes();
  }

  void write(std::size_t sample, Rows rows) const {
    if (format_) kernels_.mix(batch_, samples_[sample], {*format_, imageOf(sample), stream_}, rows);
  }

  std::array<PrefetchRange, 2> prefetchFor(std::size_t sample) const {
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

class BatchMixer {
 public:
  BatchMixer(const Kernels& kernels, const BatchView& batch, const MixJob& job, void* out, const Run& run)
      : kernels_(kernels), batch_(batch), job_(job), run_(run), writer_(kernels, batch, job, out) {
    if (!job.placing) return;
    requests_ = anchorRequests(job.samples);
    groups_ = groupByImage(requests_);
    if (batch.image(0).bytes() >= kLarge) groups_ = orderInChains(groups_, job.samples, batch.count);
  }

  void mix() {
    if (job_.placing && canMixAsFound()) return mixAsFound();
    if (job_.placing) {
      findAnchors([](int) { return std::array<PrefetchRange, 2>{}; }, [](int) {});
      placeSamples(job_.samples, batch_.height, batch_.width, job_.placing->rule);
    }
    if (job_.format) writeAll();
  }

 private:
  // A whole batch of smaller images stays in the cache anyway.
  static constexpr std::size_t kLarge = 32768;

  int groupCount() const { return static_cast<int>(groups_.size()); }
  std::span<const AnchorRequest> requestsOf(int group) const { return groups_[static_cast<std::size_t>(group)]; }
  int imageOf(int group) const { return requestsOf(group).front().image; }

  // Answers every request. Calls answered(group) for each image once all its requests are answered.
  template <class PrefetchFor, class Answered>
  void findAnchors(const PrefetchFor& prefetchFor, const Answered& answered) {
    if (groups_.empty()) return;  // a method need not be named then
    const auto answer = [&](int group, const float* map) {
      for (const AnchorRequest& request : requestsOf(group)) {
        *request.found = kernels_.extreme(map, batch_.height, batch_.width, request.extreme, request.u);
      }
      answered(group);
    };
    if (job_.placing->maps != nullptr) {
      const std::size_t pixels = batch_.image(0).pixels();
      forEachPiece({groupCount(), 1}, run_, [&](const Piece& piece) {
        answer(piece.item, job_.placing->maps + static_cast<std::size_t>(imageOf(piece.item)) * pixels);
      });
      return;
    }
    const auto onlyPeak = [&](int group) {
      return std::ranges::all_of(requestsOf(group), [](const AnchorRequest& request) {
        return request.extreme == Extreme::peak && request.u < 0.0;
      });
    };
    const auto answerPeak = [&](int group, Point peak) {
      for (const AnchorRequest& request : requestsOf(group)) *request.found = peak;
      answered(group);
    };
    const MapUses uses{[](int) -> float* { return nullptr; }, answer, onlyPeak, answerPeak, prefetchFor};
    forEachMap(kernels_, *job_.placing->method, groupCount(), run_, [&](int group) { return batch_.image(imageOf(group)); },
               uses);
  }

  // Not where samples share boxes, as all of them would have to wait for one map; nor where there are fewer images than
  // threads, as then several threads make a map together and only one answers its requests.
  bool canMixAsFound() const {
    if (job_.placing->maps != nullptr || groupCount() < run_.threads) return false;
    for (std::size_t i = 0; i < job_.samples.size(); i++) {
      const MixSample& sample = job_.samples[i];
      if (boxFrom(sample.kind) == BoxFrom::anchors && sample.boxOwner != static_cast<int>(i)) return false;
    }
    return true;
  }

  // A sample is placed and written by the thread that answers the last of its requests: then the source is in the cache, and
  // the target and the memory of the result have been fetched while the map was computed.
  void mixAsFound() {
    std::vector<std::atomic<int>> unanswered(job_.samples.size());
    for (const AnchorRequest& request : requests_) unanswered[static_cast<std::size_t>(request.sample)]++;
    std::vector<std::size_t> ready;  // samples without requests
    for (std::size_t i = 0; i < unanswered.size(); i++) {
      if (unanswered[i] == 0) ready.push_back(i);
    }
    findAnchors(
        [&](int group) { return writer_.prefetchFor(static_cast<std::size_t>(requestsOf(group).front().sample)); },
        [&](int group) {
          for (const AnchorRequest& request : requestsOf(group)) {
            const std::size_t sample = static_cast<std::size_t>(request.sample);
            if (--unanswered[sample] == 0) finish(sample, {0, batch_.height});
          }
        });
    forEachPiece({static_cast<int>(ready.size()), 1}, run_,
                 [&](const Piece& piece) { finish(ready[static_cast<std::size_t>(piece.item)], {0, batch_.height}); });
  }

  void finish(std::size_t sample, Rows rows) {
    placeSample(job_.samples.data(), static_cast<int>(sample), batch_.height, batch_.width, job_.placing->rule);
    writer_.write(sample, rows);
  }

  void writeAll() const {
    forEachPiece({static_cast<int>(job_.samples.size()), batch_.height}, run_,
                 [&](const Piece& piece) { writer_.write(static_cast<std::size_t>(piece.item), piece.rows); });
  }

  const Kernels& kernels_;
  const BatchView& batch_;
  const MixJob& job_;
  const Run& run_;
  Writer writer_;
  std::vector<AnchorRequest> requests_;  // those of one image stand together
  Groups groups_;
};

}  // namespace

void mixBatch(const Kernels& kernels, const BatchView& batch, const MixJob& job, void* out, const Run& run) {
  BatchMixer(kernels, batch, job, out, run).mix();
}

}  // namespace saliencymix::cpu
