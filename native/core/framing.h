// Which part of an image is shown at the size of the batch: all of it but for what is cropped about the centre, or a random box.
#pragma once

#include <cstdint>

#include "core/image_rows.h"
#include "core/random_crop.h"
#include "core/resize_crop.h"

namespace saliencymix {

struct Framing {
  // The length that the shorter side is resized to, before height x width pixels are cropped about the centre; not less than
  // either. 0: the image just covers height x width. torchvision's Resize(shorter) and CenterCrop.
  int shorter = 0;
  // A box that is drawn, and resized to height x width; not beside `shorter`. nullptr: there is none.
  const RandomCrop* crop = nullptr;

  // Whether an image of height x width is shown as it is.
  bool keepsSize() const { return shorter == 0 && crop == nullptr; }
};

// The box of an image that is read, and how that becomes the result.
struct Frame {
  Box box;
  ResizeCropPlan plan;
};

inline Frame frameOf(int inHeight, int inWidth, int height, int width, const Framing& framing) {
  if (framing.crop != nullptr) {
    const Box box = randomCrop(inHeight, inWidth, *framing.crop);
    return {box, {height, width, 0, 0, height, width}};
  }
  const Box whole{0, 0, inHeight, inWidth};
  if (framing.shorter == 0) return {whole, resizeCropPlan(inHeight, inWidth, height, width)};
  return {whole, resizeCropPlan(inHeight, inWidth, framing.shorter, framing.shorter, height, width)};
}

// A box of an image, as an image: rows above it are passed over.
class RowsOfBox final : public ImageRows {
 public:
  RowsOfBox(ImageRows& image, const Box& box)
      : ImageRows(box.height(), box.width()), image_(image), top_(box.top), offset_(static_cast<std::size_t>(box.left) * 3) {}

  const std::uint8_t* next() override {
    for (; top_ > 0; top_--) image_.next();
    return image_.next() + offset_;
  }

 private:
  ImageRows& image_;
  int top_;
  std::size_t offset_;
};

// Writes height x width pixels of an image to `out`. resize(rows, plan, out) is resizeCrop (resize_crop.h), or faster code with
// the same pixels.
template <class Resize>
void showFramed(ImageRows& image, const Framing& framing, int height, int width, const Resize& resize, std::uint8_t* out) {
  const Frame frame = frameOf(image.height(), image.width(), height, width, framing);
  RowsOfBox part(image, frame.box);
  resize(part, frame.plan, out);
}

}  // namespace saliencymix
