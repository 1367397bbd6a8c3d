#include "cpu/spectral_residual_tables.h"

#include <array>
#include <cmath>
#include <vector>

#include "core/resize.h"
#include "core/saliency/spectral_residual.h"
#include "core/saliency/spectral_residual_float.h"

namespace saliencymix::cpu {

namespace {

template <class Weight>
class Axis {
 public:
  Axis(int source, int result) : source_(source), result_(result) {
    const std::size_t padded = static_cast<std::size_t>((result + 15) / 16 * 16);
    first_.resize(padded, 0);
    weight_.resize(padded, Weight{0});
    std::size_t d = 0;
    for (const Tap& tap : bilinearTaps(source, result)) {
      first_[d] = tap.first;
      if constexpr (sizeof(Weight) == sizeof(float) && !std::is_integral_v<Weight>) weight_[d] = static_cast<float>(tap.weight);
      else weight_[d] = static_cast<Weight>(std::lrint(tap.weight * 256));
      d++;
    }
  }
  ResizeAxis<Weight> view() const { return {source_, result_, first_.data(), weight_.data()}; }

 private:
  int source_;
  int result_;
  std::vector<std::int32_t> first_;
  std::vector<Weight> weight_;
};

struct Tables {
  Tables(int height, int width)
      : downRows(height, kDftSize), downCols(width, kDftSize), upRows(kDftSize, height), upCols(kDftSize, width) {
    spectralFloat::fillTwiddles(twiddles.data());
    for (const double weight : SpectralResidual::gaussian5()) gaussian.push_back(static_cast<float>(weight));
    view = {downRows.view(),  downCols.view(),  upRows.view(),          upCols.view(),
            twiddles.data(), gaussian.data(), &SpectralResidual::compute};
  }

  Axis<std::int32_t> downRows;
  Axis<std::int32_t> downCols;
  Axis<float> upRows;
  Axis<float> upCols;
  std::array<float, spectralFloat::kTwiddles> twiddles;
  std::vector<float> gaussian;
  SpectralResidualTables view{};
};

}  // namespace

std::shared_ptr<const void> prepareSpectralResidual(int height, int width) {
  const auto tables = std::make_shared<Tables>(height, width);
  return {tables, &tables->view};
}

}  // namespace saliencymix::cpu
