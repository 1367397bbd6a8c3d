// Images of several kinds, so that flat, noisy and degenerate ones all occur. They begin at an odd address.
#pragma once

#include <cmath>
#include <vector>

#include "check.h"
#include "core/image.h"

namespace saliencymix {

class Images {
 public:
  Images(check::Numbers& numbers, int count, int height, int width, int channels)
      : bytes_(1 + static_cast<std::size_t>(count) * static_cast<std::size_t>(height * width * channels)),
        view_{bytes_.data() + 1, count, height, width, channels} {
    std::uint8_t* pixel = bytes_.data() + 1;
    for (int i = 0; i < count; i++) {
      const int kind = numbers.below(5);
      const int edge = numbers.below(height * width);
      for (int p = 0; p < height * width; p++) {
        const int wave = static_cast<int>(128 + 90 * std::sin(0.2 * (p % width) + i) + numbers.below(20));
        for (int c = 0; c < channels; c++) *pixel++ = static_cast<std::uint8_t>(valueOf(kind, p, edge, wave + c, numbers));
      }
    }
  }
  const BatchView& view() const { return view_; }

 private:
  static int valueOf(int kind, int p, int edge, int wave, check::Numbers& numbers) {
    switch (kind) {
      case 0: return numbers.below(256);
      case 1: return p < edge ? 255 : 0;
      case 2: return p == edge ? 255 : 0;
      case 3: return 17;
      default: return wave;
    }
  }

  std::vector<std::uint8_t> bytes_;
  BatchView view_;
};

}  // namespace saliencymix
