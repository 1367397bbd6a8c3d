/** Draws the masks of dropout from the seeded generator. They are inputs of the graph. */
import { DROPOUT_LEVELS } from '../graph/composites';
import { type Shape, sizeOf } from '../graph/graph';
import type { DropoutMask } from '../models/net';
import { Purpose, Stream } from '../rng';

/** Draws one image's part of a mask: 1 where an element is kept. A word serves two elements. */
function drawMask(mask: Uint8Array | Float32Array, rate: number, stream: Stream): void {
  const dropped = Math.round(rate * DROPOUT_LEVELS);
  for (let i = 0; i < mask.length; i += 2) {
    const word = stream.bits() >>> 0;
    mask[i] = Number((word & 0xffff) >= dropped);
    if (i + 1 < mask.length) mask[i + 1] = Number(word >>> 16 >= dropped);
  }
}

/** The same for small chances, of any number of digits: draws how many elements are kept until the next one that is not. */
function drawSparsely(mask: Uint8Array | Float32Array, rate: number, stream: Stream): void {
  mask.fill(1);
  if (rate === 0) return;
  const perElement = Math.log1p(-rate); // the logarithm of the chance to be kept
  const kept = () => Math.floor(Math.log1p(-stream.uniform()) / perElement);
  for (let i = kept(); i < mask.length; i += 1 + kept()) mask[i] = 0;
}

/** What the masks of a step depend on. */
export interface MaskStep {
  seed: number;
  /** Number of the step. */
  step: number;
  /** The share of the run that is done, 0 to 1. */
  progress: number;
}

/**
 * Draws the masks of a step. Each image has its own stream of random numbers for each mask.
 * @param Mask bools, or floats in graphs for WebGPU
 */
export function drawDropoutMasks(
  masks: readonly DropoutMask[],
  { seed, step, progress }: MaskStep,
  Mask: typeof Uint8Array | typeof Float32Array = Uint8Array,
): Record<string, { data: Uint8Array | Float32Array; shape: Shape }> {
  const drawn = masks.map(({ name, shape, rate, rises, number }) => {
    const data = new Mask(sizeOf(shape));
    const length = data.length / shape[0];
    for (let sample = 0; sample < shape[0]; sample++) {
      const stream = new Stream(seed, Purpose.dropout, { epoch: step, batch: number, sample });
      const own = data.subarray(sample * length, (sample + 1) * length);
      if (rises) drawSparsely(own, rate * progress, stream);
      else drawMask(own, rate, stream);
    }
    return [name, { data, shape }] as const;
  });
  return Object.fromEntries(drawn);
}
