/** What erased pixels are filled with: in options, in plans, and as the addon has it (native/core/fill.h). */
import * as check from '../check';
import { CIFAR_MEAN } from '../pixel-statistics';

/**
 * One value for every channel; or three, the mean that a normalisation subtracts, rounded to bytes. Where an output has a mean
 * subtracted, the latter are 0 in it exactly.
 */
export type Fill = number | readonly [red: number, green: number, blue: number];

export interface FillOptions {
  fill: number | 'mean';
  mean?: readonly number[];
}

/** The option as a fill; without a `mean` it is CIFAR's. */
export function fillOf({ fill, mean = CIFAR_MEAN }: FillOptions): Fill {
  if (fill !== 'mean') return fill;
  const [red, green, blue] = mean.map((value) => Math.round(255 * value));
  return [red, green, blue];
}

export const encodeFill = (fill: Fill): number =>
  typeof fill === 'number' ? fill : ~(fill[0] | (fill[1] << 8) | (fill[2] << 16));

export const decodeFill = (value: number): Fill =>
  value >= 0 ? value : [~value & 0xff, (~value >> 8) & 0xff, (~value >> 16) & 0xff];

/** @throws SaliencyMixError ARGUMENT */
export function checkFill(value: unknown, argument: string): void {
  if (!Array.isArray(value)) {
    check.integer(value, argument, 0, 255);
    return;
  }
  if (value.length !== 3) throw check.invalid(argument, '0 … 255, or three such numbers', value);
  for (const one of value) check.integer(one, argument, 0, 255);
}
