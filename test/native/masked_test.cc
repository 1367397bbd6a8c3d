#include <array>

#include "check.h"
#include "core/masked.h"

using namespace saliencymix;

// 1/4 of 100 and 3/4 of 200 are 175, of 0 and 255 191.25, of 1 and 3 2.5, which is rounded up.
TEST(pixelsByHand) {
  const std::array<std::uint8_t, 18> batch{100, 0, 1, 7, 8, 9, 1, 2, 3, 200, 255, 3, 90, 91, 92, 2, 2, 6};
  const std::array<float, 3> weights{0.25f, 1, 0};
  std::array<std::uint8_t, 9> mixed{};
  MaskedMixing<std::uint8_t>({batch.data(), 2, 1, 3, 3}, {1, 3}, {1, 1}).mix({0, 1, weights.data(), nullptr, nullptr}, mixed.data());
  CHECK((mixed == std::array<std::uint8_t, 9>{175, 191, 3, 7, 8, 9, 2, 2, 6}));
}

// 4 x 4 pixels in 2 x 2 cells of the mask; cells of 2 x 1 pixels are moved. A cell that nothing was moved to shows its own.
TEST(cellsAreMovedBeforeTheyAreMixed) {
  std::array<std::uint8_t, 32> batch{};
  for (std::size_t i = 0; i < batch.size(); i++) batch[i] = static_cast<std::uint8_t>(i);
  const std::array<float, 4> weights{1, 0, 0, 1};
  const std::array<std::int32_t, 8> target{7, -1, -1, -1, -1, -1, 4, 6};
  const std::array<std::int32_t, 8> source{-1, -1, 0, 3, 1, 1, -1, -1};
  std::array<std::uint8_t, 16> mixed{};
  MaskedMixing<std::uint8_t>({batch.data(), 2, 4, 4, 1}, {2, 2}, {2, 4}).mix({0, 1, weights.data(), target.data(), source.data()}, mixed.data());
  CHECK((mixed == std::array<std::uint8_t, 16>{11, 1, 16, 19,  //
                                               15, 5, 20, 23,  //
                                               17, 17, 8, 10,  //
                                               21, 21, 12, 14}));
}

// Cells of the mask that are larger than those that are moved, and smaller ones.
TEST(gridsNeedNotMatch) {
  check::Numbers numbers(4);
  const std::vector<std::uint8_t> batch = numbers.bytes(2 * 8 * 12 * 3);
  std::vector<float> weights(4 * 6);
  for (float& weight : weights) weight = static_cast<float>(numbers.below(5)) / 4;
  std::array<std::int32_t, 4> moves{3, 2, 1, 0};
  std::vector<std::uint8_t> mixed(8 * 12 * 3);
  MaskedMixing<std::uint8_t>({batch.data(), 2, 8, 12, 3}, {4, 6}, {2, 2}).mix({1, 0, weights.data(), moves.data(), nullptr}, mixed.data());
  for (int y = 0; y < 8; y++) {
    for (int x = 0; x < 12; x++) {
      for (int c = 0; c < 3; c++) {
        const auto at = [&](int image, int row, int col) {
          return static_cast<double>(batch[static_cast<std::size_t>(((image * 8 + row) * 12 + col) * 3 + c)]);
        };
        const double weight = static_cast<double>(weights[static_cast<std::size_t>(y / 2 * 6 + x / 2)]);
        // The quarters change places crosswise.
        const double moved = at(1, (y + 4) % 8, (x + 6) % 12);
        CHECK_EQUAL(mixed[static_cast<std::size_t>((y * 12 + x) * 3 + c)],
                    static_cast<int>(weight * moved + (1 - weight) * at(0, y, x) + 0.5));
      }
    }
  }
}
