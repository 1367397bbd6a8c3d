/** The usual per-image augmentation before mixing: a zero-padded random crop and a random horizontal flip. */
import { flag, type OptionsOf, whole } from '../option';
import { firstWords } from '../native/first-words';
import { Purpose, Stream } from '../rng';

export const cropFlipOptions = {
  /** Mirror left and right with a chance of one half. Default false. */
  flip: flag({ default: false }),
  /** Shift by up to this many pixels up, down, left and right, zeros coming in at the border. Default 0. */
  crop: whole(0, { max: 1 << 14, default: 0 }),
};

export type CropFlipOptions = OptionsOf<typeof cropFlipOptions>;

/**
 * The draw of one image: output (row, column) is input (row + dy, column + dx), and is mirrored afterwards if
 * `flip`.
 */
export interface CropFlip {
  dy: number;
  dx: number;
  flip: boolean;
}

/**
 * Draws for one image. It always takes three numbers, dy, dx, flip, so that one option does not change
 * another's draw.
 */
export const drawCropFlip = (
  options: CropFlipOptions,
  seed: number,
  at: { epoch: number; batch: number; sample: number },
): CropFlip => cropFlipOf(options, new Stream(seed, Purpose.augment, at));

function cropFlipOf({ flip = false, crop = 0 }: CropFlipOptions, stream: Stream): CropFlip {
  const dy = stream.below(2 * crop + 1) - crop;
  const dx = stream.below(2 * crop + 1) - crop;
  const mirrored = stream.uniform() < 0.5;
  return { dy, dx, flip: flip && mirrored };
}

/**
 * The draws of `count` slots of a batch as native code takes them: three numbers per image, dy, dx and flip (0
 * or 1).
 */
export function drawCropFlips(
  options: CropFlipOptions,
  seed: number,
  at: { epoch: number; batch: number },
  count: number,
): Int32Array {
  const draws = new Int32Array(count * 3);
  const first = firstWords([Purpose.augment], count, seed, at);
  const stream = new Stream(seed, Purpose.augment, { ...at, sample: 0 }, first);
  for (let sample = 0; sample < count; sample++) {
    const { dy, dx, flip } = cropFlipOf(options, stream.moveTo(Purpose.augment, sample));
    draws[sample * 3] = dy;
    draws[sample * 3 + 1] = dx;
    draws[sample * 3 + 2] = flip ? 1 : 0;
  }
  return draws;
}
