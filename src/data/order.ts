/**
 * The order of the items in an epoch, and its batches. Items are given by their positions in the ordered list.
 */
import { permutation, Purpose } from '../rng';

export interface OrderOptions {
  shuffle: boolean;
  seed: number;
  epoch: number;
}

/**
 * The positions 0 … count − 1 in the order of an epoch: ascending, or shuffled, which depends on seed and epoch
 * only.
 */
export function order(count: number, { shuffle, seed, epoch }: OrderOptions): Uint32Array {
  if (shuffle) return permutation(count, seed, Purpose.shuffle, { epoch, batch: 0 });
  return Uint32Array.from({ length: count }, (_, position) => position);
}

/** The order cut into batches of `batch` positions (views of it); the last one may be shorter. */
export function cut(positions: Uint32Array, batch: number): Uint32Array[] {
  const count = Math.ceil(positions.length / batch);
  return Array.from({ length: count }, (_, b) => positions.subarray(b * batch, (b + 1) * batch));
}
