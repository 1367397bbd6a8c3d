/** The magnitudes that levels stand for. The same level is of different strength in different implementations. */
import type { DrawnOperation } from '../plan';

type Name = DrawnOperation['operation'];
type Size = readonly [height: number, width: number];

/** What a level means for an operation. */
export interface Magnitude {
  magnitude: number;
  /** Whether its sign is drawn. */
  signed: boolean;
}

/** Level `i` of `bins` from `start` to `end` in float32, as torch.linspace rounds it. */
function evenly(start: number, end: number, bins: number, i: number): number {
  const [from, to] = [Math.fround(start), Math.fround(end)];
  const step = Math.fround(Math.fround(to - from) / (bins - 1));
  if (i < Math.floor(bins / 2)) return Math.fround(from + step * i);
  return Math.fround(to - step * (bins - 1 - i));
}

/** Halves to the even number, as PyTorch rounds. */
function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** The largest magnitudes of a set of policies. */
interface Limits {
  shear: number;
  translate: readonly [down: number, right: number];
  rotate: number;
  enhance: number;
  /** How many bits are taken away. */
  posterize: number;
}

/** torchvision's magnitudes for AutoAugment and RandAugment (transforms/autoaugment.py, 0.14). */
export const usualLimits = ([height, width]: Size): Limits => ({
  shear: 0.3,
  translate: [(150 / 331) * height, (150 / 331) * width],
  rotate: 30,
  enhance: 0.9,
  posterize: 4,
});

/** The wider ones of TrivialAugment. */
export const wideLimits: Limits = {
  shear: 0.99,
  translate: [32, 32],
  rotate: 135,
  enhance: 0.99,
  posterize: 6,
};

/** Level `i` of `bins` of an operation: the first changes nothing or little, the last is the limit. */
export function torchvisionMagnitude(operation: Name, limits: Limits, bins: number, i: number): Magnitude {
  const signed = (end: number) => ({ magnitude: evenly(0, end, bins, i), signed: true });
  switch (operation) {
    case 'ShearX':
    case 'ShearY':
      return signed(limits.shear);
    case 'TranslateX':
      return signed(limits.translate[1]);
    case 'TranslateY':
      return signed(limits.translate[0]);
    case 'Rotate':
      return signed(limits.rotate);
    case 'Brightness':
    case 'Color':
    case 'Contrast':
    case 'Sharpness':
      return signed(limits.enhance);
    case 'Posterize':
      return {
        magnitude: 8 - roundHalfEven(Math.fround(i / ((bins - 1) / limits.posterize))),
        signed: false,
      };
    case 'Solarize':
      return { magnitude: evenly(255, 0, bins, i), signed: false };
    default:
      return { magnitude: 0, signed: false };
  }
}

/** Level 0 … 9 in AutoAugment's own code (tensorflow/models, research/autoaugment), for images of 32 × 32. */
export function officialMagnitude(operation: Name, level: number): Magnitude {
  const signed = (magnitude: number) => ({ magnitude, signed: true });
  const plain = (magnitude: number) => ({ magnitude, signed: false });
  switch (operation) {
    case 'ShearX':
    case 'ShearY':
      return signed((level * 0.3) / 10);
    case 'TranslateX':
    case 'TranslateY':
      return signed(level);
    case 'Rotate':
      return signed(3 * level);
    case 'Brightness':
    case 'Color':
    case 'Contrast':
    case 'Sharpness':
      return plain((level * 1.8) / 10 + 0.1 - 1); // a factor of 0.1 … 1.72
    case 'Posterize':
      return plain(4 - Math.trunc((level * 4) / 10));
    case 'Solarize':
      return plain(256 - Math.trunc((level * 256) / 10));
    case 'Cutout':
      return plain(2 * level);
    default:
      return plain(0);
  }
}
