// Which pixel of an image a pixel of the result shows, where an image is sheared, shifted or turned: the nearest one, with the
// rounding of Pillow's Image.transform.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>

#include "core/host_device.h"
#include "core/image.h"

namespace saliencymix::operations {

// Pixel (x, y) of the result, whose middle is (x + 1/2, y + 1/2), shows the pixel of the image in which the point
// (a x + b y + c, d x + e y + f) of that middle lies.
class AffineMap {
 public:
  AffineMap(const std::array<double, 6>& matrix, const ImageView& image)
      : matrix_{matrix[0], matrix[1], matrix[2], matrix[3], matrix[4], matrix[5]} {
    for (const int y : {0, image.height}) {
      for (const int x : {0, image.width}) {
        isFixed_ = isFixed_ && std::abs(x * matrix[0] + y * matrix[1] + matrix[2]) < 32768.0 &&
                   std::abs(x * matrix[3] + y * matrix[4] + matrix[5]) < 32768.0;
      }
    }
    if (!isFixed_) return;
    const auto& [a, b, c, d, e, f] = matrix_;
    fixed_ = {toFixed(a), toFixed(b), toFixed(c + a * 0.5 + b * 0.5),
              toFixed(d), toFixed(e), toFixed(f + d * 0.5 + e * 0.5)};
  }
  // Shows what lies there.
  AffineMap() : matrix_{} {}

  // Whether all points are small enough for 16 + 16 bits, which are then used. Else float64 is: for large images, and shears
  // that leave nothing of one.
  bool isFixed() const { return isFixed_; }

  // In 16.16, where isFixed(): the steps from column to column and from row to row, and the first pixel's point.
  struct Fixed {
    std::int32_t xPerColumn, xPerRow, x;
    std::int32_t yPerColumn, yPerRow, y;
  };
  const Fixed& fixed() const { return fixed_; }

  // The pixel that (x, y) shows.
  SALIENCYMIX_HOST_DEVICE Point at(int x, int y) const {
    if (isFixed_) {
      return {static_cast<int>((fixed_.y + std::int64_t{fixed_.yPerRow} * y + std::int64_t{fixed_.yPerColumn} * x) >> 16),
              static_cast<int>((fixed_.x + std::int64_t{fixed_.xPerRow} * y + std::int64_t{fixed_.xPerColumn} * x) >> 16)};
    }
    // Added up, as Pillow does: the sums are rounded.
    double atX = matrix_[2] + matrix_[1] * 0.5 + matrix_[0] * 0.5;
    double atY = matrix_[5] + matrix_[4] * 0.5 + matrix_[3] * 0.5;
    for (int row = 0; row < y; row++) {
      atX += matrix_[1];
      atY += matrix_[4];
    }
    for (int column = 0; column < x; column++) {
      atX += matrix_[0];
      atY += matrix_[3];
    }
    return {position(atY), position(atX)};
  }

  // Calls show(x, y, where) for every pixel of the result, row by row, where `where` is the pixel that it shows.
  template <class Show>
  void forEach(const ImageView& image, const Show& show) const {
    if (!isFixed_) return forEachExact(image, show);
    for (int y = 0; y < image.height; y++) {
      for (int x = 0; x < image.width; x++) show(x, y, at(x, y));
    }
  }

 private:
  static std::int32_t toFixed(double value) { return static_cast<std::int32_t>(std::floor(value * 65536.0 + 0.5)); }

  // As `at`, without beginning anew for every pixel.
  template <class Show>
  void forEachExact(const ImageView& image, const Show& show) const {
    const auto& [a, b, c, d, e, f] = matrix_;
    double rowX = c + b * 0.5 + a * 0.5;
    double rowY = f + e * 0.5 + d * 0.5;
    for (int y = 0; y < image.height; y++) {
      double atX = rowX;
      double atY = rowY;
      for (int x = 0; x < image.width; x++) {
        show(x, y, Point{position(atY), position(atX)});
        atX += a;
        atY += d;
      }
      rowX += b;
      rowY += e;
    }
  }
  // -1 for all that is surely outside.
  SALIENCYMIX_HOST_DEVICE static int position(double at) { return at >= 0.0 && at < 2147483647.0 ? static_cast<int>(at) : -1; }

  double matrix_[6];
  bool isFixed_ = true;
  Fixed fixed_{65536, 0, 32768, 0, 65536, 32768};
};

}  // namespace saliencymix::operations
