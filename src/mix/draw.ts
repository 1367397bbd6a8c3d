/** Draws a batch: pairing, who is mixed, lambda, anchors. Every number is addressed by (seed, epoch, batch, sample). */
import { Purpose, permutation, Stream } from '../rng';
import type { Slots } from '../types';
import { mixMethods } from './index';
import type { Anchor, MethodDraw } from './method';
import type { MixOptions } from './options';

/** One sample, drawn and not yet placed. */
export interface Draw extends MethodDraw {
  target: number;
  source: number;
  mixed: boolean;
  lambda: number;
  fill: number;
  method: string;
  /** Position of the sample whose anchors and box this one takes; its own where it has its own. */
  placeOf: number;
}

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

/** Draws grouped by the options they were drawn with, since placing needs those. */
export interface DrawnBatch {
  readonly draws: Draw[];
  /** Index into the choices, per draw. */
  readonly choiceOf: number[];
}

/**
 * For each slot the image that the seeded permutation of all slots pairs it with; a missing one gives way to the next
 * that is there, cyclically. Positions are those of the images that are there.
 */
function pair(slots: Slots, address: DrawAddress): number[] {
  const order = permutation(slots.count, address.seed, Purpose.pairing, address);
  const positionOf = new Map(slots.of.map((slot, position) => [slot, position]));
  return slots.of.map((slot) => {
    let partner = order[slot];
    while (!positionOf.has(partner)) partner = (partner + 1) % slots.count;
    return positionOf.get(partner) as number;
  });
}

function choose(choices: readonly Choice[], stream: Stream): number {
  if (choices.length === 1) return 0;
  const total = choices.reduce((sum, { weight }) => sum + weight, 0);
  let left = stream.uniform() * total;
  const found = choices.findIndex(({ weight }) => (left -= weight) < 0);
  return found < 0 ? choices.length - 1 : found;
}

const CORRESPONDING: Anchor = { kind: 'corresponding' };

export function drawBatch(
  choices: readonly Choice[],
  per: 'sample' | 'batch',
  slots: Slots,
  size: { height: number; width: number },
  address: DrawAddress,
): DrawnBatch {
  const partners = pair(slots, address);
  const choiceOf: number[] = [];
  const draws = slots.of.map((slot, target): Draw => {
    // One draw for the whole batch is the draw of its first slot.
    const sample = per === 'batch' ? 0 : slot;
    const stream = (purpose: Purpose) => new Stream(address.seed, purpose, { ...address, sample });
    const choice = choose(choices, stream(Purpose.choice));
    choiceOf.push(choice);
    const { options } = choices[choice];
    const method = mixMethods[options.method];
    const mixed = stream(Purpose.mixing).uniform() < options.probability;
    const drawn = mixed ? method.draw({ options, ...size, stream }) : ({ kind: 'keep' } as const);
    return {
      target,
      source: method.hasSource ? partners[target] : target,
      mixed: drawn.kind !== 'keep',
      lambda: drawn.kind === 'keep' ? 1 : stream(Purpose.lambda).beta(options.alpha),
      fill: options.fill,
      method: options.method,
      placeOf: per === 'batch' ? 0 : target,
      kind: drawn.kind,
      from: drawn.from ?? CORRESPONDING,
      to: drawn.to ?? CORRESPONDING,
    };
  });
  return { draws, choiceOf };
}
