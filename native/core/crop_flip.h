// The usual augmentation before mixing: a random crop of the image in a border of zeros, which is a shift, and a random
// mirror of left and right. What was drawn comes from the caller; nothing is random here.
#pragma once

#include <cstdint>
#include <span>

#include "core/host_device.h"
#include "core/image.h"

namespace saliencymix {

// What was drawn for an image: output (row, column) shows input (row + dy, column + dx), mirrored afterwards. Every shift is
// allowed: one that is larger than the image leaves only zeros.
struct CropFlip {
  std::int32_t dy;
  std::int32_t dx;
  bool flip;
};

// One value of an image as drawn.
SALIENCYMIX_HOST_DEVICE inline std::uint8_t cropFlipValue(const ImageView& image, const CropFlip& draw, int row, int column,
                                                          int channel) {
  const std::int64_t y = std::int64_t{row} + draw.dy;
  const std::int64_t x = std::int64_t{draw.flip ? image.width - 1 - column : column} + draw.dx;
  const bool inside = y >= 0 && y < image.height && x >= 0 && x < image.width;
  return inside ? image.data[(y * image.width + x) * image.channels + channel] : 0;
}

// Row `row` of an image as drawn: width x channels values.
inline void cropFlipRow(const ImageView& image, const CropFlip& draw, int row, std::uint8_t* out) {
  for (int column = 0; column < image.width; column++) {
    for (int c = 0; c < image.channels; c++) *out++ = cropFlipValue(image, draw, row, column, c);
  }
}

// Each image of the batch as drawn for it. out: of the batch's size; does not overlap it.
inline void cropFlip(const BatchView& batch, std::span<const CropFlip> draws, std::uint8_t* out) {
  for (int i = 0; i < batch.count; i++) {
    const ImageView image = batch.image(i);
    for (int row = 0; row < image.height; row++) {
      cropFlipRow(image, draws[static_cast<std::size_t>(i)], row, out);
      out += static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.channels);
    }
  }
}

}  // namespace saliencymix
