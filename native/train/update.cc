#include "train/update.h"

#include <algorithm>
#include <atomic>
#include <vector>

#include "train/tasks.h"

namespace saliencymix::train {

namespace {

// A thread takes so many values at a time, of one tensor.
constexpr std::size_t kPart = std::size_t{1} << 14;

std::size_t partsOf(std::size_t size) { return (size + kPart - 1) / kPart; }

template <class T>
T* moved(T* from, std::size_t by) {
  return from != nullptr ? from + by : nullptr;
}

Updated partOf(const Updated& whole, std::size_t number) {
  const std::size_t at = number * kPart;
  return {std::min(kPart, whole.size - at),
          whole.weight + at,
          whole.gradient + at,
          {moved(whole.kept[0], at), moved(whole.kept[1], at)}};
}

// Numbers of the first parts of tensors that follow one another, and of the part after the last.
template <class Tensor>
std::vector<std::size_t> firstParts(std::span<const Tensor> tensors) {
  std::vector<std::size_t> firsts{0};
  for (const Tensor& tensor : tensors) firsts.push_back(firsts.back() + partsOf(tensor.size));
  return firsts;
}

// Calls task(tensor, number of its part) for all parts of all tensors; gives whether all calls gave true.
template <class Tensor, class Task>
bool allParts(const TrainRun& run, std::span<const Tensor> tensors, const Task& task) {
  const std::vector<std::size_t> firsts = firstParts(tensors);
  std::atomic<bool> all{true};
  forEachBlock(run, firsts.back(), [&](std::size_t part) {
    const auto after = std::upper_bound(firsts.begin(), firsts.end(), part);
    const std::size_t tensor = static_cast<std::size_t>(after - firsts.begin()) - 1;
    if (!task(tensors[tensor], part - firsts[tensor])) all = false;
  });
  return all;
}

bool allFinite(const TrainRun& run, std::span<const Checked> checked) {
  return allParts(run, checked, [&](const Checked& values, std::size_t part) {
    const std::size_t at = part * kPart;
    return run.kernels.layers.allFinite(values.values + at, std::min(kPart, values.size - at));
  });
}

// kernel(part, changes) gives whether what it would make, or makes, is finite.
template <class Kernel>
bool updateBy(const TrainRun& run, std::span<const Updated> parameters, std::span<const Checked> checked, const Kernel& kernel) {
  const auto all = [&](bool changes) {
    return allParts(run, parameters,
                    [&](const Updated& whole, std::size_t part) { return kernel(partOf(whole, part), changes); });
  };
  return allFinite(run, checked) && all(false) && all(true);
}

}  // namespace

bool update(const TrainRun& run, const Sgd& sgd, std::span<const Updated> parameters, std::span<const Checked> checked) {
  return updateBy(run, parameters, checked,
                  [&](const Updated& part, bool changes) { return run.kernels.layers.sgd(sgd, part, changes); });
}

bool update(const TrainRun& run, const AdamW& adamw, std::span<const Updated> parameters, std::span<const Checked> checked) {
  return updateBy(run, parameters, checked,
                  [&](const Updated& part, bool changes) { return run.kernels.layers.adamw(adamw, part, changes); });
}

}  // namespace saliencymix::train
