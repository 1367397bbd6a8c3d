// Batch normalisation as nodes (train/batch_norm.h). The last axis is the channels, C of them; `statistics` is 3×C: the mean,
// the biased variance and 1 / √(variance + epsilon).
#pragma once

#include "ort/operator.h"

namespace saliencymix::ort {

// BatchStatistics(x) -> statistics. Attribute: epsilon.
extern const Operator kBatchStatistics;
// RunningStatistics(statistics, mean, variance) -> next mean, next variance. Attributes: rows (N·H·W), momentum.
extern const Operator kRunningStatistics;
// Normalise(x, statistics, scale, bias, residual?, residual's statistics?, scale?, bias?) -> y. Attribute: relu (0 or 1).
extern const Operator kNormalise;
// NormaliseGradientSums(dy, x, statistics, scale, bias, other?, y?) -> dbias, dscale, passing?. Attribute: mask (0: none, 1: of
// the normalised value, 2: of y).
extern const Operator kNormaliseGradientSums;
// NormaliseGradient(dy, x, statistics, scale, bias, dbias, dscale, other?, y?) -> dx. Attribute: mask.
extern const Operator kNormaliseGradient;

}  // namespace saliencymix::ort
