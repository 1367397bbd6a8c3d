// Images that are read from the top to the bottom, so that their pixels need not all be in memory at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/image.h"

namespace saliencymix {

// An RGB image row by row, from the top.
class ImageRows {
 public:
  static constexpr std::size_t kSlack = 16;  // bytes that may be read beyond the end of a row
  static constexpr std::size_t kKept = 4;    // rows that can be read at a time

  ImageRows(int height, int width) : height_(height), width_(width) {}
  virtual ~ImageRows() = default;
  int height() const { return height_; }
  int width() const { return width_; }
  std::size_t rowBytes() const { return static_cast<std::size_t>(width_) * 3; }

  // The next row, of which there are `height`. The last kKept rows stay as they are.
  virtual const std::uint8_t* next() = 0;

 private:
  int height_;
  int width_;
};

// The rows of an image in memory. Memory beyond its end may not be readable, so its last rows are copied.
class RowsInMemory final : public ImageRows {
 public:
  explicit RowsInMemory(const ImageView& image) : ImageRows(image.height, image.width), image_(image) {}

  const std::uint8_t* next() override;

 private:
  ImageView image_;
  int y_ = 0;
  std::vector<std::uint8_t> copies_[kKept];
};

}  // namespace saliencymix
