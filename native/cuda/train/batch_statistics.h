// What a batch says of each channel: mean, biased variance, inverse deviation (train/batch_norm.h); and running statistics.
//
// Around a guess of the mean a block sums x - guess and (x - guess)², and with both in double the guess cancels out again. The
// guess is the mean of a quarter of the block's values. Were all the others elsewhere, squares around it would be up to 5 times
// those around the true mean: two bits are lost at worst, where the squares of x alone would lose them all.
//
// Bytes that must move per value: 4 are read.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

#include "core/arena_layout.h"
#include "cuda/train/channel_parts.h"
#include "train/batch_norm.h"

namespace saliencymix::cuda {

// Of the parts of all channels: part × channel.
struct Moments {
  float* guess;
  float* first;   // Σ (x - guess)
  float* second;  // Σ (x - guess)²

  Moments(ArenaLayout& arena, const Planes& shape) {
    const std::size_t count =
        static_cast<std::size_t>(partCountOf(shape).parts) * static_cast<std::size_t>(shape.channels);
    guess = arena.take<float>(count);
    first = arena.take<float>(count);
    second = arena.take<float>(count);
  }
};

// Mean of some values and the squares around it.
struct MeanAndSquares {
  double mean;
  double squares;

  SALIENCYMIX_HOST_DEVICE static MeanAndSquares of(float guess, float first, float second, std::uint32_t values) {
    const double count = static_cast<double>(values);
    const double sum = static_cast<double>(first);
    return {static_cast<double>(guess) + sum / count, static_cast<double>(second) - sum * sum / count};
  }
  SALIENCYMIX_HOST_DEVICE void store(std::uint32_t channel, std::uint32_t rows, float epsilon,
                                     const train::BatchStatistics& to) const {
    // Not below 0 by roundings; NaN stays.
    const double variance = (squares < 0 ? 0 : squares) / static_cast<double>(rows);
    to.mean[channel] = static_cast<float>(mean);
    to.variance[channel] = static_cast<float>(variance);
    to.inverse[channel] = static_cast<float>(1 / std::sqrt(variance + static_cast<double>(epsilon)));
  }
};

// A block: a part of a channel.
template <int width>
struct SumMoments {
  static constexpr int kThreads = ChannelParts<width>::kThreads;

  const float* x;
  ChannelParts<width> parts;
  float epsilon;
  Moments moments;                   // where a channel has several parts
  train::BatchStatistics statistics;  // else

  std::size_t sharedBytes() const { return 3 * kThreads * sizeof(float); }
  int blocks() const { return parts.blocks(); }

  template <class Block>
  SALIENCYMIX_HOST_DEVICE void operator()(const Block& block) const {
    constexpr int kSampled = tuning::kSampledRounds;
    constexpr std::uint32_t kMostSampled = kSampled * 4 * kThreads;
    const auto part = parts.at(block.index());
    float* const sample = reinterpret_cast<float*>(block.shared());
    float* const sums = sample + kThreads;  // those of x - guess, then of its squares
    const std::uint32_t sampled = part.values() < kMostSampled ? part.values() : kMostSampled;
    block.each(kThreads, [&](int thread) {
      float lanes[4] = {};
      parts.each(part, thread, 0, kSampled, [&](int lane, std::size_t at, bool there) {
        const Floats<width> values = getIf<width>(there, x, at);
        for (int i = 0; i < width; i++) lanes[lane + i] += values.of[i];
      });
      sample[thread] = (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]);
    });
    reduce(block, sample, 1, kThreads, Sum());
    block.each(kThreads, [&](int thread) {
      const float guess = sample[0] / static_cast<float>(sampled);
      float first[4] = {};
      float second[4] = {};
      parts.each(part, thread, 0, ChannelParts<width>::kRounds, [&](int lane, std::size_t at, bool there) {
        const Floats<width> values = getIf<width>(there, x, at);
        for (int i = 0; i < width; i++) {
          const float apart = there ? values.of[i] - guess : 0.0f;
          first[lane + i] += apart;
          second[lane + i] = std::fma(apart, apart, second[lane + i]);
        }
      });
      sums[thread] = (first[0] + first[1]) + (first[2] + first[3]);
      sums[kThreads + thread] = (second[0] + second[1]) + (second[2] + second[3]);
    });
    reduce(block, sums, 2, kThreads, Sum());
    block.each(1, [&](int) {
      const float guess = sample[0] / static_cast<float>(sampled);
      if (parts.parts == 1) {
        MeanAndSquares::of(guess, sums[0], sums[kThreads], part.values()).store(part.channel, part.values(), epsilon, statistics);
        return;
      }
      moments.guess[block.index()] = guess;
      moments.first[block.index()] = sums[0];
      moments.second[block.index()] = sums[kThreads];
    });
  }
};

// Around the mean of all, the squares of a part are those around its own mean, and what lies between the two means (Chan, Golub
// & LeVeque, 1979; see train/batch_norm.h).
struct CombineMoments {
  static constexpr int kThreads = CombinedChannels::kThreads;

  Moments moments;
  CombinedChannels all;
  float epsilon;
  train::BatchStatistics statistics;

  std::size_t sharedBytes() const { return 2 * kThreads * sizeof(double); }
  int blocks() const { return all.blocks(); }

  template <class Block>
  SALIENCYMIX_HOST_DEVICE void operator()(const Block& block) const {
    double* const means = reinterpret_cast<double*>(block.shared());
    double* const squares = means + kThreads;
    const double rows = static_cast<double>(all.rows);
    const auto ofPart = [&](std::size_t at, std::uint32_t values) {
      return MeanAndSquares::of(moments.guess[at], moments.first[at], moments.second[at], values);
    };
    all.sum(block, means, [&](int, std::size_t at, std::uint32_t values) {
      return static_cast<double>(values) * ofPart(at, values).mean;
    });
    all.sum(block, squares, [&](int thread, std::size_t at, std::uint32_t values) {
      const MeanAndSquares part = ofPart(at, values);
      const double apart = part.mean - means[thread / CombinedChannels::kLanes * CombinedChannels::kLanes] / rows;
      return part.squares + static_cast<double>(values) * apart * apart;
    });
    all.finish(block, [&](int channel, int at) {
      MeanAndSquares{means[at] / rows, squares[at]}.store(static_cast<std::uint32_t>(channel), all.rows, epsilon, statistics);
    });
  }
};

// A channel for each thread. Rounded as train::updateRunningStatistics is.
struct UpdateRunning {
  static constexpr int kThreads = tuning::kMapThreads;

  const float* mean;  // of the batch
  const float* variance;
  int channels;
  float kept;
  float meanShare;
  float varianceShare;
  train::RunningStatistics running;

  std::size_t sharedBytes() const { return 0; }
  int blocks() const { return partsOf(channels, kThreads); }

  template <class Block>
  SALIENCYMIX_HOST_DEVICE void operator()(const Block& block) const {
    eachOfLaunch(block, kThreads, channels, [&](int c) {
      running.nextMean[c] = running.mean[c] * kept + mean[c] * meanShare;
      running.nextVariance[c] = running.variance[c] * kept + variance[c] * varianceShare;
    });
  }
};

}  // namespace saliencymix::cuda
