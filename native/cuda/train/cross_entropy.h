// Cross entropy of soft labels with the softmax of logits, and its gradient (train/cross_entropy.h), in double with the same
// exponential as on the processor.
#pragma once

#include <cstddef>
#include <limits>

#include "cuda/train/groups.h"
#include "cuda/tuning.h"
#include "train/exponential.h"

namespace saliencymix::cuda {

// A row for a group of threads. Bytes that must move per logit: 8 are read and 4 written; it is read again from the caches.
struct CrossEntropyRows {
  static constexpr int kThreads = tuning::kRowsThreads;

  const float* logits;
  const float* labels;
  int classes;
  Groups<kThreads> groups;
  double* losses;  // of the rows
  float* dlogits;  // null: not wanted

  CrossEntropyRows(const float* ofRows, const float* softLabels, int rows, int numberOfClasses, double* lossOfRows,
                   float* gradient)
      : logits(ofRows), labels(softLabels), classes(numberOfClasses), groups(rows, numberOfClasses, 1), losses(lossOfRows),
        dlogits(gradient) {}
  std::size_t sharedBytes() const { return 4 * kThreads * sizeof(double); }
  int blocks() const { return groups.blocks(); }

  template <class Block>
  SALIENCYMIX_HOST_DEVICE void operator()(const Block& block) const {
    double* const maxima = reinterpret_cast<double*>(block.shared());
    double* const shares = maxima + kThreads;  // Σ labels
    double* const sums = shares + kThreads;    // Σ e^(logit - maximum)
    double* const terms = sums + kThreads;     // of the loss
    // f(place) for a thread's logits
    const auto eachOf = [&](int thread, const auto& f) {
      const int row = groups.rowOf(block.index(), thread);
      if (row >= groups.rows) return;
      const std::size_t first = static_cast<std::size_t>(row) * static_cast<std::size_t>(classes);
      for (int k = groups.laneOf(thread); k < classes; k += groups.lanes) f(first + static_cast<std::size_t>(k));
    };
    const auto shifted = [&](int thread, std::size_t at) {
      return static_cast<double>(logits[at]) - maxima[groups.firstOf(thread)];
    };

    block.each(kThreads, [&](int thread) {
      // Where all logits are NaN the sum of their exponentials is, whatever the maximum.
      double maximum = -std::numeric_limits<double>::infinity();
      double share = 0;
      eachOf(thread, [&](std::size_t at) {
        maximum = Max()(maximum, static_cast<double>(logits[at]));
        share += static_cast<double>(labels[at]);
      });
      maxima[thread] = maximum;
      shares[thread] = share;
    });
    reduce(block, maxima, groups.ofBlock(), groups.lanes, Max());
    reduce(block, shares, groups.ofBlock(), groups.lanes, Sum());
    block.each(kThreads, [&](int thread) {
      double sum = 0;
      eachOf(thread, [&](std::size_t at) { sum += train::exponential(shifted(thread, at)); });
      sums[thread] = sum;
    });
    reduce(block, sums, groups.ofBlock(), groups.lanes, Sum());
    block.each(kThreads, [&](int thread) {
      const int first = groups.firstOf(thread);
      const double logSum = train::logarithm(sums[first]);
      const double rows = static_cast<double>(groups.rows);
      double loss = 0;
      eachOf(thread, [&](std::size_t at) {
        const double label = static_cast<double>(labels[at]);
        loss -= label * (shifted(thread, at) - logSum);
        if (dlogits == nullptr) return;
        const double softmax = train::exponential(shifted(thread, at)) / sums[first];
        dlogits[at] = static_cast<float>((softmax * shares[first] - label) / rows);
      });
      terms[thread] = loss;
    });
    reduce(block, terms, groups.ofBlock(), groups.lanes, Sum());
    block.each(groups.ofBlock(), [&](int i) {
      const int row = block.index() * groups.ofBlock() + i;
      if (row < groups.rows) losses[row] = terms[i * groups.lanes];
    });
  }
};

// The mean of the rows' losses, by one block.
struct MeanLoss {
  static constexpr int kThreads = tuning::kRowsThreads;

  const double* losses;
  int rows;
  float* loss;

  std::size_t sharedBytes() const { return kThreads * sizeof(double); }
  int blocks() const { return 1; }

  template <class Block>
  SALIENCYMIX_HOST_DEVICE void operator()(const Block& block) const {
    double* const sums = reinterpret_cast<double*>(block.shared());
    block.each(kThreads, [&](int thread) {
      double sum = 0;
      for (int row = thread; row < rows; row += kThreads) sum += losses[row];
      sums[thread] = sum;
    });
    reduce(block, sums, 1, kThreads, Sum());
    block.each(1, [&](int) { *loss = static_cast<float>(sums[0] / static_cast<double>(rows)); });
  }
};

}  // namespace saliencymix::cuda
