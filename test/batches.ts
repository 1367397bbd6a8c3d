/** Batches for tests: seeded noise, the same on every machine. */
import type { ImageBatch } from '../src';
import { Purpose, Stream } from '../src/rng';

const stream = (seed: number) => new Stream(seed, Purpose.drawing, { epoch: 77, batch: 0, sample: 0 });

export function noise(seed: number, shape: readonly [number, number, number, number]): ImageBatch {
  const [n, h, w, c] = shape;
  const random = stream(seed);
  return { data: Uint8Array.from({ length: n * h * w * c }, () => random.below(256)), shape };
}

/** Small sides, with the awkward ones often. */
export function awkwardShape(seed: number): [number, number, number, number] {
  const random = stream(seed);
  const sides = [1, 1, 2, 3, 5, 7, 8, 16, 31, 32, 33, 40];
  const side = () => sides[random.below(sides.length)];
  return [1 + random.below(9), side(), side(), random.below(2) === 0 ? 1 : 3];
}

/** Class numbers 0 … classes − 1 in turn. */
export const classNumbers = (count: number, classes: number) =>
  Int32Array.from({ length: count }, (_, i) => i % classes);
