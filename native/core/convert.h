// NHWC rows of bytes, or of floats in their unit, to the layout and number type a caller wants, normalised in the same pass.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

#include "core/host_device.h"

namespace saliencymix {

enum class Layout { nhwc, nchw };
enum class Dtype { uint8, float32, float16 };

struct OutputFormat {
  Layout layout;
  Dtype dtype;
  // float value = (v - offset) * scale in float32, the product after the difference: offset = 255 mean,
  // scale = 1 / (255 std), per channel. Not used for uint8.
  float offset[3];
  float scale[3];
};

inline std::size_t bytesPerValue(Dtype dtype) {
  return dtype == Dtype::uint8 ? 1 : (dtype == Dtype::float16 ? 2 : 4);
}

SALIENCYMIX_HOST_DEVICE inline float normalise(float value, float offset, float scale) {
  const float difference = value - offset;
  return difference * scale;
}
SALIENCYMIX_HOST_DEVICE inline float normalise(std::uint8_t value, float offset, float scale) {
  return normalise(static_cast<float>(value), offset, scale);
}

// IEEE 754 binary16, round to nearest, ties to even; too large becomes infinity.
SALIENCYMIX_HOST_DEVICE inline std::uint16_t halfBits(float value) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = (bits >> 16) & 0x8000u;
  const std::uint32_t magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) return static_cast<std::uint16_t>(sign | 0x7e00u);   // NaN
  if (magnitude >= 0x477ff000u) return static_cast<std::uint16_t>(sign | 0x7c00u);  // 65520 and more
  if (magnitude < 0x33000001u) return static_cast<std::uint16_t>(sign);             // 2^-25 and less
  const std::uint32_t exponent = magnitude >> 23;
  // Normal halves drop 13 bits of a float's mantissa; below 2^-14 the mantissa moves further down.
  const std::uint32_t drop = exponent < 113 ? 126 - exponent : 13;
  const std::uint32_t mantissa = exponent < 113 ? ((magnitude & 0x7fffffu) | 0x800000u) : magnitude - (112u << 23);
  const std::uint32_t half = mantissa >> drop;
  const std::uint32_t rest = mantissa & ((1u << drop) - 1);
  const std::uint32_t middle = 1u << (drop - 1);
  const std::uint32_t up = rest > middle || (rest == middle && (half & 1u)) ? 1 : 0;
  return static_cast<std::uint16_t>(sign | (half + up));
}

namespace detail {

// Value: std::uint8_t, or for outputs of floats float.
template <class T, class Value>
SALIENCYMIX_HOST_DEVICE T convertValue(Value value, float offset, float scale) {
  if constexpr (sizeof(T) == 1) return value;
  else if constexpr (sizeof(T) == 2) return halfBits(normalise(value, offset, scale));
  else return normalise(value, offset, scale);
}

template <class T, class Value>
void writeRow(const Value* row, int y, int height, int width, int channels, const OutputFormat& format, T* image) {
  const std::size_t columns = static_cast<std::size_t>(width);
  const std::size_t plane = static_cast<std::size_t>(height) * columns;
  const std::size_t start = static_cast<std::size_t>(y) * columns;
  for (std::size_t x = 0; x < columns; x++) {
    for (std::size_t c = 0; c < static_cast<std::size_t>(channels); c++) {
      const std::size_t at = format.layout == Layout::nchw ? c * plane + start + x
                                                           : (start + x) * static_cast<std::size_t>(channels) + c;
      image[at] = convertValue<T>(row[x * static_cast<std::size_t>(channels) + c], format.offset[c], format.scale[c]);
    }
  }
}

}  // namespace detail

// Puts row y (width x channels, uint8) into an image of the wanted format (height x width x channels values).
inline void convertRow(const std::uint8_t* row, int y, int height, int width, int channels, const OutputFormat& format,
                       void* image) {
  switch (format.dtype) {
    case Dtype::uint8:
      return detail::writeRow(row, y, height, width, channels, format, static_cast<std::uint8_t*>(image));
    case Dtype::float32:
      return detail::writeRow(row, y, height, width, channels, format, static_cast<float*>(image));
    case Dtype::float16:
      return detail::writeRow(row, y, height, width, channels, format, static_cast<std::uint16_t*>(image));
  }
}

// The same of floats; the format's dtype is not uint8.
inline void convertRow(const float* row, int y, int height, int width, int channels, const OutputFormat& format, void* image) {
  if (format.dtype == Dtype::float16) {
    return detail::writeRow(row, y, height, width, channels, format, static_cast<std::uint16_t*>(image));
  }
  detail::writeRow(row, y, height, width, channels, format, static_cast<float*>(image));
}

}  // namespace saliencymix
