// The pixels that patches are placed around, found in the maps of a batch.
#pragma once

#include <span>
#include <vector>

#include "core/backend.h"
#include "cpu/saliency.h"

namespace saliencymix::cpu {

// What is to be found for some samples, by image.
class AnchorRequests {
 public:
  using OfImage = std::span<const AnchorRequest>;

  AnchorRequests(const BatchView& batch, std::span<MixSample> samples);
  AnchorRequests(const AnchorRequests&) = delete;  // the images' requests lie in its own list
  AnchorRequests& operator=(const AnchorRequests&) = delete;

  // The images that there are requests for, each with its own.
  const std::vector<OfImage>& images() const { return images_; }
  const std::vector<AnchorRequest>& all() const { return all_; }

 private:
  std::vector<AnchorRequest> all_;  // those of one image stand together
  std::vector<OfImage> images_;
};

// Answers requests; visits the images that there are requests for.
class AnchorFinder : public MapVisitor {
 public:
  AnchorFinder(const Kernels& kernels, const BatchView& batch, const AnchorRequests& requests)
      : kernels_(kernels), batch_(batch), requests_(requests) {}

  int count() const final { return static_cast<int>(requests_.images().size()); }
  ImageView image(int i) const final { return batch_.image(requestsOf(i).front().image); }
  float* mapOf(int) const final { return nullptr; }
  void useMap(int i, const float* map) final;
  bool wantsPeakAlone(int i) const final;
  void usePeak(int i, Point peak) final;

  // Answers all requests by maps that there are already, one for each image of the batch.
  void findIn(const float* maps, const Run& run);

 protected:
  AnchorRequests::OfImage requestsOf(int i) const { return requests_.images()[static_cast<std::size_t>(i)]; }
  // All requests for an image are answered; called by the thread that has answered them.
  virtual void answered(int) {}

 private:
  const Kernels& kernels_;
  const BatchView& batch_;
  const AnchorRequests& requests_;
};

}  // namespace saliencymix::cpu
