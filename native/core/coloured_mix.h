// Mixing images whose colours are changed: each image has its own change, then they are mixed, in float32 and without rounding, and
// the result is normalised. What is erased is not changed.
#pragma once

#include <cstddef>
#include <span>

#include "core/colours.h"
#include "core/convert.h"
#include "core/fill.h"
#include "core/masked.h"
#include "core/mix.h"

namespace saliencymix {

class ColouredMixing {
 public:
  // Of RGB images; `maps`: of each. The format has floats.
  ColouredMixing(const BatchView& batch, std::span<const ColourMap> maps, const OutputFormat& format)
      : batch_(batch), maps_(maps), format_(format) {}

  // Working memory of a call: two images and a mixed one.
  std::size_t memoryLength() const { return 3 * imageLength(); }

  // Writes a mixed image in the format. `memory`: of memoryLength() floats.
  void mix(const MixSample& sample, float* memory, void* image) const {
    MixSample own = sample;
    own.target = 0;
    own.source = 1;
    const bool showsSource = visitKind(sample.kind, [](auto kind) { return decltype(kind)::kShowsPart; });
    colour(sample.target, memory);
    if (showsSource || sample.kind == MixKind::blend) colour(sample.source, memory + imageLength());
    const NhwcBatch<float> pair{memory, 2, batch_.height, batch_.width, 3};
    float* const row = memory + 2 * imageLength();
    for (int y = 0; y < batch_.height; y++) {
      mixRow(pair, own, y, row);
      convertRow(row, y, batch_.height, batch_.width, 3, format_, image);
    }
    if (clearsBox(sample, format_)) clearBox(sample, 0, batch_.height, batch_, format_, image);
  }

  // The same by a mask; both grids divide the images.
  void mix(const MaskedSample& sample, Cells mask, Cells moved, float* memory, void* image) const {
    MaskedSample own = sample;
    own.target = 0;
    own.source = 1;
    colour(sample.target, memory);
    colour(sample.source, memory + imageLength());
    float* const mixed = memory + 2 * imageLength();
    MaskedMixing<float>({memory, 2, batch_.height, batch_.width, 3}, mask, moved).mix(own, mixed);
    const std::size_t rowLength = static_cast<std::size_t>(batch_.width) * 3;
    for (int y = 0; y < batch_.height; y++) {
      convertRow(mixed + static_cast<std::size_t>(y) * rowLength, y, batch_.height, batch_.width, 3, format_, image);
    }
  }

 private:
  std::size_t imageLength() const { return batch_.image(0).bytes(); }
  void colour(int image, float* out) const {
    colourImage(batch_.image(image), maps_[static_cast<std::size_t>(image)], out);
  }

  BatchView batch_;
  std::span<const ColourMap> maps_;
  OutputFormat format_;
};

}  // namespace saliencymix
