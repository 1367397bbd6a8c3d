#include "train/cross_entropy.h"

#include <stdexcept>

#include "train/exponential.h"
#include "train/sizes.h"
#include "train/tasks.h"

namespace saliencymix::train {

namespace {

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
