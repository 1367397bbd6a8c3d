// Operations on images (core/operations/passes.h): what is measured, and what is written, one value for each thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/box.h"
#include "core/operations/passes.h"
#include "cuda/block.h"
#include "cuda/tuning.h"

namespace saliencymix::cuda {

// The pass that writes an image, as plain data.
struct WrittenPass {
  enum class Form { curves, maskAndInvert, saturate, sharpen, move, cover };

  Form form = Form::cover;
  std::uint8_t mask = 0;
  int threshold = 0;
  float factor = 0.0f;
  operations::AffineMap map;
  operations::Fill fill{};
  Box box{};
  operations::Curve curves[3];

  SALIENCYMIX_HOST_DEVICE std::uint8_t value(const ImageView& image, int row, int column, int channel) const {
    const std::uint8_t* const pixel = pixelAt(image, row, column);
    const int v = pixel[channel];
    switch (form) {
      case Form::curves: return curves[channel].of[v];
      case Form::maskAndInvert: return static_cast<std::uint8_t>(v >= threshold ? 255 - (v & mask) : v & mask);
      case Form::saturate: return operations::blendValue(operations::lumaOf(pixel, image.channels), v, factor);
      case Form::sharpen: return sharpened(image, pixel + channel, row, column);
      case Form::move: return moved(image, row, column, channel);
      case Form::cover: break;
    }
    const bool covered = row >= box.top && row < box.bottom && column >= box.left && column < box.right;
    return covered ? fill.of[channel] : static_cast<std::uint8_t>(v);
  }

 private:
  SALIENCYMIX_HOST_DEVICE static const std::uint8_t* pixelAt(const ImageView& image, int row, int column) {
    const std::size_t at = static_cast<std::size_t>(row) * static_cast<std::size_t>(image.width) + static_cast<std::size_t>(column);
    return image.data + at * static_cast<std::size_t>(image.channels);
  }
  SALIENCYMIX_HOST_DEVICE std::uint8_t sharpened(const ImageView& image, const std::uint8_t* at, int row, int column) const {
    if (row == 0 || row == image.height - 1 || column == 0 || column == image.width - 1) return *at;
    const int rowLength = image.width * image.channels;
    int sum = 0;
    for (int y = -1; y <= 1; y++) {
      for (int x = -1; x <= 1; x++) sum += at[y * rowLength + x * image.channels];
    }
    return operations::blendValue(operations::smoothValue(sum, *at), *at, factor);
  }
  SALIENCYMIX_HOST_DEVICE std::uint8_t moved(const ImageView& image, int row, int column, int channel) const {
    const Point at = map.at(column, row);
    if (at.row < 0 || at.row >= image.height || at.col < 0 || at.col >= image.width) return fill.of[channel];
    return pixelAt(image, at.row, at.col)[channel];
  }
};

// The numbers of an image: how often each value occurs in each channel, then the sum of its pixels' luma.
struct ImageNumbers {
  static constexpr int kLuma = 3 * 256;
  std::int64_t of[kLuma + 1];
};

// The images that are measured or written.
struct OperatedImages {
  const std::uint8_t* data;  // count x height x width x channels
  int count;
  int height;
  int width;
  int channels;

  SALIENCYMIX_HOST_DEVICE int length() const { return height * width * channels; }
  SALIENCYMIX_HOST_DEVICE ImageView image(int number) const {
    return {data + static_cast<std::size_t>(number) * static_cast<std::size_t>(length()), height, width, channels};
  }
};

struct MeasureImages {
  static constexpr int kThreads = tuning::kMixThreads;

  OperatedImages images;
  ImageNumbers* numbers;  // count, cleared

  std::size_t sharedBytes() const { return 0; }
  int blocks() const { return images.count * partsOf(images.length(), kThreads); }

  template <class Block>
  SALIENCYMIX_HOST_DEVICE void operator()(const Block& block) const {
    const Piece piece(block.index(), images.length(), kThreads);
    const ImageView image = images.image(piece.image);
    std::int64_t* const found = numbers[piece.image].of;
    eachOfPiece(block, kThreads, piece, [&](int i) {
      const int channel = i % image.channels;
      block.atomicAdd(found + 256 * channel + image.data[i], std::int64_t{1});
      if (channel != 0) return;
      block.atomicAdd(found + ImageNumbers::kLuma, std::int64_t{operations::lumaOf(image.data + i, image.channels)});
    });
  }
};

struct WritePasses {
  static constexpr int kThreads = tuning::kMixThreads;

  OperatedImages images;
  const WrittenPass* passes;  // count
  std::uint8_t* out;          // as the images

  std::size_t sharedBytes() const { return 0; }
  int blocks() const { return images.count * partsOf(images.length(), kThreads); }

  template <class Block>
  SALIENCYMIX_HOST_DEVICE void operator()(const Block& block) const {
    const Piece piece(block.index(), images.length(), kThreads);
    const ImageView image = images.image(piece.image);
    const std::size_t first = static_cast<std::size_t>(piece.image) * static_cast<std::size_t>(images.length());
    eachOfPiece(block, kThreads, piece, [&](int i) {
      const int pixel = i / image.channels;
      out[first + static_cast<std::size_t>(i)] =
          passes[piece.image].value(image, pixel / image.width, pixel % image.width, i % image.channels);
    });
  }
};

}  // namespace saliencymix::cuda
