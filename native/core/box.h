// The patch: its size from lambda, its place from one anchor or two, and lambda again from what was really pasted.
// The only place that does this arithmetic.
//
// lambda is the share of the *target* that survives; the patch covers the rest, so a patch of an H x W image has
// floor(H * sqrt(1 - lambda)) rows and floor(W * sqrt(1 - lambda)) columns (Yun et al. 2019, eq. 2; SaliencyMix 3.1).
#pragma once

#include <cmath>

#include "core/host_device.h"
#include "core/image.h"

namespace saliencymix {

// Half open: rows top .. bottom - 1, columns left .. right - 1. Empty when bottom == top or right == left.
struct Box {
  int top;
  int left;
  int bottom;
  int right;

  SALIENCYMIX_HOST_DEVICE int height() const { return bottom - top; }
  SALIENCYMIX_HOST_DEVICE int width() const { return right - left; }
  SALIENCYMIX_HOST_DEVICE bool empty() const { return height() <= 0 || width() <= 0; }
};

inline bool operator==(const Box& a, const Box& b) {
  return a.top == b.top && a.left == b.left && a.bottom == b.bottom && a.right == b.right;
}

// How a patch that reaches over the border is treated.
enum class BoxRule {
  shift,  // moved inside, size kept: the paper's text (3.1)
  clip,   // cut off at the border, even side 2 * floor(cut / 2): the released code
};

// The same patch in the source (from) and in the target (to): equal sizes.
struct BoxPair {
  Box from;
  Box to;
};

SALIENCYMIX_HOST_DEVICE inline int cutLength(int length, double lambda) {
  return static_cast<int>(std::floor(length * std::sqrt(1.0 - lambda)));
}

// Share of the target's pixels that a patch over `box` leaves.
SALIENCYMIX_HOST_DEVICE inline double survivingShare(int height, int width, const Box& box) {
  const double covered = static_cast<double>(box.height()) * static_cast<double>(box.width());
  return 1.0 - covered / (static_cast<double>(height) * static_cast<double>(width));
}

// Where a side of `cut` pixels begins under BoxRule::shift: centred on `at`, then moved inside 0 .. length.
SALIENCYMIX_HOST_DEVICE inline int shiftedStart(int at, int cut, int length) {
  const int centred = at - cut / 2;
  const int last = length - cut;
  return centred < 0 ? 0 : (centred > last ? last : centred);
}

SALIENCYMIX_HOST_DEVICE inline int min(int a, int b) { return a < b ? a : b; }

SALIENCYMIX_HOST_DEVICE inline Box shiftedBox(int height, int width, double lambda, Point at) {
  const int rows = cutLength(height, lambda);
  const int cols = cutLength(width, lambda);
  const int top = shiftedStart(at.row, rows, height);
  const int left = shiftedStart(at.col, cols, width);
  return {top, left, top + rows, left + cols};
}

// Patches of one size around two anchors of two H x W images. With `clip`, up, left, down and right are each the
// smaller of what both anchors allow, so the anchors coincide inside the patch. Empty on either axis means empty.
SALIENCYMIX_HOST_DEVICE inline BoxPair placeBoxes(int height, int width, double lambda, Point from, Point to,
                                                  BoxRule rule) {
  if (rule == BoxRule::shift) {
    return {shiftedBox(height, width, lambda, from), shiftedBox(height, width, lambda, to)};
  }
  const int halfRows = cutLength(height, lambda) / 2;
  const int halfCols = cutLength(width, lambda) / 2;
  const int up = min(halfRows, min(from.row, to.row));
  const int left = min(halfCols, min(from.col, to.col));
  const int down = min(halfRows, min(height - from.row, height - to.row));
  const int right = min(halfCols, min(width - from.col, width - to.col));
  return {{from.row - up, from.col - left, from.row + down, from.col + right},
          {to.row - up, to.col - left, to.row + down, to.col + right}};
}

}  // namespace saliencymix
