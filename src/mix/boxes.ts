/** Applies a plan to the detection boxes of a batch. */
import * as check from '../check';
import type { DetectionBox } from './box-geometry';
import { kindOf } from './kinds';
import type { MixPlan } from './plan';

/** @throws SaliencyMixError ARGUMENT unless there is a list of boxes for each image of the plan */
export function checkBoxes(value: readonly unknown[], plan: MixPlan): DetectionBox[][] {
  if (value.length !== plan.count)
    throw check.invalid('boxes', `${plan.count} lists of boxes, one per image`, value);
  value.forEach((list, index) => {
    if (!Array.isArray(list)) throw check.invalid('boxes', 'a list of boxes', list, { index });
    for (const box of list as Partial<DetectionBox>[]) {
      const sides = [box?.top, box?.left, box?.bottom, box?.right];
      const isBox =
        sides.every((side) => Number.isFinite(side)) &&
        (box.bottom as number) >= (box.top as number) &&
        (box.right as number) >= (box.left as number);
      if (!isBox)
        throw check.invalid('boxes', '{ top, left, bottom, right } with top ≤ bottom and left ≤ right', box, {
          index,
        });
    }
  });
  return value as DetectionBox[][];
}

/**
 * The boxes of each mixed image. A box of the target shrinks to the smallest box around what the patch leaves
 * visible. A box of the source shrinks to the part inside the patch, and moves with it. A box is dropped where
 * less than `minVisibility` (0 … 1) of its area is left. A blended image keeps all boxes of both.
 */
export function mixBoxes(
  plan: MixPlan,
  boxes: readonly (readonly DetectionBox[])[],
  minVisibility: number,
): DetectionBox[][] {
  return plan.samples.map((sample) =>
    kindOf(sample).boxes(sample, boxes[sample.target], boxes[sample.source], minVisibility),
  );
}
