// The images that go through a saliency method together, and where its results go. Addresses are the device's.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/gray.h"
#include "core/host_device.h"
#include "core/image.h"

namespace saliencymix::cuda {

struct Chunk {
  const std::uint8_t* batch;   // count of the whole batch x height x width x channels
  const std::int32_t* images;  // `count` positions in the batch: the images of this chunk
  int count;
  int height;
  int width;
  int channels;
  float* maps;           // count x height x width, or nullptr where maps are not asked for
  std::uint64_t* peaks;  // count keys (core/argmax.h); must be 0 before
  std::uint64_t* lows;
  bool onlyPeaks = false;  // whether a method may leave out lows and maps; it is then given the scratch memory of that

  SALIENCYMIX_HOST_DEVICE std::size_t pixels() const {
    return static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
  }
  SALIENCYMIX_HOST_DEVICE ImageView image(int i) const {
    const std::size_t bytes = pixels() * static_cast<std::size_t>(channels);
    return {batch + static_cast<std::size_t>(images[i]) * bytes, height, width, channels};
  }
};

// An image has less than 2^32 pixels, as keys have it (core/argmax.h).
SALIENCYMIX_HOST_DEVICE inline std::uint8_t grayAt(const ImageView& image, int y, int x) {
  const std::uint32_t at = static_cast<std::uint32_t>(y) * static_cast<std::uint32_t>(image.width) + static_cast<std::uint32_t>(x);
  if (image.channels == 1) return image.data[at];
  const std::uint8_t* pixel = image.data + std::size_t{3} * at;
  return grayOf(pixel[0], pixel[1], pixel[2]);
}

}  // namespace saliencymix::cuda
