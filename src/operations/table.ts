/**
 * The operations on images that augmentation policies are made of: their names, which are AutoAugment's and
 * torchvision's, and the units of their magnitudes, which are torchvision's. What they do is defined in
 * native/core/operations/operations.h.
 */

/** What there is to know about an operation. */
interface About {
  readonly summary: string;
  /** The unit of its magnitude; undefined where it has none, and one that is given is ignored. */
  readonly unit?: string;
  /** Whether it moves pixels, and their values stay; the others change values, and pixels stay. */
  readonly moves?: boolean;
  /** The magnitudes that it takes; every finite one unless given. */
  readonly range?: readonly [min: number, max: number];
}

const factor = 'added to 1; −1 … 0 weakens, more strengthens';

export const imageOperations = {
  Identity: { summary: 'the image as it is' },
  ShearX: { summary: 'rows move to the left, lower ones further', unit: 'pixels per row', moves: true },
  ShearY: { summary: 'columns move up, those at the right further', unit: 'pixels per column', moves: true },
  TranslateX: { summary: 'moves to the right', unit: 'pixels, truncated to whole ones', moves: true },
  TranslateY: { summary: 'moves down', unit: 'pixels, truncated to whole ones', moves: true },
  Rotate: { summary: 'turns anticlockwise about the middle', unit: 'degrees', moves: true },
  Brightness: { summary: 'away from black, or towards it', unit: factor },
  Color: { summary: 'away from gray, or towards it', unit: factor },
  Contrast: { summary: 'away from the mean gray of the image, or towards it', unit: factor },
  Sharpness: { summary: 'away from the smoothed image, or towards it', unit: factor },
  Posterize: {
    summary: 'keeps the upper bits of each value',
    unit: 'bits, truncated to whole ones',
    range: [0, 8],
  },
  Solarize: { summary: 'inverts all values from a threshold on', unit: 'threshold' },
  AutoContrast: { summary: 'stretches each channel to 0 … 255' },
  Equalize: { summary: 'makes the values of each channel equally frequent' },
  Invert: { summary: '255 − value' },
} as const satisfies Record<string, About>;

export type ImageOperation = keyof typeof imageOperations;

export const imageOperationNames = Object.keys(imageOperations) as ImageOperation[];

export const aboutOperation = (name: ImageOperation): About => imageOperations[name];
