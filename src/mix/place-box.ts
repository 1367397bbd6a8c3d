import * as check from '../check';
import { addon } from '../native/load';
import type { Box } from '../types';

/**
 * The box that a patch takes in a height × width image: ⌊height·√(1−λ)⌋ rows and ⌊width·√(1−λ)⌋ columns around
 * the pixel `anchor` (CutMix, Yun et al., eq. 2; SaliencyMix, section 3.1).
 *
 * - `'shift'`: centred on the pixel, then moved inside the image; the size is kept. The pixel lies in the box
 *   unless the box is empty.
 * - `'clip'`: sides of 2·⌊side/2⌋, cut off at the borders of the image, as in the released SaliencyMix code.
 *
 * @param lambda share of the image that should survive, 0 … 1
 * @returns the box (half open), and the share that does survive: 1 − area/(height·width)
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
