// The windows of a convolution as a matrix, on a graphics card: what the gradient of its weights is a product with.
#include "ort/card/operators.h"
#include "ort/card/run.h"

namespace saliencymix::ort::card {

namespace {

class UnfoldNode final : public Node {
 public:
  explicit UnfoldNode(const Attributes& attributes)
      : kernel_(attributes.wholes("kernel", 2)), stride_(attributes.whole("stride")), padding_(attributes.whole("padding")),
        images_(attributes.wholes("images", 2)) {
    constexpr int kMost = 1 << 20;
    if (kernel_[0] < 1 || kernel_[1] < 1 || stride_ < 1 || padding_ < 0 || padding_ > kMost) {
      throw Error("a window must have a pixel, and move");
    }
  }

  void compute(Call& call) const override {
    const Call::Input x = call.input(0);
    if (x.shape.size() != 4) throw Error("images must be N x C x H x W");
    const cuda::UnfoldShape shape = {images_[0], images_[1],  x.side(1),   x.side(2), x.side(3),
                                     kernel_[0], kernel_[1], stride_, padding_};
    if (shape.first < 0 || shape.count < 1 || shape.first > x.side(0) - shape.count) throw Error("there are too few images");
    if (kernel_[0] - shape.height > 2 * padding_ || kernel_[1] - shape.width > 2 * padding_) throw Error("the window does not fit");
    const auto whole = [](int side) { return static_cast<std::int64_t>(side); };
    float* const y = call.output(0, {whole(shape.channels) * kernel_[0] * kernel_[1],
                                     whole(shape.count) * shape.outHeight() * shape.outWidth()});
    call.card().operators().unfold(shape, x.data, y);
  }

 private:
  std::vector<int> kernel_;
  int stride_;
  int padding_;
  std::vector<int> images_;  // the first, and how many
};

}  // namespace

const Operator kUnfold = {"Unfold", {Element::float32}, 1, {Element::float32}, makeNode<UnfoldNode>};

}  // namespace saliencymix::ort::card
