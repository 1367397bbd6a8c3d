// Sobel saliency: how steep the gray values are, the oldest edge detector. I. Sobel, G. Feldman, "A 3x3 isotropic gradient
// operator for image processing", talk at the Stanford Artificial Intelligence Project, 1968.
//
//   gx = gray * [-1 0 1] across x [1 2 1] down;  gy = gray * [1 2 1] across x [-1 0 1] down;  borders reflect-101
//   map = sqrt(gx^2 + gy^2) / its maximum, all 0 where that is 0
// map values: in [0, 1]. An axis of length 1 has no gradient: all its neighbours are the pixel itself.
//
// The squares are whole numbers below 2^24, which are floats exactly; square root and quotient are IEEE 754's in float32,
// each rounded once. So the map is the same on every machine, and pixels are tied exactly where their squares are equal.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "core/gray.h"
#include "core/host_device.h"
#include "core/image.h"

namespace saliencymix {

struct Sobel {
  // map: height x width.
  static void compute(const ImageView& image, float* map) {
    const int height = image.height;
    const int width = image.width;
    std::vector<std::uint8_t> gray(image.pixels());
    toGray(image, gray.data());

    std::vector<std::uint32_t> squares;
    squares.reserve(gray.size());
    for (int row = 0; row < height; row++) {
      for (int col = 0; col < width; col++) {
        squares.push_back(squareOf([&](int down, int right) {
          const std::size_t y = static_cast<std::size_t>(reflect101(row + down, height));
          const std::size_t x = static_cast<std::size_t>(reflect101(col + right, width));
          return static_cast<int>(gray[y * static_cast<std::size_t>(width) + x]);
        }));
      }
    }
    const std::uint32_t maximum = *std::max_element(squares.begin(), squares.end());
    std::transform(squares.begin(), squares.end(), map, [maximum](std::uint32_t square) { return share(square, maximum); });
  }

  // gx^2 + gy^2 of a pixel, at most 2 * 1020^2. at(down, right): the gray value so many rows and columns away, as an int.
  template <class At>
  SALIENCYMIX_HOST_DEVICE static std::uint32_t squareOf(const At& at) {
    const int left = at(-1, -1) + 2 * at(0, -1) + at(1, -1);
    const int right = at(-1, 1) + 2 * at(0, 1) + at(1, 1);
    const int above = at(-1, -1) + 2 * at(-1, 0) + at(-1, 1);
    const int below = at(1, -1) + 2 * at(1, 0) + at(1, 1);
    const int gx = right - left;
    const int gy = below - above;
    return static_cast<std::uint32_t>(gx * gx + gy * gy);
  }

  // The map's value of a pixel, from its square and the largest of the image.
  SALIENCYMIX_HOST_DEVICE static float share(std::uint32_t square, std::uint32_t maximum) {
    if (maximum == 0) return 0.0f;
    return std::sqrt(static_cast<float>(square)) / std::sqrt(static_cast<float>(maximum));
  }
};

}  // namespace saliencymix
