/**
 * Random changes of images' colours before they are mixed, as the ImageNet code of CutMix and of SaliencyMix makes them:
 * brightness, contrast and saturation, then "lighting" (Krizhevsky et al., NIPS 2012). In float and without clamping, so not those of
 * torchvision's ColorJitter, which clamps to bytes after each step. Here they are drawn; what they do, and why their order, which that
 * code draws, changes nothing, is in native/core/colours.h.
 */
import { types } from 'node:util';
import * as check from '../check';
import { type OptionsOf, real } from '../option';
import { Purpose, Stream } from '../rng';
import type { Slots } from '../types';

export const colourOptions = {
  jitter: real('0 … 1', [0, 1], {
    default: 0,
    about:
      'change brightness, contrast and saturation of each image by up to this share, without clamping; 0.4 is usual for ImageNet',
  }),
  lighting: real('0 … 1', [0, 1], {
    default: 0,
    about:
      'shift the colours of each image along the principal components of ImageNet’s, by normal numbers of this deviation; 0.1 is usual',
  }),
};

export type ColourOptions = OptionsOf<typeof colourOptions>;

/** Numbers of one image: shares of brightness, contrast and saturation, then what is added to red, green and blue. */
const NUMBERS = 6;

/** What that code has as eigenvalues and eigenvectors (columns) of the covariance of ImageNet's colours in [0, 1]. */
const EIGENVALUES = [0.2175, 0.0188, 0.0045];
const COMPONENTS = [
  [-0.5675, 0.7192, 0.4009],
  [-0.5808, -0.0045, -0.814],
  [-0.5836, -0.6948, 0.4203],
];

/** Draws for one image; what one option draws does not depend on the other. */
function drawOne({ jitter = 0, lighting = 0 }: ColourOptions, stream: Stream): number[] {
  const shares = [0, 1, 2].map(() => jitter * (2 * stream.uniform() - 1));
  const amounts = EIGENVALUES.map((value) => value * lighting * stream.normal());
  const light = COMPONENTS.map((row) => row.reduce((sum, part, k) => sum + part * amounts[k], 0));
  return [...shares, ...light];
}

/**
 * The changes of the images of a batch, `NUMBERS` each, for the option `colours` of `mix`; undefined where none is asked for. They
 * belong to slots: a missing image changes nothing for the others.
 */
export function drawColours(
  options: ColourOptions,
  seed: number,
  { epoch, batch }: { epoch: number; batch: number },
  slots: Slots['of'],
): Float64Array | undefined {
  if (!options.jitter && !options.lighting) return undefined;
  const stream = new Stream(seed, Purpose.colours, { epoch, batch, sample: 0 });
  return Float64Array.from(slots.flatMap((slot) => drawOne(options, stream.moveTo(Purpose.colours, slot))));
}

/**
 * Checks the option `colours` of `mix`.
 * @throws SaliencyMixError ARGUMENT
 */
export function checkColours(
  given: unknown,
  [count, , , channels]: readonly number[],
  dtype: string,
): Float64Array | undefined {
  if (given === undefined) return undefined;
  if (!types.isFloat64Array(given) || given.length !== count * NUMBERS || !given.every(Number.isFinite))
    throw check.invalid('colours', `a Float64Array of ${count} × ${NUMBERS} finite numbers`, given);
  if (channels !== 3) throw check.invalid('colours', 'nothing for images of one channel', given);
  if (dtype === 'uint8')
    throw check.invalid(
      'output.dtype',
      '"float32" or "float16" beside colours, which may leave the bytes',
      dtype,
    );
  return given;
}
