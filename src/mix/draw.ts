/** Draws a batch: pairing, who is mixed, lambda, anchors. Every number is addressed by (seed, epoch, batch, sample). */
import type { NativeSamples } from '../native/binding';
import { type Address, Purpose, permutation, Stream } from '../rng';
import type { Slots } from '../types';
import { mixMethods } from './index';
import type { DrawContext, MethodDraw, MixMethod } from './method';
import type { MixOptions } from './options';
import { newRecords, writeDraw } from './records';

/** A choice among sets of options, each with a weight. */
export interface Choice {
  readonly options: MixOptions;
  readonly weight: number;
}

export interface DrawAddress {
  readonly seed: number;
  readonly epoch: number;
  readonly batch: number;
}

/** A batch, drawn and not yet placed. */
export interface DrawnBatch {
  readonly records: NativeSamples;
  /** Index into the choices, per sample: placing needs the options that a sample was drawn with. */
  readonly choiceOf: Uint16Array;
}

/** What one sample drew; `lambda` is 1 where it is kept as it is. */
interface Drawn {
  readonly choice: number;
  readonly draw: MethodDraw;
  readonly lambda: number;
}

/**
 * For each slot the image that the seeded permutation of all slots pairs it with; a missing one gives way to the next
 * that is there, cyclically. Positions are those of the images that are there.
 */
function pair(slots: Slots, address: DrawAddress): ArrayLike<number> {
  const order = permutation(slots.count, address.seed, Purpose.pairing, address);
  if (slots.of.length === slots.count) return order;
  const positionOf = new Map(slots.of.map((slot, position) => [slot, position]));
  return slots.of.map((slot) => {
    let partner = order[slot];
    while (!positionOf.has(partner)) partner = (partner + 1) % slots.count;
    return positionOf.get(partner) as number;
  });
}

function choose(choices: readonly Choice[], sample: SampleContext): number {
  if (choices.length === 1) return 0;
  const total = choices.reduce((sum, { weight }) => sum + weight, 0);
  let left = sample.stream(Purpose.choice).uniform() * total;
  const found = choices.findIndex(({ weight }) => (left -= weight) < 0);
  return found < 0 ? choices.length - 1 : found;
}

/** One for the whole batch, moved from sample to sample. */
class SampleContext implements DrawContext {
  options: MixOptions;
  readonly height: number;
  readonly width: number;
  readonly #seed: number;
  readonly #at: Address;

  constructor(options: MixOptions, size: { height: number; width: number }, address: DrawAddress) {
    this.options = options;
    this.height = size.height;
    this.width = size.width;
    this.#seed = address.seed;
    this.#at = { epoch: address.epoch, batch: address.batch, sample: 0 };
  }

  moveTo(sample: number): void {
    this.#at.sample = sample;
  }

  readonly stream = (purpose: Purpose): Stream => new Stream(this.#seed, purpose, this.#at);
}

const KEPT: MethodDraw = { kind: 'keep' };

/** A choice, with its method looked up. */
interface Drawable extends Choice {
  readonly method: MixMethod;
}

function drawSample(choices: readonly Drawable[], context: SampleContext): Drawn {
  const choice = choose(choices, context);
  const { options, method } = choices[choice];
  context.options = options;
  const mixed = options.probability >= 1 || context.stream(Purpose.mixing).uniform() < options.probability;
  const draw = mixed ? method.draw(context) : KEPT;
  const lambda = draw.kind === 'keep' ? 1 : context.stream(Purpose.lambda).beta(options.alpha);
  return { choice, draw, lambda };
}

export function drawBatch(
  choices: readonly Choice[],
  per: 'sample' | 'batch',
  slots: Slots,
  size: { height: number; width: number },
  address: DrawAddress,
): DrawnBatch {
  const drawables = choices.map(
    (choice): Drawable => ({
      ...choice,
      method: mixMethods[choice.options.method],
    }),
  );
  const partners = pair(slots, address);
  const context = new SampleContext(choices[0].options, size, address);
  // One draw for the whole batch is the draw of its first slot.
  const shared = per === 'batch' ? drawSample(drawables, context) : undefined;
  const count = slots.of.length;
  const records = newRecords(count);
  const choiceOf = new Uint16Array(count);
  for (let target = 0; target < count; target++) {
    if (!shared) context.moveTo(slots.of[target]);
    const { choice, draw, lambda } = shared ?? drawSample(drawables, context);
    const { options, method } = drawables[choice];
    choiceOf[target] = choice;
    const source = method.hasSource ? partners[target] : target;
    writeDraw(records, target, draw, { source, lambda, fill: options.fill, placeOf: shared ? 0 : target });
  }
  return { records, choiceOf };
}
