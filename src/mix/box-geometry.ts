/** What a pasted patch does to one detection box of the target or of the source. */
import type { Box } from '../types';

/**
 * The box of an object, in pixels, half open; its sides need not be whole. Other properties (class, score) are
 * kept.
 */
export type DetectionBox = Box & Record<string, unknown>;

const area = (box: Box) => Math.max(0, box.bottom - box.top) * Math.max(0, box.right - box.left);

function intersect(a: Box, b: Box): Box {
  const top = Math.max(a.top, b.top);
  const left = Math.max(a.left, b.left);
  return {
    top,
    left,
    bottom: Math.max(top, Math.min(a.bottom, b.bottom)),
    right: Math.max(left, Math.min(a.right, b.right)),
  };
}

/**
 * The smallest box around the part of `box` that `cover` does not hide. It is smaller than `box` only where the
 * cover spans all columns or all rows.
 */
function remainder(box: Box, cover: Box): Box {
  const rest = { ...box };
  const spansColumns = cover.left <= box.left && cover.right >= box.right;
  const spansRows = cover.top <= box.top && cover.bottom >= box.bottom;
  if (spansColumns && cover.top <= box.top) rest.top = cover.bottom;
  if (spansColumns && cover.bottom >= box.bottom) rest.bottom = cover.top;
  if (spansRows && cover.left <= box.left) rest.left = cover.right;
  if (spansRows && cover.right >= box.right) rest.right = cover.left;
  return rest;
}

/**
 * A box of the target under a patch: a list of the smallest box around what stays visible, or an empty list.
 */
export function clippedByTarget(box: DetectionBox, patch: Box, minVisibility: number): DetectionBox[] {
  const cover = intersect(box, patch);
  const visible = area(box) - area(cover);
  if (visible <= 0 || visible < minVisibility * area(box)) return [];
  return [{ ...box, ...(area(cover) > 0 ? remainder(box, cover) : undefined) }];
}

/**
 * A box of the source whose box `from` is pasted at box `to` of the target, and resized where the two differ in
 * size: a list of the part inside `from`, in coordinates of the target, or an empty list.
 */
export function clippedBySource(
  box: DetectionBox,
  from: Box,
  to: Box,
  minVisibility: number,
): DetectionBox[] {
  const inside = intersect(box, from);
  if (area(inside) <= 0 || area(to) <= 0 || area(inside) < minVisibility * area(box)) return [];
  const down = (to.bottom - to.top) / (from.bottom - from.top);
  const across = (to.right - to.left) / (from.right - from.left);
  const moved = {
    top: inside.top * down + (to.top - from.top * down),
    left: inside.left * across + (to.left - from.left * across),
    bottom: inside.bottom * down + (to.top - from.top * down),
    right: inside.right * across + (to.left - from.left * across),
  };
  return [{ ...box, ...moved }];
}
