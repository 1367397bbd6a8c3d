// Mixing, value by value and row by row: the target's pixels, except that its kind of mixing fills the sample's box
// (mix_kinds.h).
#pragma once

#include <cstring>

#include "core/host_device.h"
#include "core/mix_kinds.h"
#include "core/plan.h"
#include "core/nhwc_batch.h"

namespace saliencymix {

// One value of a mixed image, by itself: what mixRow gives at column x and channel c of row y.
template <class T>
SALIENCYMIX_HOST_DEVICE T mixedValue(const NhwcBatch<T>& batch, const MixSample& sample, int y, int x, int c) {
  const Box& to = sample.boxes.to;
  const bool inside = y >= to.top && y < to.bottom && x >= to.left && x < to.right;
  if (hasBox(sample.kind) && !inside) return batch.value(sample.target, y, x, c);
  return visitKind(sample.kind, [&](auto kind) { return kind.value(batch, sample, y, x, c); });
}

// Writes row y of a mixed image: width * channels values.
template <class T>
void mixRow(const NhwcBatch<T>& batch, const MixSample& sample, int y, T* row) {
  visitKind(sample.kind, [&](auto kind) {
    if (!hasBox(sample.kind)) return kind.row(batch, sample, y, 0, batch.width, row);
    std::memcpy(row, batch.row(sample.target, y), batch.rowLength() * sizeof(T));
    const Box& to = sample.boxes.to;
    if (to.empty() || y < to.top || y >= to.bottom) return;
    kind.row(batch, sample, y, to.left, to.right, row + batch.lengthOf(to.left));
  });
}

}  // namespace saliencymix
