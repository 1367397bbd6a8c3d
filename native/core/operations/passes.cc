#include "core/operations/passes.h"

#include <algorithm>

namespace saliencymix::operations {

namespace {

std::size_t channelsOf(const ImageView& image) { return static_cast<std::size_t>(image.channels); }

std::uint64_t lumaSum(const ImageView& image) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < image.pixels(); i++) {
    sum += static_cast<std::uint64_t>(lumaOf(image.data + i * channelsOf(image), image.channels));
  }
  return sum;
}

void ranges(const ImageView& image, Range* ranges) {
  for (std::size_t c = 0; c < channelsOf(image); c++) {
    ranges[c] = {image.data[c], image.data[c]};
    for (std::size_t i = c; i < image.bytes(); i += channelsOf(image)) {
      ranges[c] = {std::min(ranges[c].lowest, image.data[i]), std::max(ranges[c].highest, image.data[i])};
    }
  }
}

void counts(const ImageView& image, Counts* counts) {
  for (std::size_t c = 0; c < channelsOf(image); c++) {
    counts[c] = {};
    for (std::size_t i = c; i < image.bytes(); i += channelsOf(image)) counts[c].of[image.data[i]]++;
  }
}

void curves(const ImageView& image, const Curve* curves, std::uint8_t* out) {
  for (std::size_t i = 0; i < image.bytes(); i++) out[i] = curves[i % channelsOf(image)].of[image.data[i]];
}

void maskAndInvert(const ImageView& image, std::uint8_t mask, int threshold, std::uint8_t* out) {
  for (std::size_t i = 0; i < image.bytes(); i++) {
    const int masked = image.data[i] & mask;
    out[i] = static_cast<std::uint8_t>(image.data[i] >= threshold ? 255 - masked : masked);
  }
}

void saturate(const ImageView& image, float factor, std::uint8_t* out) {
  for (std::size_t i = 0; i < image.bytes(); i++) {
    const int gray = lumaOf(image.data + i / channelsOf(image) * channelsOf(image), image.channels);
    out[i] = blendValue(gray, image.data[i], factor);
  }
}

void sharpen(const ImageView& image, float factor, std::uint8_t* out) {
  const std::size_t channels = channelsOf(image);
  const std::size_t rowLength = static_cast<std::size_t>(image.width) * channels;
  std::copy_n(image.data, image.bytes(), out);
  for (int y = 1; y < image.height - 1; y++) {
    for (std::size_t x = channels; x + channels < rowLength; x++) {
      const std::size_t at = static_cast<std::size_t>(y) * rowLength + x;
      int sum = 0;
      for (const std::size_t row : {at - rowLength, at, at + rowLength}) {
        sum += image.data[row - channels] + image.data[row] + image.data[row + channels];
      }
      out[at] = blendValue(smoothValue(sum, image.data[at]), image.data[at], factor);
    }
  }
}

void move(const ImageView& image, const AffineMap& map, const Fill& fill, std::uint8_t* out) {
  const std::size_t channels = channelsOf(image);
  map.forEach(image, [&](int, int, Point at) {
    const bool inside = at.row >= 0 && at.row < image.height && at.col >= 0 && at.col < image.width;
    const std::size_t pixel = static_cast<std::size_t>(at.row) * static_cast<std::size_t>(image.width) +
                              static_cast<std::size_t>(at.col);
    out = std::copy_n(inside ? image.data + pixel * channels : fill.of, channels, out);
  });
}

void cover(const ImageView& image, const Box& box, const Fill& fill, std::uint8_t* out) {
  std::copy_n(image.data, image.bytes(), out);
  const std::size_t width = static_cast<std::size_t>(image.width);
  for (int y = box.top; y < box.bottom; y++) {
    for (int x = box.left; x < box.right; x++) {
      const std::size_t pixel = static_cast<std::size_t>(y) * width + static_cast<std::size_t>(x);
      std::copy_n(fill.of, channelsOf(image), out + pixel * channelsOf(image));
    }
  }
}

}  // namespace

const PassTable kReference = {&lumaSum, &ranges, &counts, &curves, &maskAndInvert, &saturate, &sharpen, &move, &cover};

}  // namespace saliencymix::operations
