// Unfolding by the kernels of native/cuda/train, against the definition.
#pragma once

#include "device_train.h"

namespace device_train::unfolding {

using saliencymix::cuda::UnfoldShape;

//                              first, count, channels, height, width, kernel, stride, padding
inline const std::vector<UnfoldShape> kShapes = {
    {0, 1, 1, 1, 1, 1, 1, 1, 0},    {0, 2, 3, 5, 7, 3, 3, 1, 1},   {0, 3, 5, 8, 8, 3, 3, 1, 1},   {1, 2, 4, 8, 8, 3, 3, 2, 1},
    {0, 2, 7, 9, 11, 3, 3, 2, 1},   {2, 3, 6, 6, 8, 1, 1, 1, 0},   {0, 4, 3, 8, 16, 1, 1, 2, 0},  {0, 1, 3, 21, 19, 7, 7, 2, 3},
    {0, 2, 2, 6, 5, 3, 2, 1, 0},    {3, 1, 300, 2, 4, 2, 2, 1, 1}, {0, 33, 2, 16, 16, 3, 3, 1, 1}, {0, 1, 1, 3, 3, 7, 7, 1, 2},
    {0, 1, 2, 40, 40, 5, 3, 3, 4},  {0, 5, 1, 1, 64, 1, 3, 1, 0}};

inline UnfoldShape randomShape(check::Numbers& numbers) {
  for (;;) {
    const UnfoldShape s{numbers.below(3),     1 + numbers.below(4), 1 + numbers.below(9), 1 + numbers.below(20), 1 + numbers.below(20),
                        1 + numbers.below(5), 1 + numbers.below(5), 1 + numbers.below(3), numbers.below(4)};
    if (s.kernelHeight <= s.height + 2 * s.padding && s.kernelWidth <= s.width + 2 * s.padding) return s;
  }
}

inline std::size_t valuesOf(int a, int b, int c, int d) {
  return static_cast<std::size_t>(a) * static_cast<std::size_t>(b) * static_cast<std::size_t>(c) * static_cast<std::size_t>(d);
}

inline std::vector<float> byDefinition(const UnfoldShape& s, const std::vector<float>& x) {
  std::vector<float> y;
  const auto valueAt = [&](int n, int c, int line, int column) {
    if (line < 0 || line >= s.height || column < 0 || column >= s.width) return 0.0f;
    return x[static_cast<std::size_t>((((s.first + n) * s.channels + c) * s.height + line) * s.width + column)];
  };
  for (int c = 0; c < s.channels; c++) {
    for (int i = 0; i < s.kernelHeight; i++) {
      for (int j = 0; j < s.kernelWidth; j++) {
        for (int n = 0; n < s.count; n++) {
          for (int row = 0; row < s.outHeight(); row++) {
            for (int column = 0; column < s.outWidth(); column++) {
              y.push_back(valueAt(n, c, row * s.stride + i - s.padding, column * s.stride + j - s.padding));
            }
          }
        }
      }
    }
  }
  return y;
}

inline void checkShape(check::Numbers& numbers, const UnfoldShape& s) {
  std::vector<float> x = floats(numbers, valuesOf(s.first + s.count, s.channels, s.height, s.width));
  x[x.size() / 2] = kNan;
  const std::vector<float> expected = byDefinition(s, x);
  for (const int shift : {0, 1}) {
    const std::vector<float> y = inAnyOrder([&](Arrays& arrays) {
      float* const found = arrays.room(expected.size());
      operators().unfold(s, arrays.up(x), found);
      return down(found, expected.size());
    }, shift);
    CHECK(sameBits(y, expected));
  }
}

TEST(unfoldAwkwardShapes) {
  check::Numbers numbers(431);
  for (const UnfoldShape& shape : kShapes) checkShape(numbers, shape);
}

TEST(unfoldRandomShapes) {
  check::Numbers numbers(432);
  for (int round = 0; round < (check::quick() ? 10 : 200); round++) checkShape(numbers, randomShape(numbers));
}

TEST(unfoldRefusals) {
  float x[1] = {};
  for (const UnfoldShape& shape : std::initializer_list<UnfoldShape>{{0, 0, 1, 1, 1, 1, 1, 1, 0},
                                                                     {-1, 1, 1, 1, 1, 1, 1, 1, 0},
                                                                     {0, 1, 0, 1, 1, 1, 1, 1, 0},
                                                                     {0, 1, 1, 1, 1, 1, 1, 0, 0},
                                                                     {0, 1, 1, 1, 1, 0, 1, 1, 0},
                                                                     {0, 1, 1, 4, 4, 1, 1, 1, -1},
                                                                     {0, 1, 1, 4, 4, 7, 1, 1, 1},
                                                                     {0x7fffffff, 1, 1, 1, 1, 1, 1, 1, 0}}) {
    CHECK(throws<std::invalid_argument>([&] { operators().unfold(shape, x, x); }));
  }
  for (const UnfoldShape& shape : std::initializer_list<UnfoldShape>{{0, 1 << 10, 1 << 10, 16, 16, 3, 3, 1, 1},
                                                                     {0x7ffffffe, 1, 2, 1, 1, 1, 1, 1, 0},
                                                                     {0, 1, 1 << 12, 1 << 20, 1 << 20, 1, 1, 1 << 20, 0}}) {
    CHECK(throws<std::length_error>([&] { operators().unfold(shape, x, x); }));
  }
}

}  // namespace device_train::unfolding
