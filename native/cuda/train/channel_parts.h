// Sums over the values of a channel, which lie in a plane of every image. A block sums a part of a channel; the parts depend on
// the shape alone, so that the bits are the same on every card and in whatever order blocks run. Their sums are combined in
// double by a tree that is fixed, too. A channel that is one part needs no second launch.
#pragma once

#include "cuda/train/planes.h"

namespace saliencymix::cuda {

// How many parts the channels have, and the number of values in each but the last.
struct PartCount {
  int parts;
  std::uint32_t values;
};
inline PartCount partCountOf(const Planes& shape) {
  constexpr int kValues = tuning::kSumThreads * tuning::kSumValues;
  return {partsOf(static_cast<int>(shape.rows()), kValues), kValues};
}

template <int width>
struct ChannelParts {
  static constexpr int kThreads = tuning::kSumThreads;
  static constexpr int kRounds = tuning::kSumValues / 4;  // of a thread, of four values each
  static constexpr std::uint32_t kVectors = kThreads * tuning::kSumValues / width;

  explicit ChannelParts(const Planes& shape)
      : ofPlane(static_cast<std::uint32_t>(shape.pixels / width)), ofChannel(static_cast<std::uint32_t>(shape.rows() / width)),
        channels(static_cast<std::uint32_t>(shape.channels)), parts(partCountOf(shape).parts) {}

  // Blocks that follow one another take neighbouring channels, which are neighbours in memory.
  int blocks() const { return parts * static_cast<int>(channels.value); }

  struct Part {
    std::uint32_t channel;
    std::uint32_t begin;  // its vectors, among those of the channel
    std::uint32_t end;
    SALIENCYMIX_HOST_DEVICE std::uint32_t values() const { return (end - begin) * width; }
  };
  SALIENCYMIX_HOST_DEVICE Part at(int block) const {
    const std::uint32_t number = static_cast<std::uint32_t>(block);
    const std::uint32_t part = channels.of(number);
    const std::uint32_t begin = part * kVectors;
    return {number - part * channels.value, begin, ofChannel - begin < kVectors ? ofChannel : begin + kVectors};
  }

  // f(lane, place, there) for the vectors that a thread takes in rounds `from` .. `to` - 1: the place in memory of each, whether
  // it is there at all, and to which of four sums its first float belongs. Four sums keep the chains of
  // roundings short, and in both widths four reads are under way at a time.
  template <class F>
  SALIENCYMIX_HOST_DEVICE void each(const Part& part, int thread, int from, int to, const F& f) const {
    SALIENCYMIX_UNROLL_BY_WIDTH
    for (int round = from; round < to; round++) {
      SALIENCYMIX_UNROLL
      for (int lane = 0; lane < 4; lane += width) {
        const int vector = (round * 4 + lane) / width * kThreads + thread;
        const std::uint32_t i = part.begin + static_cast<std::uint32_t>(vector);
        const std::uint32_t image = ofPlane.of(i);
        const std::uint32_t plane = image * channels.value + part.channel;
        const std::size_t at = static_cast<std::size_t>(plane) * ofPlane.value + (i - image * ofPlane.value);
        f(lane, at * width, i < part.end);
      }
    }
  }

  Divisor ofPlane;  // vectors
  std::uint32_t ofChannel;
  Divisor channels;
  int parts;
};

// Where a channel has several parts, their sums are combined by so many threads.
struct CombinedChannels {
  static constexpr int kThreads = tuning::kSumThreads;
  static constexpr int kLanes = tuning::kCombineThreads;
  static constexpr int kChannels = kThreads / kLanes;  // of a block

  int channels;
  PartCount count;
  std::uint32_t rows;  // values of a channel

  explicit CombinedChannels(const Planes& shape)
      : channels(shape.channels), count(partCountOf(shape)), rows(static_cast<std::uint32_t>(shape.rows())) {}

  int blocks() const { return partsOf(channels, kChannels); }
  SALIENCYMIX_HOST_DEVICE std::uint32_t valuesOf(int part) const {
    const std::uint32_t begin = static_cast<std::uint32_t>(part) * count.values;
    return rows - begin < count.values ? rows - begin : count.values;
  }

  // sums[k * kLanes], for channel number k of the block, becomes the sum over its parts of term(thread, place of the part among
  // part × channel, values of the part).
  template <class Block, class Term>
  SALIENCYMIX_HOST_DEVICE void sum(const Block& block, double* sums, const Term& term) const {
    block.each(kThreads, [&](int thread) {
      const int channel = block.index() * kChannels + thread / kLanes;
      double total = 0;
      if (channel < channels) {
        for (int part = thread % kLanes; part < count.parts; part += kLanes) {
          const std::size_t at = static_cast<std::size_t>(part) * static_cast<std::size_t>(channels);
          total += term(thread, at + static_cast<std::size_t>(channel), valuesOf(part));
        }
      }
      sums[thread] = total;
    });
    reduce(block, sums, kChannels, kLanes, Sum());
  }
  // f(channel, number of the thread that has its sums) for the block's channels.
  template <class Block, class F>
  SALIENCYMIX_HOST_DEVICE void finish(const Block& block, const F& f) const {
    block.each(kChannels, [&](int k) {
      const int channel = block.index() * kChannels + k;
      if (channel < channels) f(channel, k * kLanes);
    });
  }
};

}  // namespace saliencymix::cuda
