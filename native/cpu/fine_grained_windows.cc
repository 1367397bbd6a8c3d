#include "cpu/fine_grained_windows.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "core/saliency/fine_grained.h"

namespace saliencymix::cpu {

namespace {

// Whether trunc(d * reciprocal) is the quotient d / divisor for every d = 0 .. 255 * divisor: it grows with d, so the
// multiples and the numbers just below them decide.
bool dividesExactly(int divisor, float reciprocal) {
  for (int quotient = 1; quotient <= 255; quotient++) {
    const float multiple = static_cast<float>(quotient * divisor);
    if (static_cast<int>(multiple * reciprocal) != quotient) return false;
    if (static_cast<int>((multiple - 1.0f) * reciprocal) != quotient - 1) return false;
  }
  return true;
}

struct Reciprocal {
  float value;
  bool exact;
};

Reciprocal findReciprocal(int divisor) {
  if (divisor == 0) return {0.0f, true};
  float up = 1.0f / static_cast<float>(divisor);
  if (static_cast<double>(up) * divisor < 1.0) up = std::nextafterf(up, 1.0f);
  // The quotient of the number below a multiple is 1 / divisor too small for the next whole number. The errors of reciprocal
  // and product, at most 2^-23 and 2^-24 of the quotient, must stay below that.
  const double error = static_cast<double>(up) * divisor - 1.0 + 0x1p-24;
  if (255.0 * error * divisor < 1.0 || dividesExactly(divisor, up)) return {up, true};
  const float down = std::nextafterf(up, 0.0f);
  return {down, dividesExactly(divisor, down)};
}

// The reciprocals of all divisors, of which there are at most 224 x 224. Each is found once per process.
class Reciprocals {
 public:
  Reciprocal of(int divisor) {
    Entry& entry = entries_[static_cast<std::size_t>(divisor)];
    if (!entry.known) entry = {findReciprocal(divisor), true};
    return entry.reciprocal;
  }

 private:
  struct Entry {
    Reciprocal reciprocal{};
    bool known = false;
  };
  std::vector<Entry> entries_ = std::vector<Entry>(224 * 224);
};

int windowLength(int at, int reach, int length) {
  return std::min(at + reach + 1, length) - std::max(at - reach + 1, 0);
}

// An axis of FineGrainedCells.
class CellAxis {
 public:
  // perLength(reach): the factor A or B, before it is divided by the length of the window.
  template <class PerLength>
  CellAxis(const FineGrainedWindows& windows, int length, const PerLength& perLength)
      : length_(length), count_(FineGrainedCells::countOf(length)) {
    stride_ = static_cast<std::size_t>(count_ + 2 * kMaxLanes);
    for (int window = 0; window < windows.count; window++) {
      const int reach = windows.reach[window];
      for (int k = 0; k < count_; k++) add(std::round(perLength(reach) * 0x1p16 / middle(k, reach).length()));
      values_.resize(static_cast<std::size_t>(2 * window + 1) * stride_);
      for (int k = 0; k < count_; k++) add(std::ceil(moved(k, reach) * 0x1p16));
      values_.resize(static_cast<std::size_t>(2 * window + 2) * stride_);
    }
  }

  FineGrainedCells::Axis axis() const { return {values_.data(), stride_}; }

 private:
  static constexpr int kMaxLanes = 32;
  static constexpr int kSide = FineGrainedCells::kSide;

  void add(double value) { values_.push_back(static_cast<std::uint16_t>(std::min(value, 65535.0))); }

  FineGrained::Span middle(int k, int reach) const { return FineGrained::windowAround(kSide * k - 1, reach, length_); }

  double moved(int k, int reach) const {
    const FineGrained::Span here = middle(k, reach);
    double maximum = 0.0;
    for (int at = std::max(kSide * k - kSide / 2, 0); at < std::min(kSide * k + kSide / 2, length_); at++) {
      const FineGrained::Span other = FineGrained::windowAround(at, reach, length_);
      const int common = std::min(here.end, other.end) - std::max(here.begin, other.begin);
      maximum = std::max(maximum, 1.0 - static_cast<double>(common) / std::max(here.length(), other.length()));
    }
    return maximum;
  }

