// Normalisation, and its gradients (train/batch_norm.h).
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

#include "core/arena_layout.h"
#include "cuda/train/channel_parts.h"
#include "train/batch_norm.h"

namespace saliencymix::cuda {

// The normalisation of one channel, rounded in one way by all kernels: the mask that is computed again is the one that was used.
struct ChannelNorm {
  float mean;
  float slope;
  float bias;

  SALIENCYMIX_HOST_DEVICE static ChannelNorm of(const train::Normalisation& norm, std::uint32_t channel) {
    return {norm.mean[channel], norm.inverse[channel] * norm.scale[channel], norm.bias[channel]};
  }
  SALIENCYMIX_HOST_DEVICE float operator()(float x) const { return std::fma(x - mean, slope, bias); }
};

// Bytes that must move per value: 4 are read and 4 written, and 4 more are read of a residual.
template <int width>
struct NormaliseMap {
  static constexpr int kThreads = MapVectors<width>::kThreads;

  const float* x;
  train::Normalisation norm;
  const float* residual;              // null: none
  train::Normalisation residualNorm;  // nulls: the residual as it is
  bool relu;
  float* y;  // may be x or the residual
  MapVectors<width> vectors;

  std::size_t sharedBytes() const { return 0; }
  int blocks() const { return vectors.blocks(); }

  template <class Block>
  SALIENCYMIX_HOST_DEVICE void operator()(const Block& block) const {
    constexpr int kOfThread = MapVectors<width>::kOfThread;
    block.each(kThreads, [&](int thread) {
      // All reads first, so that they are under way at the same time.
      Floats<width> value[kOfThread];
      Floats<width> beside[kOfThread];
      SALIENCYMIX_UNROLL
      for (int i = 0; i < kOfThread; i++) {
        const std::uint32_t vector = vectors.number(block.index(), thread, i);
        value[i] = getIf<width>(vectors.has(vector), x, vectors.placeOf(vector));
        beside[i] = getIf<width>(residual != nullptr && vectors.has(vector), residual, vectors.placeOf(vector));
      }
      SALIENCYMIX_UNROLL
      for (int i = 0; i < kOfThread; i++) {
        const std::uint32_t vector = vectors.number(block.index(), thread, i);
        if (vectors.has(vector)) put(y + vectors.placeOf(vector), of(value[i], beside[i], vectors.channelOf(vector)));
      }
    });
  }

 private:
  SALIENCYMIX_HOST_DEVICE Floats<width> of(Floats<width> value, const Floats<width>& beside, std::uint32_t channel) const {
    const ChannelNorm normalised = ChannelNorm::of(norm, channel);
    for (int k = 0; k < width; k++) value.of[k] = normalised(value.of[k]);
    if (residual != nullptr && residualNorm.mean == nullptr) {
      for (int k = 0; k < width; k++) value.of[k] += beside.of[k];
    } else if (residual != nullptr) {
      const ChannelNorm other = ChannelNorm::of(residualNorm, channel);
      for (int k = 0; k < width; k++) value.of[k] += other(beside.of[k]);
    }
    // NaN stays NaN.
    if (relu) {
      for (int k = 0; k < width; k++) value.of[k] = value.of[k] < 0.0f ? 0.0f : value.of[k];
    }
    return value;
  }
};

// The gradient that arrives at some values, and the values.
template <int width>
struct ArrivingVectors {
  Floats<width> gradient;  // what passes the activation
  Floats<width> x;

  SALIENCYMIX_HOST_DEVICE static ArrivingVectors at(std::size_t place, bool there, const train::Arriving& arriving,
                                                    const float* x, const ChannelNorm& norm) {
    const bool stored = arriving.mask == train::Mask::ofResult;
    ArrivingVectors found{getIf<width>(there, arriving.dy, place), getIf<width>(there, x, place)};
    const Floats<width> other = getIf<width>(there && arriving.other != nullptr, arriving.other, place);
    Floats<width> activated = getIf<width>(there && stored, arriving.y, place);
    if (arriving.other != nullptr) {
      for (int k = 0; k < width; k++) found.gradient.of[k] += other.of[k];
    }
    if (arriving.mask == train::Mask::none) return found;
    for (int k = 0; k < width; k++) {
      if (!stored) activated.of[k] = norm(found.x.of[k]);
      found.gradient.of[k] = activated.of[k] <= 0.0f ? 0.0f : found.gradient.of[k];
    }
    return found;
  }
};

// The sums of the parts of all channels: part × channel.
struct PartialSums {
  float* bias;     // Σ g
  float* centred;  // Σ g * (x - mean)

  PartialSums(ArenaLayout& arena, const Planes& shape) {
    const std::size_t count =
        static_cast<std::size_t>(partCountOf(shape).parts) * static_cast<std::size_t>(shape.channels);
    bias = arena.take<float>(count);
    centred = arena.take<float>(count);
  }
};

// A block: a part of a channel. Bytes that must move per value: 8 are read, 4 more each of a second gradient and of a stored
// result; 4 are written where what passes is wanted.
template <int width>
struct SumGradients {
  static constexpr int kThreads = ChannelParts<width>::kThreads;

