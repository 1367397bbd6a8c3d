#include "train/cross_entropy.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>

#include "train/sizes.h"
#include "train/tasks.h"

namespace saliencymix::train {

namespace {

constexpr double kLn2 = 0.6931471805599453;
// ln 2 in two parts: multiples of the first, whose last 32 bits are 0, are exact.
constexpr double kLn2Upper = 0x1.62e42fee00000p-1;
constexpr double kLn2Lower = 0x1.a39ef35793c76p-33;

// 1 / 13! … 1 / 0!
constexpr double kReciprocalFactorials[] = {1.0 / 6227020800, 1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880,
                                            1.0 / 40320,      1.0 / 5040,      1.0 / 720,      1.0 / 120,     1.0 / 24,
                                            1.0 / 6,          1.0 / 2,         1,              1};

// e^x for x <= 0 or little above: 2^k * e^r with |r| <= ln 2 / 2, of which the Taylor series takes 14 terms. What is too small
// for a normal number is 0.
double exponential(double x) {
  if (!(x > -708)) return std::isnan(x) ? x : 0;
  const int k = static_cast<int>(x * (1 / kLn2) - 0.5);
  const double r = (x - k * kLn2Upper) - k * kLn2Lower;
  double sum = 0;
  for (const double coefficient : kReciprocalFactorials) sum = sum * r + coefficient;
  return sum * std::bit_cast<double>(static_cast<std::uint64_t>(k + 1023) << 52);
}

// ln s for s >= 1, by Halley's method: each step triples the right digits of the first guess, of which two are right.
double logarithm(double s) {
  if (!(s < std::numeric_limits<double>::infinity())) return s;
  int exponent;
  const double mantissa = 2 * std::frexp(s, &exponent);
  double y = ((exponent - 1) + (mantissa - 1)) * kLn2;
  for (int i = 0; i < 3; i++) {
    const double ratio = s * exponential(-y);
    y += 2 * (ratio - 1) / (ratio + 1);
  }
  return y;
}

// Gives -Σ labels * log softmax of one row.
double rowLoss(const float* logits, const float* labels, std::size_t classes, double rows, float* dlogits) {
  double maximum = double{logits[0]};
  double share = 0;  // Σ labels
  for (std::size_t k = 0; k < classes; k++) {
    maximum = double{logits[k]} > maximum ? double{logits[k]} : maximum;
    share += double{labels[k]};
  }
  double sum = 0;
  for (std::size_t k = 0; k < classes; k++) sum += exponential(double{logits[k]} - maximum);
  const double logSum = logarithm(sum);
  double loss = 0;
  for (std::size_t k = 0; k < classes; k++) {
    const double shifted = double{logits[k]} - maximum;
    const double label = double{labels[k]};
    loss -= label * (shifted - logSum);
    if (dlogits != nullptr) dlogits[k] = static_cast<float>((exponential(shifted) / sum * share - label) / rows);
  }
  return loss;
}

}  // namespace

std::size_t crossEntropyWorkspaceBytes(std::size_t rows, std::size_t classes) {
  product({2, rows, classes});
  return rows * sizeof(double);
}

float softmaxCrossEntropy(const TrainRun& run, const float* logits, const float* labels, std::size_t rows, std::size_t classes,
                          float* dlogits) {
  if (rows == 0 || classes == 0) throw std::invalid_argument("cross entropy of no rows or no classes");
  double* losses = workspaceOf(run, crossEntropyWorkspaceBytes(rows, classes)).take<double>(rows);
  const std::size_t together = std::max<std::size_t>(1024 / classes, 1);
  const double count = static_cast<double>(rows);
  forEachBlock(run, (rows + together - 1) / together, [&](std::size_t block) {
    for (std::size_t n = block * together; n < std::min((block + 1) * together, rows); n++) {
      const std::size_t at = n * classes;
      losses[n] = rowLoss(logits + at, labels + at, classes, count, dlogits != nullptr ? dlogits + at : nullptr);
    }
  });
  double total = 0;
  for (std::size_t n = 0; n < rows; n++) total += losses[n];
  return static_cast<float>(total / count);
}

}  // namespace saliencymix::train
