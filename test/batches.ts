/** Batches for tests: seeded noise, the same on every machine. */
import type { ImageBatch } from '../src';

/** Whole numbers below n, quickly: a linear congruential generator, of which the high bits are used. */
function numbers(seed: number): (n: number) => number {
  let state = (seed * 2654435761 + 12345) >>> 0;
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

export function noise(seed: number, shape: readonly [number, number, number, number]): ImageBatch {
  const below = numbers(seed);
  const data = new Uint8Array(shape.reduce((product, side) => product * side));
  for (let i = 0; i < data.length; i++) data[i] = below(256);
  return { data, shape };
}

/** Small sides, with the awkward ones often. */
export function awkwardShape(seed: number): [number, number, number, number] {
  const below = numbers(seed);
  const sides = [1, 1, 2, 3, 5, 7, 8, 16, 31, 32, 33, 40];
  const side = () => sides[below(sides.length)];
  return [1 + below(9), side(), side(), below(2) === 0 ? 1 : 3];
}

/** The same shape with sides that a mixing method can take. */
export const fitting = (
  [count, height, width, channels]: readonly [number, number, number, number],
  { sidesOf = 1 }: { sidesOf?: number },
) => {
  const fit = (side: number) => Math.ceil(side / sidesOf) * sidesOf;
  return [count, fit(height), fit(width), channels] as const;
};

/** Class numbers 0 … classes − 1 in turn. */
export const classNumbers = (count: number, classes: number) =>
  Int32Array.from({ length: count }, (_, i) => i % classes);
