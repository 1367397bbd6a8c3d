// Softmax cross entropy as it is defined.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace saliencymix::train::reference {

struct CrossEntropy {
  double loss = 0;
  std::vector<double> dlogits;
};

inline CrossEntropy softmaxCrossEntropy(const float* logits, const float* labels, std::size_t rows, std::size_t classes) {
  CrossEntropy result;
  for (std::size_t n = 0; n < rows; n++) {
    const float* z = logits + n * classes;
    const float* t = labels + n * classes;
    double maximum = double{z[0]};
    for (std::size_t k = 0; k < classes; k++) maximum = z[k] > maximum || std::isnan(z[k]) ? double{z[k]} : maximum;
    double sum = 0;
    double all = 0;
    for (std::size_t k = 0; k < classes; k++) sum += std::exp(double{z[k]} - maximum);
    for (std::size_t k = 0; k < classes; k++) all += double{t[k]};
    for (std::size_t k = 0; k < classes; k++) {
      const double shifted = double{z[k]} - maximum;
      result.loss -= double{t[k]} * (shifted - std::log(sum)) / static_cast<double>(rows);
      result.dlogits.push_back((std::exp(shifted) / sum * all - double{t[k]}) / static_cast<double>(rows));
    }
  }
  return result;
}

}  // namespace saliencymix::train::reference
