#include "core/operations/operations.h"

#include <numbers>

namespace saliencymix::operations {

namespace {

Curve unchanged() {
  Curve curve;
  for (int v = 0; v < 256; v++) curve.of[v] = static_cast<std::uint8_t>(v);
  return curve;
}

// To 15 decimal places, halves to the even digit, as Python rounds; |value| <= 1. The product may have been rounded itself, by
// `rest`, which decides where it seems to be half-way between two whole numbers.
double rounded(double value) {
  constexpr double kUnit = 1e15;
  const double product = value * kUnit;
  const double rest = std::fma(value, kUnit, -product);
  const double whole = std::floor(product);
  const double beyondHalf = product - whole - 0.5;
  const bool isOdd = std::fmod(whole, 2.0) != 0.0;
  const bool up = beyondHalf > 0.0 || (beyondHalf == 0.0 && (rest > 0.0 || (rest == 0.0 && isOdd)));
  return (up ? whole + 1.0 : whole) / kUnit;
}

}  // namespace

std::array<double, 6> Rotate::matrix(const ImageView& image, double degrees) {
  double turn = std::fmod(degrees, 360.0);
  if (turn < 0.0) turn += 360.0;
  const double angle = -(turn * (std::numbers::pi / 180.0));
  const double cosine = rounded(std::cos(angle));
  const double sine = rounded(std::sin(angle));
  const double middleX = image.width / 2.0;
  const double middleY = image.height / 2.0;
  return {cosine, sine, cosine * -middleX + sine * -middleY + middleX,
          -sine, cosine, -sine * -middleX + cosine * -middleY + middleY};
}

Curve AutoContrast::curve(Range range) {
  const int length = range.highest - range.lowest;
  Curve curve = unchanged();
  if (length <= 0) return curve;
  const double scale = 255.0 / length;
  const double offset = -range.lowest * scale;
  for (int v = 0; v < 256; v++) {
    curve.of[v] = static_cast<std::uint8_t>(std::clamp(v * scale + offset, 0.0, 255.0));
  }
  return curve;
}

Curve Equalize::curve(const Counts& counts) {
  Curve curve = unchanged();
  std::uint64_t sum = 0;
  std::uint64_t last = 0;  // how often the highest value occurs
  for (const std::uint64_t count : counts.of) {
    sum += count;
    if (count > 0) last = count;
  }
  const std::uint64_t step = (sum - last) / 255;
  if (step == 0) return curve;
  std::uint64_t below = step / 2;
  for (int v = 0; v < 256; v++) {
    curve.of[v] = static_cast<std::uint8_t>(std::min<std::uint64_t>(below / step, 255));
    below += counts.of[v];
  }
  return curve;
}

}  // namespace saliencymix::operations
