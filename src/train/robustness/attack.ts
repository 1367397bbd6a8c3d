/** What attacks share: the strengths, the seed's place, and moves of pixels by the sign of the gradient. */
import * as check from '../../check';
import { list } from '../../option';

/** Pixels go from 0 to this, and strengths are in its units: 8 of 255. */
export const WHITE = 255;

export const attackOptions = {
  /** How far a pixel may move, in 1/255 of its range; see attacks for each. */
  epsilons: list('numbers above 0, to 255', (one, name) => check.number(one, name, 0, WHITE, 'open'), {
    filled: true,
    default: [1, 2, 4, 8, 16],
    about: 'how far attacks may move each pixel, in 1/255',
  }),
};

/** An attack's strength in 1/255. */
export interface Strength {
  epsilon: number;
}

/**
 * Moves pixels by `step` along the sign of the gradient, and back to where they may be: at most `epsilon` from the `clean`
 * image, and from 0 to 255.
 */
export function moved(
  pixels: Float32Array,
  slope: Float32Array,
  step: number,
  { clean, epsilon }: { clean: Float32Array; epsilon: number },
): Float32Array {
  const found = new Float32Array(pixels.length);
  for (let i = 0; i < found.length; i++)
    found[i] = within(pixels[i] + step * Math.sign(slope[i]), clean[i], epsilon);
  return found;
}

/** The nearest value that is at most `epsilon` from the clean one, and from 0 to 255. */
export const within = (value: number, clean: number, epsilon: number): number =>
  Math.min(Math.max(value, clean - epsilon, 0), clean + epsilon, WHITE);
