// Which part of an image is shown: boxes by hand, and that a box is resized as an image of its pixels would be.
#include <cmath>
#include <vector>

#include "check.h"
#include "core/framing.h"

using namespace saliencymix;

namespace {

// Every try has the same share and ratio.
RandomCrop drawOf(double area, double ratio, double row = 0.0, double column = 0.0) {
  RandomCrop draw{0.75, 4.0 / 3.0, row, column, {}};
  draw.tries.fill({area, ratio});
  return draw;
}

class Rows final : public ImageRows {
 public:
  Rows(const std::vector<std::uint8_t>& pixels, int height, int width) : ImageRows(height, width), pixels_(pixels) {
    pixels_.resize(pixels_.size() + kSlack);
  }
  const std::uint8_t* next() override { return pixels_.data() + static_cast<std::size_t>(y_++) * rowBytes(); }

 private:
  std::vector<std::uint8_t> pixels_;
  int y_ = 0;
};

std::vector<std::uint8_t> shown(const std::vector<std::uint8_t>& pixels, int inHeight, int inWidth, int height, int width,
                                const Framing& framing) {
  Rows rows(pixels, inHeight, inWidth);
  std::vector<std::uint8_t> out(static_cast<std::size_t>(height * width * 3));
  const auto resize = [](ImageRows& image, const ResizeCropPlan& plan, std::uint8_t* to) { resizeCrop(image, plan, to); };
  showFramed(rows, framing, height, width, resize, out.data());
  return out;
}

std::vector<std::uint8_t> cut(const std::vector<std::uint8_t>& pixels, int width, const Box& box) {
  std::vector<std::uint8_t> part;
  for (int y = box.top; y < box.bottom; y++) {
    const auto row = pixels.begin() + y * width * 3;
    part.insert(part.end(), row + box.left * 3, row + box.right * 3);
  }
  return part;
}

}  // namespace

// A quarter of 100 x 100 as a square has sides of 50, and can begin at rows and columns 0 to 50.
TEST(boxesByHand) {
  CHECK(randomCrop(100, 100, drawOf(0.25, 1)) == (Box{0, 0, 50, 50}));
  CHECK(randomCrop(100, 100, drawOf(0.25, 1, 0.999, 0.5)) == (Box{50, 25, 100, 75}));
  // Half of 40 x 90 is 1800 = 30 x 60: of ratio 1/2, 60 rows do not fit; of ratio 2 they do.
  RandomCrop draw = drawOf(0.5, 0.5, 0.35, 0.7);
  CHECK(randomCrop(40, 90, draw) == (Box{0, 18, 40, 71}));  // no try fits: the central box, 40 x 53 1/3
  draw.tries[9].ratio = 2;
  CHECK(randomCrop(40, 90, draw) == (Box{3, 21, 33, 81}));  // floor(0.35 * 11), floor(0.7 * 31)
  // The first that fits counts: 360 = 0.1 of the area, sides of 18.97.
  draw.tries[3] = {0.1, 1};
  CHECK(randomCrop(40, 90, draw) == (Box{7, 50, 26, 69}));  // floor(0.35 * 22), floor(0.7 * 72)
}

// sqrt(6.25) = 2.5 and 2.5 are rounded to 2; sqrt(12.25) = 3.5 to 4.
TEST(halvesAreRoundedToEven) {
  CHECK(randomCrop(5, 5, drawOf(0.25, 1)) == (Box{0, 0, 2, 2}));
  CHECK(randomCrop(7, 7, drawOf(0.25, 1)) == (Box{0, 0, 4, 4}));
  // 10 x 3 has a ratio below 3/4: 3 / 0.75 = 4 rows about the centre; 3 x 10 above 4/3: 4 columns; 15 x 2: 2.67 -> 3 rows.
  CHECK(centralCrop(10, 3, 0.75, 4.0 / 3.0) == (Box{3, 0, 7, 3}));
  CHECK(centralCrop(3, 10, 0.75, 4.0 / 3.0) == (Box{0, 3, 3, 7}));
  CHECK(centralCrop(15, 2, 0.75, 4.0 / 3.0) == (Box{6, 0, 9, 2}));
  CHECK(centralCrop(9, 11, 0.75, 4.0 / 3.0) == (Box{0, 0, 9, 11}));
}

// Whatever the numbers are, the box is inside and not empty.
TEST(boxesAreInside) {
  check::Numbers numbers(5);
  bool inside = true;
  const double odd[] = {0.0, -1.0, 1e300, 1e-300, std::nan(""), 0.5, 1.0};
  for (int round = 0; round < 5000; round++) {
    const auto any = [&] { return odd[numbers.below(7)]; };
    RandomCrop draw{any(), any(), any(), any(), {}};
    for (RandomCrop::Try& one : draw.tries) one = {any(), any()};
    const int height = 1 + numbers.below(30);
    const int width = 1 + numbers.below(30);
    const Box box = randomCrop(height, width, draw);
    inside = inside && box.top >= 0 && box.left >= 0 && !box.empty() && box.bottom <= height && box.right <= width;
  }
  CHECK(inside);
}

TEST(aBoxIsResizedAsAnImageOfItsPixels) {
  check::Numbers numbers(6);
  for (int round = 0; round < 50; round++) {
    const int inHeight = 1 + numbers.below(60), inWidth = 1 + numbers.below(60);
    const int height = 1 + numbers.below(40), width = 1 + numbers.below(40);
    const std::vector<std::uint8_t> pixels = numbers.bytes(static_cast<std::size_t>(inHeight * inWidth * 3));
    const RandomCrop draw = drawOf(0.1 + numbers.below(90) / 100.0, 0.8 + numbers.below(5) / 10.0, numbers.below(100) / 100.0,
                                   numbers.below(100) / 100.0);
    const Box box = randomCrop(inHeight, inWidth, draw);
    Rows rows(cut(pixels, inWidth, box), box.height(), box.width());
    std::vector<std::uint8_t> expected(static_cast<std::size_t>(height * width * 3));
    resizeCrop(rows, {height, width, 0, 0, height, width}, expected.data());
    CHECK(shown(pixels, inHeight, inWidth, height, width, {0, &draw}) == expected);
  }
}

// 6 x 8 with the shorter side at 3 is 3 x 4 (means of 2 x 2, weighted); its centre of 2 x 2 begins at row 0.5 -> 0, column 1. It is
// the same as the centre of the whole at that size.
TEST(theCentreOfTheResizedImage) {
  check::Numbers numbers(7);
  const std::vector<std::uint8_t> pixels = numbers.bytes(6 * 8 * 3);
  const std::vector<std::uint8_t> whole = shown(pixels, 6, 8, 3, 4, {});
  CHECK(shown(pixels, 6, 8, 2, 2, {3, nullptr}) == cut(whole, 4, {0, 1, 2, 3}));
  CHECK(shown(pixels, 6, 8, 3, 3, {3, nullptr}) == shown(pixels, 6, 8, 3, 3, {}));
  const ResizeCropPlan plan = frameOf(500, 375, 224, 224, {256, nullptr}).plan;
  CHECK_EQUAL(plan.rows, 341);  // int(256 * 500 / 375)
  CHECK_EQUAL(plan.cols, 256);
  CHECK_EQUAL(plan.top, 58);  // round(117 / 2) to even
  CHECK_EQUAL(plan.left, 16);
}
