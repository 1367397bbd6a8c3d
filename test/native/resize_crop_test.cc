// Images brought to a size, at every level against the reference. test/data/codec.test.ts compares them with torchvision's.
#include <cstring>
#include <memory>
#include <vector>

#include "check.h"
#include "core/framing.h"
#include "core/image_rows.h"
#include "core/resize_crop.h"
#include "cpu/levels.h"
#include "cpu/kernels.h"
#include "cpu/resize_crop.h"
#include "cpu/resize_crop_tables.h"
#include "cpu/scratch_pool.h"

using namespace saliencymix;

namespace {

struct Case {
  int inHeight;
  int inWidth;
  int height;
  int width;
};

ResizeCropPlan planOf(const Case& sizes) { return resizeCropPlan(sizes.inHeight, sizes.inWidth, sizes.height, sizes.width); }

// Gives each row in memory of its own, and frees all but the last few, so that sanitizers see rows that are read too late.
// Counts the rows.
class Counted final : public ImageRows {
 public:
  explicit Counted(const ImageView& image) : ImageRows(image.height, image.width), image_(image), kept_(kKept) {}

  const std::uint8_t* next() override {
    std::vector<std::uint8_t>& row = kept_[static_cast<std::size_t>(asked) % kKept];
    const std::uint8_t* const from = image_.data + static_cast<std::size_t>(asked++) * rowBytes();
    row = std::vector<std::uint8_t>(from, from + rowBytes());
    row.resize(rowBytes() + kSlack, 0xee);
    return row.data();
  }

  int asked = 0;

 private:
  ImageView image_;
  std::vector<std::vector<std::uint8_t>> kept_;
};

constexpr std::uint8_t kUntouched = 0x5a;

// Fills the working memory that the next call gets with large numbers, as other calls may leave it: sanitizers tell where what
// is behind the rows overflows.
void leaveNumbers(const cpu::Level& level, const Case& sizes) {
  if (level.kernels->resizeCrop == nullptr) return;
  const cpu::ResizeCropPlanner planner(sizes.inHeight, sizes.inWidth, planOf(sizes), level.kernels->resizeCrop->pixels);
  if (planner.tables() == nullptr) return;
  const std::size_t bytes = planner.tables()->scratchBytes();
  const ScratchPool::Lease memory = ScratchPool::shared().borrow(bytes);
  for (std::size_t i = 0; i < bytes; i++) memory.data()[i] = std::byte{static_cast<unsigned char>(i % 2 == 0 ? 0xff : 0x7f)};
}

struct Resized {
  std::vector<std::uint8_t> pixels;  // and what is behind them
  int asked;
};

Resized resizeCropWith(const cpu::Level* level, const ImageView& image, const Case& sizes) {
  const std::size_t bytes = static_cast<std::size_t>(sizes.height) * static_cast<std::size_t>(sizes.width) * 3;
  Resized resized{std::vector<std::uint8_t>(bytes + 64, kUntouched), 0};
  Counted rows(image);
  if (level == nullptr) resizeCrop(rows, planOf(sizes), resized.pixels.data());
  else {
    leaveNumbers(*level, sizes);
    cpu::resizeCropAt(*level, rows, planOf(sizes), resized.pixels.data());
  }
  resized.asked = rows.asked;
  return resized;
}

void compare(check::Numbers& numbers, const Case& sizes) {
  const std::size_t bytes = static_cast<std::size_t>(sizes.inHeight) * static_cast<std::size_t>(sizes.inWidth) * 3;
  std::vector<std::uint8_t> pixels(bytes);
  const bool extreme = numbers.below(3) == 0;
  for (std::uint8_t& pixel : pixels) pixel = static_cast<std::uint8_t>(extreme ? 255 * numbers.below(2) : numbers.below(256));
  const ImageView image{pixels.data(), sizes.inHeight, sizes.inWidth, 3};
  const Resized expected = resizeCropWith(nullptr, image, sizes);
  for (const cpu::Level& level : cpu::levels()) {
    if (!level.supported()) continue;
    const Resized found = resizeCropWith(&level, image, sizes);
    CHECK(found.pixels == expected.pixels);
    CHECK(found.asked <= sizes.inHeight);
  }
  RowsInMemory rows(image);
  std::vector<std::uint8_t> again(expected.pixels.size(), kUntouched);
  cpu::resizeCrop(rows, planOf(sizes), again.data());
  CHECK(again == expected.pixels);
}

}  // namespace

