#include "check.h"
#include "core/argmax.h"

using namespace saliencymix;

TEST(singleElement) {
  const float map[] = {3.0f};
  CHECK((findExtreme(map, 1, 1, Extreme::peak) == Point{0, 0}));
  CHECK((findExtreme(map, 1, 1, Extreme::low, 0.999) == Point{0, 0}));
}

TEST(firstOfTiesInRowMajorOrder) {
  const float map[] = {1, 5, 0, 5, 0, 5};
  CHECK((findExtreme(map, 2, 3, Extreme::peak) == Point{0, 1}));
  CHECK((findExtreme(map, 2, 3, Extreme::low) == Point{0, 2}));
  CHECK((findExtreme(map, 3, 2, Extreme::low) == Point{1, 0}));
}

TEST(uPicksAmongTheTied) {
  const float map[] = {1, 5, 0, 5, 0, 5};
  CHECK((findExtreme(map, 2, 3, Extreme::peak, 0.0) == Point{0, 1}));
  CHECK((findExtreme(map, 2, 3, Extreme::peak, 0.34) == Point{1, 0}));
  CHECK((findExtreme(map, 2, 3, Extreme::peak, 0.999999) == Point{1, 2}));
  CHECK((findExtreme(map, 2, 3, Extreme::low, 0.5) == Point{1, 1}));
}

TEST(allEqualGivesEveryPixelItsTurn) {
  const std::vector<float> map(35, 0.25f);
  for (int i = 0; i < 35; i++) {
    const Point found = findExtreme(map.data(), 5, 7, Extreme::peak, (i + 0.5) / 35);
    CHECK_EQUAL(found.row * 7 + found.col, i);
  }
}

TEST(extremesAtTheVeryEnds) {
  for (const int size : {2, 31, 32, 33, 1000}) {
    std::vector<float> map(static_cast<std::size_t>(size), 0.5f);
    map.back() = 1.0f;
    map.front() = 0.0f;
    CHECK_EQUAL(findExtreme(map.data(), 1, size, Extreme::peak).col, size - 1);
    CHECK_EQUAL(findExtreme(map.data(), 1, size, Extreme::low).col, 0);
  }
}
