// Cross entropy of soft labels with the softmax of logits, and its gradient.
#pragma once

#include <cstddef>

namespace saliencymix::train {

struct TrainRun;

// logits, labels, dlogits: rows × classes. Gives -Σ labels * log softmax(logits) / rows; dlogits receives
// (softmax * Σ labels of the row - labels) / rows, or is null. Everything is computed in double, with an exponential of our
// own: the C library's gives other last digits on other machines. Throws std::invalid_argument for no rows or no classes.
std::size_t crossEntropyWorkspaceBytes(std::size_t rows, std::size_t classes);
float softmaxCrossEntropy(const TrainRun& run, const float* logits, const float* labels, std::size_t rows, std::size_t classes,
                          float* dlogits);

}  // namespace saliencymix::train