TEST(sizesOfPhotographs) {
  check::Numbers numbers(71);
  for (const Case& sizes : {Case{375, 500, 224, 224}, {500, 375, 224, 224}, {333, 500, 224, 224}, {480, 640, 96, 160}, {224, 224, 224, 224},
                            {768, 1024, 64, 64}, {64, 64, 224, 224}, {1200, 90, 224, 224}, {90, 1200, 224, 224}}) {
    compare(numbers, sizes);
  }
}

TEST(awkwardSizes) {
  check::Numbers numbers(72);
  for (const Case& sizes : {Case{1, 1, 1, 1}, {1, 1, 5, 7}, {1, 9, 4, 4}, {9, 1, 4, 4}, {2, 3, 3, 2}, {4, 4, 4, 3}, {5, 3, 64, 1}, {3, 5, 1, 64},
                            {700, 5, 1, 5}, {5, 700, 5, 1}, {2000, 8, 4, 4}, {8, 2000, 4, 4}}) {
    compare(numbers, sizes);
  }
}

// Every width of the result, and of the input, modulo the width of a register.
TEST(everyWidth) {
  check::Numbers numbers(73);
  for (int width = 1; width <= (check::quick() ? 20 : 70); width++) {
    compare(numbers, {1 + numbers.below(40), width, 1 + numbers.below(20), 1 + numbers.below(40)});
    compare(numbers, {1 + numbers.below(90), 1 + numbers.below(90), 1 + numbers.below(20), width});
  }
}

TEST(randomSizes) {
  check::Numbers numbers(74);
  for (int round = 0; round < (check::quick() ? 20 : 300); round++) {
    compare(numbers, {1 + numbers.below(160), 1 + numbers.below(160), 1 + numbers.below(80), 1 + numbers.below(80)});
  }
}

// A box of an image, whose rows go on behind it, against an image of its pixels.
TEST(boxesOfImages) {
  check::Numbers numbers(75);
  for (int round = 0; round < (check::quick() ? 20 : 200); round++) {
    const int height = 1 + numbers.below(90), width = 1 + numbers.below(90);
    const std::vector<std::uint8_t> pixels = numbers.bytes(static_cast<std::size_t>(height * width * 3));
    const int top = numbers.below(height), left = numbers.below(width);
    const Box box{top, left, top + 1 + numbers.below(height - top), left + 1 + numbers.below(width - left)};
    std::vector<std::uint8_t> part;
    for (int y = box.top; y < box.bottom; y++) {
      const auto row = pixels.begin() + y * width * 3;
      part.insert(part.end(), row + box.left * 3, row + box.right * 3);
    }
    const int side = 1 + numbers.below(70);
    const Case sizes{box.height(), box.width(), side, 1 + numbers.below(70)};
    const ResizeCropPlan plan{sizes.height, sizes.width, 0, 0, sizes.height, sizes.width};
    std::vector<std::uint8_t> expected(static_cast<std::size_t>(sizes.height * sizes.width * 3));
    RowsInMemory alone({part.data(), box.height(), box.width(), 3});
    resizeCrop(alone, plan, expected.data());
    for (const cpu::Level& level : cpu::levels()) {
      if (!level.supported()) continue;
      Counted image({pixels.data(), height, width, 3});
      RowsOfBox rows(image, box);
      std::vector<std::uint8_t> found(expected.size());
      cpu::resizeCropAt(level, rows, plan, found.data());
      CHECK(found == expected);
    }
  }
}

TEST(whiteStaysWhite) {
  const std::vector<std::uint8_t> white(static_cast<std::size_t>(37 * 53 * 3), 255);
  for (const cpu::Level& level : cpu::levels()) {
    if (!level.supported()) continue;
    const Case sizes{37, 53, 23, 19};
    const Resized found = resizeCropWith(&level, {white.data(), 37, 53, 3}, sizes);
    bool same = true;
    for (int i = 0; i < 23 * 19 * 3; i++) same = same && found.pixels[static_cast<std::size_t>(i)] == 255;
    CHECK(same);
  }
}
