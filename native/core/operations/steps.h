// Operations applied to images one after the other, as drawn by the caller.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "core/image.h"
#include "core/operations/operations.h"

namespace saliencymix::operations {

struct Step {
  int operation;  // its position in kOperations
  Setting setting;

  bool changesNothing() const { return kOperations[static_cast<std::size_t>(operation)].apply == &Identity::apply; }
};

// A batch with the steps of its images: as many for each, side by side.
struct Job {
  BatchView batch;
  std::span<const Step> steps;
  Fill fill;
  std::uint8_t* out;  // of the batch's size, does not overlap it

  std::span<const Step> stepsOf(int image) const {
    const std::size_t each = steps.size() / static_cast<std::size_t>(batch.count);
    return steps.subspan(static_cast<std::size_t>(image) * each, each);
  }
};

// Image after image, with memory for what lies between two steps.
class Steps {
 public:
  Steps(const Passes& passes, const Job& job) : passes_(passes), job_(job) {}

  void apply(int number) {
    const ImageView image = job_.batch.image(number);
    std::uint8_t* const out = job_.out + static_cast<std::size_t>(number) * image.bytes();
    const std::span<const Step> steps = job_.stepsOf(number);
    std::size_t left = 0;
    for (const Step& step : steps) left += step.changesNothing() ? 0 : 1;
    if (left == 0) return Identity::apply({passes_, image, {}, job_.fill, out});
    if (left > 1) between_.resize(image.bytes());
    ImageView shown = image;
    for (const Step& step : steps) {
      if (step.changesNothing()) continue;
      left--;  // the last step writes the result, the one before it what the last one reads, and so on
      std::uint8_t* const to = left % 2 == 0 ? out : between_.data();
      kOperations[static_cast<std::size_t>(step.operation)].apply({passes_, shown, step.setting, job_.fill, to});
      shown.data = to;
    }
  }

 private:
  const Passes& passes_;
  const Job& job_;
  std::vector<std::uint8_t> between_;
};

}  // namespace saliencymix::operations
