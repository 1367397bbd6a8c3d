/**
 * A plan: what happens to each image of a batch, as plain data. It can be printed, saved as JSON, read back and
 * applied again (`applyPlan`), to the same images or to their label maps and detection boxes.
 */
import * as check from '../check';
import { SaliencyMixError } from '../errors';
import type { Box } from '../types';
import { checkFill } from './fill';
import { isMixed, kindNames, kindOf, type MixSample } from './kinds';

export const PLAN_VERSION = 2;

export interface MixPlan {
  /** Version of this data format. Plans without it are of version 1, which is read as well. */
  version: typeof PLAN_VERSION;
  /** Size of the images. */
  height: number;
  width: number;
  /** Number of images in the batch. `target` and `source` of every sample are below it. */
  count: number;
  /** One per image of the result. */
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
  position('target');
  position('source');
  check.number(sample.lambda, 'plan.samples.lambda', 0, 1);
  if (sample.labelLambda !== undefined) check.number(sample.labelLambda, 'plan.samples.labelLambda', 0, 1);
  check.boolean(sample.mixed, 'plan.samples.mixed');
  check.name(sample.kind, kindNames, 'plan.samples.kind');
  // Earlier versions called a sample mixed that was mixed with itself.
  const itself = sample.source === sample.target && sample.mixed === (sample.kind !== 'keep');
  if (sample.mixed !== isMixed(sample) && !itself)
    throw check.invalid('plan.samples.mixed', 'false where kind is "keep", else true', sample.mixed, {
      index,
    });
  const definition = kindOf(sample);
  for (const field of definition.fields) {
    if (field === 'to' || field === 'from')
      checkBox(sample[field], height, width, `plan.samples.${field}`, index);
    if (field === 'fill') checkFill(sample.fill ?? 0, 'plan.samples.fill');
  }
  definition.check?.(sample, index, [height, width]);
}

/** A sample of version 1 has no `kind`: its boxes tell it. Its anchor is called `peak`. */
function fromVersion1({ peak, ...sample }: MixSample & { peak?: [row: number, col: number] }): MixSample {
  const { mixed, to, from } = sample;
  let kind: MixSample['kind'] = 'keep';
  if (mixed && to === undefined) kind = 'blend';
  else if (mixed) kind = from === undefined ? 'erase' : 'paste';
  return { ...sample, kind, ...(peak === undefined ? {} : { anchor: peak }) } as MixSample;
}

/**
 * Checks a plan, which may come from a file, and gives it in the present version.
 * @throws SaliencyMixError ARGUMENT
 */
export function checkPlan(value: unknown): MixPlan {
  const given = value as MixPlan;
  if (
    value === null ||
    typeof value !== 'object' ||
    !Array.isArray(given.samples) ||
    given.samples.length === 0
  ) {
    throw check.invalid('plan', 'a plan { version, height, width, count, samples }', value);
  }
  const version: number = given.version ?? 1;
  if (version !== 1 && version !== PLAN_VERSION)
    throw check.invalid('plan.version', `a version that this package reads (1 or ${PLAN_VERSION})`, version);
  check.integer(given.height, 'plan.height', 1, 0x7fffffff);
  check.integer(given.width, 'plan.width', 1, 0x7fffffff);
  check.integer(given.count, 'plan.count', 1, 0x7fffffff);
  given.samples.forEach((sample: unknown, index) => {
    if (sample === null || typeof sample !== 'object')
      throw check.invalid('plan.samples', 'objects', sample, { index });
  });
  const samples = version === 1 ? given.samples.map(fromVersion1) : given.samples;
  const plan = { ...given, version: PLAN_VERSION, samples } as MixPlan;
  samples.forEach((sample, index) => checkSample(sample, plan, index));
  return plan;
}

/** @throws SaliencyMixError ARGUMENT where the plan is for another number or size of images */
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
