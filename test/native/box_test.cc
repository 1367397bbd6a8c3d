#include "check.h"
#include "core/box.h"

using namespace saliencymix;

TEST(cutLengthsFollowTheSquareRoot) {
  CHECK_EQUAL(cutLength(32, 0.0), 32);
  CHECK_EQUAL(cutLength(32, 0.75), 16);
  CHECK_EQUAL(cutLength(32, 0.5), 22);  // 22.6
  CHECK_EQUAL(cutLength(32, 1.0), 0);
  CHECK_EQUAL(cutLength(1, 0.001), 0);
}

TEST(shiftMovesInsideAndKeepsTheSize) {
  const Box corner = shiftedBox(32, 32, 0.75, {0, 31});
  CHECK((corner == Box{0, 16, 16, 32}));
  const Box middle = shiftedBox(32, 64, 0.75, {20, 20});
  CHECK((middle == Box{12, 4, 28, 36}));
  CHECK_EQUAL(survivingShare(32, 32, corner), 0.75);
}

TEST(clipCutsOffAtTheBorder) {
  const Box corner = placeBoxes(32, 32, 0.75, {0, 31}, {0, 31}, BoxRule::clip).to;
  CHECK((corner == Box{0, 23, 8, 32}));
  // An odd cut of 11 becomes an even side of 10.
  const Box odd = placeBoxes(32, 32, 1.0 - 11.5 * 11.5 / 1024, {16, 16}, {16, 16}, BoxRule::clip).to;
  CHECK((odd == Box{11, 11, 21, 21}));
}

TEST(clipAtTwoAnchorsKeepsThemTogether) {
  const BoxPair pair = placeBoxes(32, 32, 0.75, {2, 30}, {31, 4}, BoxRule::clip);
  CHECK((pair.from == Box{0, 26, 3, 32}));
  CHECK((pair.to == Box{29, 0, 32, 6}));
}

TEST(boxesStayInsideWithEqualSizesForAnyAnchors) {
  check::Numbers numbers(7);
  for (int i = 0; i < 200000; i++) {
    const int height = 1 + numbers.below(i % 3 == 0 ? 300 : 9);
    const int width = 1 + numbers.below(i % 2 == 0 ? 300 : 9);
    const double lambda = i % 50 == 0 ? i % 100 / 50 : numbers.uniform();
    const Point from{numbers.below(height), numbers.below(width)};
    const Point to{numbers.below(height), numbers.below(width)};
    for (const BoxRule rule : {BoxRule::shift, BoxRule::clip}) {
      const BoxPair pair = placeBoxes(height, width, lambda, from, to, rule);
      CHECK_EQUAL(pair.from.height(), pair.to.height());
      CHECK_EQUAL(pair.from.width(), pair.to.width());
      for (const auto& [box, at] : {std::pair{pair.from, from}, std::pair{pair.to, to}}) {
        CHECK(box.top >= 0 && box.left >= 0 && box.bottom <= height && box.right <= width);
        CHECK(box.top <= box.bottom && box.left <= box.right);
        const bool holds = at.row >= box.top && at.row < box.bottom && at.col >= box.left && at.col < box.right;
        CHECK(box.empty() || holds);
      }
      const double share = survivingShare(height, width, pair.to);
      CHECK(share >= 0.0 && share <= 1.0);
    }
  }
}
