// Operations on images on a device: what an operation asks of an image is measured there, the host decides by it, and one kernel
// writes all images, each by the pass of its own operation.
#pragma once

#include <algorithm>
#include <vector>

#include "core/operations/steps.h"
#include "cuda/kernels/operate.h"

namespace saliencymix::cuda {

// Writes down the pass that an operation makes, for the device to make it. What the operation asks to measure is answered from
// the image's numbers, or noted where there are none yet.
class NotedPasses final : public operations::Passes {
 public:
  explicit NotedPasses(const ImageNumbers* numbers) : numbers_(numbers) {}

  const WrittenPass& pass() const { return pass_; }
  bool asksNumbers() const { return asks_; }

  std::uint64_t lumaSum(const ImageView&) const override { return number(ImageNumbers::kLuma); }
  void counts(const ImageView& image, operations::Counts* counts) const override {
    for (int c = 0; c < image.channels; c++) {
      for (int v = 0; v < 256; v++) counts[c].of[v] = number(256 * c + v);
    }
  }
  void ranges(const ImageView& image, operations::Range* ranges) const override {
    for (int c = 0; c < image.channels; c++) {
      int lowest = 0;
      int highest = 255;
      while (lowest < 255 && number(256 * c + lowest) == 0) lowest++;
      while (highest > 0 && number(256 * c + highest) == 0) highest--;
      ranges[c] = {static_cast<std::uint8_t>(lowest), static_cast<std::uint8_t>(highest)};
    }
  }
  void curves(const ImageView& image, const operations::Curve* curves, std::uint8_t*) const override {
    pass_.form = WrittenPass::Form::curves;
    std::copy_n(curves, image.channels, pass_.curves);
  }
  void maskAndInvert(const ImageView&, std::uint8_t mask, int threshold, std::uint8_t*) const override {
    pass_.form = WrittenPass::Form::maskAndInvert;
    pass_.mask = mask;
    pass_.threshold = threshold;
  }
  void saturate(const ImageView&, float factor, std::uint8_t*) const override {
    pass_.form = WrittenPass::Form::saturate;
    pass_.factor = factor;
  }
  void sharpen(const ImageView&, float factor, std::uint8_t*) const override {
    pass_.form = WrittenPass::Form::sharpen;
    pass_.factor = factor;
  }
  void move(const ImageView&, const operations::AffineMap& map, const operations::Fill& fill, std::uint8_t*) const override {
    pass_.form = WrittenPass::Form::move;
    pass_.map = map;
    pass_.fill = fill;
  }
  void cover(const ImageView&, const Box& box, const operations::Fill& fill, std::uint8_t*) const override {
    pass_.form = WrittenPass::Form::cover;
    pass_.box = box;
    pass_.fill = fill;
  }

 private:
  std::uint64_t number(int at) const {
    if (numbers_ == nullptr) asks_ = true;
    return numbers_ == nullptr ? 0 : static_cast<std::uint64_t>(numbers_->of[at]);
  }

  const ImageNumbers* numbers_;
  mutable WrittenPass pass_;
  mutable bool asks_ = false;
};

// The step of this number of every image, as the passes that it makes. numbers: count, or nullptr.
inline std::vector<WrittenPass> notePasses(const operations::Job& job, std::size_t step, const ImageNumbers* numbers,
                                           bool& asksNumbers) {
  std::vector<WrittenPass> passes;
  for (int i = 0; i < job.batch.count; i++) {
    const NotedPasses noted(numbers == nullptr ? nullptr : numbers + i);
    const operations::Step& one = job.stepsOf(i)[step];
    const ImageView image = job.batch.image(i);
    operations::kOperations[static_cast<std::size_t>(one.operation)].apply({noted, image, one.setting, job.fill, nullptr});
    passes.push_back(noted.pass());
    asksNumbers = asksNumbers || noted.asksNumbers();
  }
  return passes;
}

}  // namespace saliencymix::cuda
