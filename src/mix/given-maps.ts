/** Saliency maps that are given with a batch, in place of those that a mixer would find. */
import { types } from 'node:util';
import * as check from '../check';
import { attached } from '../check-batch';
import { needsMaps } from './index';
import type { MixOptions } from './options';

/** The maps for a choice, if they were given for it. */
export type MapsFor = (options: MixOptions) => Float32Array | undefined;

/**
 * Where a choice's saliency is "gradient", the maps are those; else they are those of all choices.
 * @param optionsOf of the choices that samples may be drawn with
 * @throws SaliencyMixError ARGUMENT for maps of another type or size, or with a value that is not finite; where there are none, and
 *   a choice has no others
 */
export function givenMaps(
  optionsOf: readonly MixOptions[],
  value: unknown,
  [count, height, width]: readonly number[],
): MapsFor {
  const isGradient = optionsOf.some(needsMaps);
  if (value === undefined && !isGradient) return () => undefined;
  const length = count * height * width;
  if (!types.isFloat32Array(value) || value.length !== length) {
    const why = value === undefined ? ' (saliency is "gradient": Trainer.saliency makes them)' : '';
    throw check.invalid('maps', `a Float32Array of ${count} × ${height} × ${width} values${why}`, value);
  }
  attached(value, 'maps');
  for (let i = 0; i < length; i++) {
    if (Number.isFinite(value[i])) continue;
    const index = Math.floor(i / (height * width));
    throw check.invalid('maps', 'finite numbers', value[i], { index });
  }
  return ({ saliency }) => (isGradient && saliency !== 'gradient' ? undefined : value);
}
