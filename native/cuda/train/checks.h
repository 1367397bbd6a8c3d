// What is refused before anything is put into a stream.
#pragma once

#include <limits>
#include <span>
#include <stdexcept>
#include <string>

#include "core/arena_layout.h"
#include "cuda/train/arguments.h"
#include "train/pooling.h"

namespace saliencymix::cuda {

// Numbers of values are 32 bits wide in kernels, and the last block may begin to count this far behind the last value.
constexpr std::size_t kMostValues = std::numeric_limits<std::int32_t>::max() - (1 << 16);

// Throws std::invalid_argument for sides below 1, std::length_error for maps of 8 GiB or more.
inline void checkPlanes(const Planes& shape) {
  if (shape.images < 1 || shape.channels < 1 || shape.pixels < 1) throw std::invalid_argument("a side of a map is below 1");
  const auto channels = static_cast<std::size_t>(shape.channels);
  if (shape.rows() > kMostValues / channels) throw std::length_error("a map of 8 GiB or more is too large for a graphics card");
}

// Of what is pooled, and of the result.
inline void checkPooling(const train::PoolShape& shape) {
  checkShape(shape);
  if (shape.channels > std::numeric_limits<std::int32_t>::max() / shape.images) {
    throw std::length_error("pooling: too many planes");
  }
  checkPlanes({shape.images, shape.channels, shape.height * shape.width});
  checkPlanes({shape.images, shape.channels, shape.outHeight() * shape.outWidth()});
}
inline void checkMaxPooling(const train::PoolShape& shape) {
  checkPooling(shape);
  if (shape.kernelHeight * shape.kernelWidth > train::kMaxPoolWindow) {
    throw std::invalid_argument("max pooling: a window has more than " + std::to_string(train::kMaxPoolWindow) + " elements");
  }
}

// Of the images, up to the last that is asked for, and of the result.
inline void checkUnfold(const UnfoldShape& s) {
  const auto isOutside = [](int side, int most) { return side < 1 || side > most; };
  constexpr int kMost = 1 << 20;
  if (isOutside(s.height, kMost) || isOutside(s.width, kMost) || isOutside(s.stride, kMost) || s.padding < 0 || s.padding > kMost ||
      isOutside(s.kernelHeight, s.height + 2 * s.padding) || isOutside(s.kernelWidth, s.width + 2 * s.padding)) {
    throw std::invalid_argument("unfold: a window that does not fit");
  }
  if (s.first < 0 || s.count < 1 || s.first > std::numeric_limits<std::int32_t>::max() - s.count || s.channels < 1) {
    throw std::invalid_argument("unfold: no images");
  }
  std::size_t room = kMostValues;
  for (const int side : {s.count, s.channels, s.kernelHeight, s.kernelWidth, s.outHeight(), s.outWidth()}) {
    room /= static_cast<std::size_t>(side);
  }
  std::size_t images = kMostValues;
  for (const int side : {s.first + s.count, s.channels, s.height, s.width}) images /= static_cast<std::size_t>(side);
  if (room == 0 || images == 0) throw std::length_error("a map of 8 GiB or more is too large for a graphics card");
}

inline ArenaLayout arenaOf(std::span<std::byte> workspace, std::size_t bytes) {
  if (workspace.size() < bytes) {
    throw std::invalid_argument("the workspace has " + std::to_string(workspace.size()) + " bytes; this needs " +
                                std::to_string(bytes));
  }
  return ArenaLayout(workspace.data());
}

}  // namespace saliencymix::cuda