  train::Arriving arriving;
  const float* x;
  train::Normalisation norm;
  ChannelParts<width> parts;
  PartialSums partial;       // where a channel has several parts
  train::GradientSums sums;  // else; `passing`, which may be dy or other, in any case

  std::size_t sharedBytes() const { return 2 * kThreads * sizeof(float); }
  int blocks() const { return parts.blocks(); }

  template <class Block>
  SALIENCYMIX_HOST_DEVICE void operator()(const Block& block) const {
    const auto part = parts.at(block.index());
    float* const all = reinterpret_cast<float*>(block.shared());  // those of g, then of g * (x - mean)
    block.each(kThreads, [&](int thread) {
      const ChannelNorm channel = ChannelNorm::of(norm, part.channel);
      float bias[4] = {};
      float centred[4] = {};
      parts.each(part, thread, 0, ChannelParts<width>::kRounds, [&](int lane, std::size_t at, bool there) {
        const auto found = ArrivingVectors<width>::at(at, there, arriving, x, channel);
        if (sums.passing != nullptr && there) put(sums.passing + at, found.gradient);
        for (int i = 0; i < width; i++) {
          const float gradient = there ? found.gradient.of[i] : 0.0f;
          bias[lane + i] += gradient;
          centred[lane + i] += there ? gradient * (found.x.of[i] - channel.mean) : 0.0f;
        }
      });
      all[thread] = (bias[0] + bias[1]) + (bias[2] + bias[3]);
      all[kThreads + thread] = (centred[0] + centred[1]) + (centred[2] + centred[3]);
    });
    reduce(block, all, 2, kThreads, Sum());
    block.each(1, [&](int) {
      if (parts.parts == 1) {
        sums.bias[part.channel] = all[0];
        sums.scale[part.channel] =
            static_cast<float>(static_cast<double>(all[kThreads]) * static_cast<double>(norm.inverse[part.channel]));
        return;
      }
      partial.bias[block.index()] = all[0];
      partial.centred[block.index()] = all[kThreads];
    });
  }
};

struct CombineGradients {
  static constexpr int kThreads = CombinedChannels::kThreads;

  PartialSums partial;
  CombinedChannels all;
  const float* inverse;
  float* bias;
  float* scale;

  std::size_t sharedBytes() const { return 2 * kThreads * sizeof(double); }
  int blocks() const { return all.blocks(); }

  template <class Block>
  SALIENCYMIX_HOST_DEVICE void operator()(const Block& block) const {
    double* const biases = reinterpret_cast<double*>(block.shared());
    double* const centred = biases + kThreads;
    all.sum(block, biases, [&](int, std::size_t at, std::uint32_t) { return static_cast<double>(partial.bias[at]); });
    all.sum(block, centred, [&](int, std::size_t at, std::uint32_t) { return static_cast<double>(partial.centred[at]); });
    all.finish(block, [&](int channel, int at) {
      bias[channel] = static_cast<float>(biases[at]);
      scale[channel] = static_cast<float>(centred[at] * static_cast<double>(inverse[channel]));
    });
  }
};

// dx = g * slope + ((x - mean) * centred + constant), of factors for each channel. Bytes that must move per value: 8 are read, 4
// more each of a second gradient and of a stored result; 4 are written.
template <int width>
struct NormaliseGradientMap {
  static constexpr int kThreads = MapVectors<width>::kThreads;

  train::Arriving arriving;
  const float* x;
  train::Normalisation norm;
  const float* bias;   // Σ g
  const float* scale;  // Σ g x̂
  float share;         // 1 / values of a channel
  float* dx;           // may be dy, other or x
  MapVectors<width> vectors;

  std::size_t sharedBytes() const { return 0; }
  int blocks() const { return vectors.blocks(); }

  template <class Block>
  SALIENCYMIX_HOST_DEVICE void operator()(const Block& block) const {
    block.each(kThreads, [&](int thread) {
      SALIENCYMIX_UNROLL
      for (int i = 0; i < MapVectors<width>::kOfThread; i++) {
        const std::uint32_t vector = vectors.number(block.index(), thread, i);
        if (vectors.has(vector)) put(dx + vectors.placeOf(vector), of(vector));
      }
    });
  }

 private:
  SALIENCYMIX_HOST_DEVICE Floats<width> of(std::uint32_t vector) const {
    const std::uint32_t channel = vectors.channelOf(vector);
    const ChannelNorm normalised = ChannelNorm::of(norm, channel);
    const auto found = ArrivingVectors<width>::at(vectors.placeOf(vector), true, arriving, x, normalised);
    const float centred = -normalised.slope * norm.inverse[channel] * (scale[channel] * share);
    const float constant = -normalised.slope * (bias[channel] * share);
    Floats<width> result;
    for (int k = 0; k < width; k++) {
      const float rest = std::fma(found.x.of[k] - normalised.mean, centred, constant);
      result.of[k] = std::fma(found.gradient.of[k], normalised.slope, rest);
    }
    return result;
  }
};

}  // namespace saliencymix::cuda
