// AutoAugment's operations on a batch of uint8 images.
import { readArray } from '../../lib/batches.mjs';
import { checkEqual } from '../../lib/compare.mjs';
import { sizesOf } from '../../lib/sizes.mjs';

export const title = 'Operations on images';
export const about =
  'A batch of images through one operation, uint8 in, uint8 out. Pillow works image by image, on images that lie in its own ' +
  'memory already, with the calls that torchvision makes of it; every result must be equal to the bit. Its times vary: where ' +
  'the system has to give it new memory for every result they are up to three times as long. GB/s count the batch read ' +
  'once and the result written once.';

/** Half-way magnitudes of AutoAugment. */
const MAGNITUDES = {
  Brightness: 0.5,
  Color: 0.5,
  Contrast: 0.5,
  Sharpness: 0.5,
  Posterize: 6,
  Solarize: 113,
  Invert: 0,
  AutoContrast: 0,
  Equalize: 0,
  Rotate: 16.6,
  ShearX: 0.166,
  ShearY: 0.166,
  TranslateX: 8,
};

export function jobs({ quick, inputs }) {
  return Object.entries(MAGNITUDES).flatMap(([operation, magnitude]) =>
    sizesOf(quick).map((size) => ({
      id: `${operation} ${size.side}`,
      label: `${operation}, batches of ${size.count} × ${size.side}²`,
      operation,
      magnitude,
      input: inputs(size),
      images: size.count,
      bytes: size.count * size.side ** 2 * 3 * 2,
      rivals: ['Pillow', 'scalar reference'],
    })),
  );
}

export function check(_, result, reference) {
  if (result === reference) return undefined;
  const [found, wanted] = [result, reference].map(({ arrays }) => readArray(arrays.images));
  checkEqual(found.shape, wanted.shape, 'shape');
  checkEqual(found.data, wanted.data, 'pixels');
  return undefined;
}
