/** What a policy is: it draws the operations of an image. */
import type { Stream } from '../../rng';
import type { Color } from '../fill';
import type { DrawnOperation } from '../plan';

export type Size = readonly [height: number, width: number];

/** A policy for images of one size. */
export interface Policy {
  /** The colour of what its operations leave open. */
  readonly fill: Color;
  /** Draws for one image. It always takes equally many numbers. */
  draw(stream: Stream): DrawnOperation[];
  /** Draws, from the same numbers on, what is done after crop and flip. */
  drawLast?(stream: Stream): DrawnOperation[];
}

/** The magnitude with a sign that is drawn; a number is taken also where there is none. */
export function withSign(
  { magnitude, signed }: { magnitude: number; signed: boolean },
  stream: Stream,
): number {
  const negative = stream.uniform() < 0.5;
  return signed && negative ? -magnitude : magnitude;
}
