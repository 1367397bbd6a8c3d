#include "core/operations/operations.h"

#include <cstdio>
#include <cstdlib>
#include <numbers>

namespace saliencymix::operations {

namespace {

Curve unchanged() {
  Curve curve;
  for (std::size_t v = 0; v < curve.size(); v++) curve[v] = static_cast<std::uint8_t>(v);
  return curve;
}

// To 15 decimal places, as Pillow does. The C library rounds correctly only when it prints.
double rounded(double value) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.15f", value);
  return std::strtod(text, nullptr);
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
  for (std::size_t v = 0; v < curve.size(); v++) {
    curve[v] = static_cast<std::uint8_t>(std::clamp(static_cast<double>(v) * scale + offset, 0.0, 255.0));
  }
  return curve;
}

Curve Equalize::curve(const Counts& counts) {
  Curve curve = unchanged();
  std::uint64_t sum = 0;
  std::uint64_t last = 0;  // how often the highest value occurs
  for (const std::uint64_t count : counts) {
    sum += count;
    if (count > 0) last = count;
  }
  const std::uint64_t step = (sum - last) / 255;
  if (step == 0) return curve;
  std::uint64_t below = step / 2;
  for (std::size_t v = 0; v < curve.size(); v++) {
    curve[v] = static_cast<std::uint8_t>(std::min<std::uint64_t>(below / step, 255));
    below += counts[v];
  }
  return curve;
}

}  // namespace saliencymix::operations
