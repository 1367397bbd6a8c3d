#include "cpu/resize_crop_tables.h"

#include <algorithm>

namespace saliencymix::cpu {

namespace {

// The input positions whose weight for an output position is not 0.
struct Span {
  int begin;
  int end;
  int length() const { return end - begin; }
};

Span spanOf(const Taps& taps, int i) {
  Span span{taps.first(i), taps.first(i) + taps.size()};
  while (span.length() > 1 && taps.weights(i)[span.end - 1 - taps.first(i)] == 0) span.end--;
  while (span.length() > 1 && taps.weights(i)[span.begin - taps.first(i)] == 0) span.begin++;
  return span;
}

std::int32_t weightAt(const Taps& taps, int i, const Span& span, int position) {
  return position >= span.begin && position < span.end ? taps.weights(i)[position - taps.first(i)] : 0;
}

std::int16_t highPart(std::int32_t weight) { return static_cast<std::int16_t>(weight >> ResizeCropTables::kPartBits); }
std::int16_t lowPart(std::int32_t weight) {
  return static_cast<std::int16_t>(weight & ((1 << ResizeCropTables::kPartBits) - 1));
}

}  // namespace

ResizeCropPlanner::ResizeCropPlanner(int inHeight, int inWidth, const ResizeCropPlan& plan, int pixels) {
  tables_.height = plan.height;
  tables_.width = plan.width;
  planColumns(Taps(inWidth, plan.cols, plan.left, plan.width), inWidth, pixels);
  if (fits_) planRows(Taps(inHeight, plan.rows, plan.top, plan.height), inHeight);
}

void ResizeCropPlanner::planColumns(const Taps& taps, int inWidth, int pixels) {
  const int width = tables_.width;
  int maximum = 1;
  for (int x = 0; x < width; x++) maximum = std::max(maximum, spanOf(taps, x).length());
  tables_.steps = (maximum + ResizeCropTables::kStepColumns - 1) / ResizeCropTables::kStepColumns;
  const int columns = tables_.steps * ResizeCropTables::kStepColumns;
  fits_ = inWidth >= columns;
  if (!fits_) return;

  const int rounded = (width + ResizeCropTables::kMaxPixels - 1) / ResizeCropTables::kMaxPixels * ResizeCropTables::kMaxPixels;
  offsets_.assign(static_cast<std::size_t>(rounded), 0);
  // Per step: two pairs of two parts each.
  across_.assign(static_cast<std::size_t>(rounded * tables_.steps) * 4 * ResizeCropTables::kLaneWeights, 0);
  for (int x = 0; x < width; x++) {
    const Span span = spanOf(taps, x);
    const int begin = std::min(span.begin, inWidth - columns);
    offsets_[static_cast<std::size_t>(x)] = begin * 3;
    for (int pair = 0; pair < 2 * tables_.steps; pair++) {
      const std::int32_t first = weightAt(taps, x, span, begin + 2 * pair);
      const std::int32_t second = weightAt(taps, x, span, begin + 2 * pair + 1);
      const auto lane = [&](int part) {
        const int number = ((x / pixels * 2 * tables_.steps + pair) * 2 + part) * pixels + x % pixels;
        return across_.data() + static_cast<std::size_t>(number * ResizeCropTables::kLaneWeights);
      };
      for (int channel = 0; channel < 3; channel++) {
        lane(0)[2 * channel] = highPart(first);
        lane(0)[2 * channel + 1] = highPart(second);
        lane(1)[2 * channel] = lowPart(first);
        lane(1)[2 * channel + 1] = lowPart(second);
      }
    }
  }
  tables_.offsets = offsets_.data();
  tables_.across = across_.data();
}

void ResizeCropPlanner::planRows(const Taps& taps, int inHeight) {
  const int height = tables_.height;
  int maximum = 1;
  tables_.bottom = 0;
  for (int y = 0; y < height; y++) {
    const Span span = spanOf(taps, y);
    maximum = std::max(maximum, (span.end + 1) / 2 - span.begin / 2);
    tables_.bottom = std::max(tables_.bottom, span.end);
  }
  tables_.bottom = std::min(tables_.bottom, inHeight);
  tables_.pairs = maximum;
  fits_ = maximum <= ResizeCropTables::kMaxPairs;
  tables_.firstPair = spanOf(taps, 0).begin / 2;
  for (int y = 0; y < height; y++) {
    const Span span = spanOf(taps, y);
    const int first = std::clamp((tables_.bottom + 1) / 2 - maximum, tables_.firstPair, span.begin / 2);
    pairOf_.push_back(first);
    for (int pair = first; pair < first + maximum; pair++) {
      const std::int32_t upper = weightAt(taps, y, span, 2 * pair);
      const std::int32_t lower = weightAt(taps, y, span, 2 * pair + 1);
      down_.insert(down_.end(), {highPart(upper), highPart(lower), lowPart(upper), lowPart(lower)});
    }
  }
  tables_.pairOf = pairOf_.data();
  tables_.down = down_.data();
}

}  // namespace saliencymix::cpu
