import * as check from '../check';
import { addon } from '../native/load';
import type { Box } from '../types';

/**
 * The patch for a ratio and an anchor: ⌊height·√(1−λ)⌋ rows and as many columns in proportion, around the pixel
 * [row, col] of a height × width image.
 *
 * - `'shift'`: centred on the pixel, then moved inside; size kept. The pixel lies inside unless the box is empty.
 * - `'clip'`: sides of 2·⌊cut/2⌋, cut off at the borders (the released SaliencyMix code).
 *
 * @param lambda share of the image that is to survive, 0 … 1
 * @returns the box, and the share that really survives: 1 − area/(height·width)
 * @throws SaliencyMixError ARGUMENT
 */
export function placeBox(
  height: number,
  width: number,
  lambda: number,
  anchor: readonly [row: number, col: number],
  rule: 'shift' | 'clip' = 'shift',
): { box: Box; lambda: number } {
  check.integer(height, 'height', 1, 0x7fffffff);
  check.integer(width, 'width', 1, 0x7fffffff);
  check.number(lambda, 'lambda', 0, 1);
  if (!Array.isArray(anchor) || anchor.length !== 2) throw check.invalid('anchor', '[row, col]', anchor);
  const [row, col] = anchor as readonly [number, number];
  check.integer(row, 'anchor row', 0, height - 1);
  check.integer(col, 'anchor column', 0, width - 1);
  const clip = check.name(rule, ['shift', 'clip'] as const, 'box') === 'clip' ? 1 : 0;
  const { lambda: surviving, ...box } = addon().placeBox({ height, width, lambda, row, col, clip });
  return { box, lambda: surviving };
}
