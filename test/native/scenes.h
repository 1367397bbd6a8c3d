// Images that look like photographs to a saliency method: soft shades and light over a few octaves, one or two objects of
// another colour, and the noise of a sensor. Two pixels of such a map are hardly ever equally salient.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "check.h"
#include "core/image.h"

namespace saliencymix {

class Scenes {
 public:
  Scenes(check::Numbers& numbers, int count, int height, int width) : view_{nullptr, count, height, width, 3} {
    bytes_.reserve(static_cast<std::size_t>(count) * view_.image(0).bytes());
    for (int i = 0; i < count; i++) add(numbers);
    view_.data = bytes_.data();
  }
  const BatchView& view() const { return view_; }

 private:
  using Colour = std::array<double, 3>;

  // A wave of shades across the image; later ones are finer and fainter.
  struct Octave {
    double down;
    double across;
    double phase;
    Colour strength;
  };
  // An ellipse with a soft edge.
  struct Object {
    double row;
    double col;
    double height;
    double width;
    Colour colour;

    double cover(double y, double x) const {
      const double distance = std::hypot((y - row) / height, (x - col) / width);
      return std::clamp(4.0 * (1.0 - distance), 0.0, 1.0);
    }
  };

  static Colour colour(check::Numbers& numbers, double minimum, double maximum) {
    Colour drawn;
    for (double& value : drawn) value = minimum + (maximum - minimum) * numbers.uniform();
    return drawn;
  }

  void add(check::Numbers& numbers) {
    std::vector<Octave> octaves;
    for (int k = 0; k < 6; k++) {
      const double finer = 3.0 * (1 << k);
      octaves.push_back({finer * (numbers.uniform() - 0.5), finer * (numbers.uniform() - 0.5), 6.3 * numbers.uniform(),
                         colour(numbers, 0.0, 45.0 / (1 << k))});
    }
    std::vector<Object> objects;
    const int many = 1 + numbers.below(2);
    for (int k = 0; k < many; k++) {
      objects.push_back({0.15 + 0.7 * numbers.uniform(), 0.15 + 0.7 * numbers.uniform(), 0.05 + 0.2 * numbers.uniform(),
                         0.05 + 0.2 * numbers.uniform(), colour(numbers, 0.0, 255.0)});
    }
    const Colour ground = colour(numbers, 60.0, 190.0);
    for (int y = 0; y < view_.height; y++) {
      for (int x = 0; x < view_.width; x++) {
        Colour pixel = shade(ground, octaves, objects, (y + 0.5) / view_.height, (x + 0.5) / view_.width);
        for (double& value : pixel) value += 5.0 * (numbers.uniform() + numbers.uniform() - 1.0);
        for (const double value : pixel) bytes_.push_back(static_cast<std::uint8_t>(std::clamp(value, 0.0, 255.0)));
      }
    }
  }

  static Colour shade(Colour pixel, const std::vector<Octave>& octaves, const std::vector<Object>& objects, double y,
                      double x) {
    for (const Octave& octave : octaves) {
      const double wave = std::sin(6.3 * (octave.down * y + octave.across * x) + octave.phase);
      for (std::size_t c = 0; c < 3; c++) pixel[c] += octave.strength[c] * wave;
    }
    for (const Object& object : objects) {
      const double cover = object.cover(y, x);
      for (std::size_t c = 0; c < 3; c++) pixel[c] += cover * (object.colour[c] - pixel[c]);
    }
    return pixel;
  }

  std::vector<std::uint8_t> bytes_;
  BatchView view_;
};

}  // namespace saliencymix
