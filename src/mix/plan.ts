/**
 * A plan: what happens to each image of a batch, as plain data. It can be printed, saved as JSON, read back and applied
 * again (`applyPlan`), to the same images or to their masks and detection boxes.
 */
import * as check from '../check';
import { SaliencyMixError } from '../errors';
import type { Box } from '../types';

/** One image of the result. */
export interface MixSample {
  /** Position in the batch of the image that is changed. */
  target: number;
  /** Position in the batch of its drawn partner; equal to `target` where the method has none. */
  source: number;
  /**
   * Weight of the target's label; 1 − lambda is the source's. For pasted patches it is the share of the target's pixels
   * that survive, counted from the box that was really pasted.
   */
  lambda: number;
  /** Whether it was drawn to be mixed at all. Where false, the image and its label are the target's. */
  mixed: boolean;
  /** Pasted over, or erased, in the target. May be empty (lambda = 1): then the image is the target's. */
  to?: Box;
  /** Copied from the source; the size of `to`. Absent where `to` is erased. */
  from?: Box;
  /** [row, col] of the source's anchor: the peak, the low, or the place drawn; for `erase` the place in the target. */
  peak?: [row: number, col: number];
  /** Value of erased pixels, every channel. */
  fill?: number;
  /** The method that drew this sample. */
  method: string;
}

export interface MixPlan {
  /** Of the images planned for. */
  height: number;
  width: number;
  /** How many images the batch has; targets and sources are below it. */
  count: number;
  samples: MixSample[];
}

function checkBox(value: unknown, height: number, width: number, argument: string, index: number): Box {
  const box = value as Box;
  const sides = value !== null && typeof value === 'object' ? [box.top, box.left, box.bottom, box.right] : [];
  const inside =
    sides.length === 4 &&
    sides.every(Number.isInteger) &&
    box.top >= 0 &&
    box.left >= 0 &&
    box.top <= box.bottom &&
    box.left <= box.right &&
    box.bottom <= height &&
    box.right <= width;
  if (!inside) throw check.invalid(argument, `a box inside ${height} × ${width}`, value, { index });
  return box;
}

function checkSample(value: unknown, plan: MixPlan, index: number): void {
  const sample = value as MixSample;
  const { count, height, width } = plan;
  const position = (argument: 'target' | 'source') => {
    const at = sample[argument];
    if (Number.isInteger(at) && at >= 0 && at < count) return;
    throw check.invalid(`plan.samples.${argument}`, `a position from 0 to ${count - 1}`, at, { index });
  };
  if (value === null || typeof value !== 'object')
    throw check.invalid('plan.samples', 'objects', value, { index });
  position('target');
  position('source');
  check.number(sample.lambda, 'plan.samples.lambda', 0, 1);
  check.boolean(sample.mixed, 'plan.samples.mixed');
  if (sample.to === undefined) return;
  const to = checkBox(sample.to, height, width, 'plan.samples.to', index);
  if (sample.from === undefined) {
    check.integer(sample.fill ?? 0, 'plan.samples.fill', -0x80000000, 0x7fffffff);
    return;
  }
  const from = checkBox(sample.from, height, width, 'plan.samples.from', index);
  const sameSize =
    from.bottom - from.top === to.bottom - to.top && from.right - from.left === to.right - to.left;
  if (!sameSize) throw check.invalid('plan.samples.from', 'a box of the size of `to`', from, { index });
}

/** A plan as it must be before anything is applied; plans come back from files. */
export function checkPlan(value: unknown): MixPlan {
  const plan = value as MixPlan;
  if (
    value === null ||
    typeof value !== 'object' ||
    !Array.isArray(plan.samples) ||
    plan.samples.length === 0
  ) {
    throw check.invalid('plan', 'a plan { height, width, count, samples }', value);
  }
  check.integer(plan.height, 'plan.height', 1, 0x7fffffff);
  check.integer(plan.width, 'plan.width', 1, 0x7fffffff);
  check.integer(plan.count, 'plan.count', 1, 0x7fffffff);
  plan.samples.forEach((sample, index) => checkSample(sample, plan, index));
  return plan;
}

/** The plan is for other images than these. */
export function checkPlanFits(plan: MixPlan, shape: readonly number[], argument: string): void {
  const [count, height, width] = shape;
  if (count === plan.count && height === plan.height && width === plan.width) return;
  const expected = `${plan.count} images of ${plan.height} × ${plan.width} as in the plan`;
  throw new SaliencyMixError(
    'ARGUMENT',
    `Expected ${expected} for ${argument}.shape but received [${shape.join(', ')}]`,
    {
      argument: `${argument}.shape`,
      expected,
      received: `[${shape.join(', ')}]`,
    },
  );
}
