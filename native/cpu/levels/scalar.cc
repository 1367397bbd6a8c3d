// The scalar reference of native/core as a level: what the others are compared with.
#include <vector>

#include "cpu/kernels.h"

namespace saliencymix::cpu::scalar {

namespace {

void findBoth(const float* map, int height, int width, Point& peak, Point& low) {
  peak = findExtreme(map, height, width, Extreme::peak);
  low = findExtreme(map, height, width, Extreme::low);
}

void mix(const NhwcBatch<std::uint8_t>& batch, const MixSample& sample, const MixOutput& output, Rows rows) {
  std::vector<std::uint8_t> row(batch.rowLength());
  for (int y = rows.begin; y < rows.end; y++) {
    mixRow(batch, sample, y, row.data());
    convertRow(row.data(), y, batch.height, batch.width, batch.channels, output.format, output.image);
  }
  if (!clearsBox(sample, output.format)) return;
  clearBox(sample, rows.begin, rows.end, {nullptr, 1, batch.height, batch.width, batch.channels}, output.format, output.image);
}

void cropFlip(const ImageView& image, const CropFlip& draw, Rows rows, std::uint8_t* out) {
  const std::size_t rowLength = static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.channels);
  for (int y = rows.begin; y < rows.end; y++) cropFlipRow(image, draw, y, out + static_cast<std::size_t>(y) * rowLength);
}

}  // namespace

extern const Kernels kernels;
const Kernels kernels = {nullptr, 0, &findExtreme, &findBoth, &mix, &cropFlip, nullptr, &operations::kReference, &drawSamples};

}  // namespace saliencymix::cpu::scalar
