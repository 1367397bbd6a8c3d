/** Detection boxes under a plan: what the pasted patch hides is cut off, and what it brings is added. */
import * as check from '../check';
import type { Box } from '../types';
import type { MixPlan, MixSample } from './plan';

/** A box of an object, in pixels; anything else on it (a class, a score) travels along. Sides need not be whole. */
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

/** The smallest box around what `cover` leaves of `box`: a side moves only where the cover spans the whole other axis. */
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

function ofTarget(box: DetectionBox, patch: Box, least: number): DetectionBox[] {
  const cover = intersect(box, patch);
  const visible = area(box) - area(cover);
  if (visible <= 0 || visible < least * area(box)) return [];
  return [{ ...box, ...(area(cover) > 0 ? remainder(box, cover) : undefined) }];
}

function ofSource(box: DetectionBox, from: Box, to: Box, least: number): DetectionBox[] {
  const inside = intersect(box, from);
  if (area(inside) <= 0 || area(inside) < least * area(box)) return [];
  const down = to.top - from.top;
  const across = to.left - from.left;
  const moved = {
    top: inside.top + down,
    left: inside.left + across,
    bottom: inside.bottom + down,
    right: inside.right + across,
  };
  return [{ ...box, ...moved }];
}

function mixSampleBoxes(
  sample: MixSample,
  boxes: readonly (readonly DetectionBox[])[],
  least: number,
): DetectionBox[] {
  const own = boxes[sample.target];
  const { to, from } = sample;
  if (!sample.mixed) return own.map((box) => ({ ...box }));
  if (to === undefined) return [...own, ...boxes[sample.source]].map((box) => ({ ...box }));
  const kept = own.flatMap((box) => ofTarget(box, to, least));
  if (from === undefined) return kept;
  return [...kept, ...boxes[sample.source].flatMap((box) => ofSource(box, from, to, least))];
}

export function checkBoxes(value: readonly unknown[], plan: MixPlan): DetectionBox[][] {
  if (value.length !== plan.count)
    throw check.invalid('boxes', `${plan.count} lists of boxes, one per image`, value);
  value.forEach((list, index) => {
    if (!Array.isArray(list)) throw check.invalid('boxes', 'a list of boxes', list, { index });
    for (const box of list as Partial<DetectionBox>[]) {
      const sides = [box?.top, box?.left, box?.bottom, box?.right];
      const right =
        sides.every((side) => Number.isFinite(side)) &&
        (box.bottom as number) >= (box.top as number) &&
        (box.right as number) >= (box.left as number);
      if (!right)
        throw check.invalid('boxes', '{ top, left, bottom, right } with top ≤ bottom and left ≤ right', box, {
          index,
        });
    }
  });
  return value as DetectionBox[][];
}

/**
 * Boxes of each mixed image. A target's box keeps what the patch leaves visible (the smallest box around it), a source's
 * box what lies inside the patch, moved with it; both are dropped below `least` (0 … 1) of their own area. Blended
 * images show everything of both.
 */
export function mixBoxes(
  plan: MixPlan,
  boxes: readonly (readonly DetectionBox[])[],
  least: number,
): DetectionBox[][] {
  return plan.samples.map((sample) => mixSampleBoxes(sample, boxes, least));
}