  int length_;
  int count_;
  std::size_t stride_;
  std::vector<std::uint16_t> values_;
};

// Rows that have the same number of rows in their window share one table row.
class Tables {
 public:
  Tables(int height, int width, int block) : block_(block) {
    windows.height = height;
    windows.width = width;
    for (const int reach : FineGrained::kReach) {
      if (reach < std::max(height, width)) windows.reach[windows.count++] = reach;
    }
    std::sort(windows.reach, windows.reach + windows.count);
    rowLength_ = static_cast<std::size_t>(2 * ((width + kMaxBlock - 1) / kMaxBlock * kMaxBlock));
    needsDivision_ = std::make_unique<bool[]>(static_cast<std::size_t>(height));

    static std::mutex mutex;
    static Reciprocals& reciprocals = *new Reciprocals;  // never destroyed: a call may run until the process has exited
    const std::lock_guard lock(mutex);
    if (windows.count < FineGrainedWindows::kWindows) windows.wholeReciprocal = reciprocals.of(height * width - 1).value;
    std::vector<std::size_t> starts;
    for (int window = 0; window < windows.count; window++) addWindow(windows.reach[window], reciprocals, starts);
    for (const std::size_t start : starts) rows_.push_back(lines_[start].values);
    windows.rows = rows_.data();
    windows.needsDivision = needsDivision_.get();
    if (!FineGrainedCells::fit(height, width)) return;
    const auto minRows = [height](int reach) { return static_cast<double>(std::min(reach, height)); };
    cellRows_.emplace(windows, height, minRows);
    cellCols_.emplace(windows, width, [minRows](int reach) {
      return (FineGrainedCells::kSteps << FineGrainedCells::shiftOf(reach)) / minRows(reach);
    });
    windows.cells = {cellRows_->axis(), cellCols_->axis()};
  }

  FineGrainedWindows windows{};

 private:
  static constexpr int kMaxBlock = 32;
  struct alignas(64) Line {
    float values[16];
  };

  // Where the area of pixel x stands in a row of the tables (FineGrainedWindows::rows).
  std::size_t place(int x) const {
    const int inside = x % block_;
    return static_cast<std::size_t>(2 * (x - inside) + inside % 2 * (block_ / 2) + inside / 2);
  }

  void addWindow(int reach, Reciprocals& reciprocals, std::vector<std::size_t>& starts) {
    std::map<int, std::pair<std::size_t, bool>> known;  // by rows in the window: where it starts, whether all is exact
    for (int y = 0; y < windows.height; y++) {
      const int rows = windowLength(y, reach, windows.height);
      const auto [entry, isNew] = known.try_emplace(rows, lines_.size(), true);
      auto& [start, exact] = entry->second;
      if (isNew) exact = addRow(rows, reach, reciprocals);
      starts.push_back(start);
      if (!exact) needsDivision_[static_cast<std::size_t>(y)] = true;
    }
  }

  bool addRow(int rows, int reach, Reciprocals& reciprocals) {
    const std::size_t start = lines_.size();
    lines_.resize(start + rowLength_ / 16, Line{});
    float* area = lines_[start].values;
    bool exact = true;
    for (int x = 0; x < windows.width; x++) {
      const int size = rows * windowLength(x, reach, windows.width);
      const Reciprocal reciprocal = reciprocals.of(size - 1);
      area[place(x)] = static_cast<float>(size);
      area[place(x) + static_cast<std::size_t>(block_)] = reciprocal.value;
      exact = exact && reciprocal.exact;
    }
    return exact;
  }

  int block_;
  std::size_t rowLength_ = 0;
  std::vector<Line> lines_;
  std::vector<const float*> rows_;
  std::unique_ptr<bool[]> needsDivision_;
  std::optional<CellAxis> cellRows_;
  std::optional<CellAxis> cellCols_;
};

}  // namespace

template <int block>
std::shared_ptr<const void> prepareFineGrained(int height, int width) {
  const auto tables = std::make_shared<Tables>(height, width, block);
  return {tables, &tables->windows};
}

// Instantiated here and nowhere else; cpu/kernels/all.inc says why.
template std::shared_ptr<const void> prepareFineGrained<8>(int, int);
template std::shared_ptr<const void> prepareFineGrained<16>(int, int);
template std::shared_ptr<const void> prepareFineGrained<32>(int, int);

}  // namespace saliencymix::cpu
