/**
 * The random resized crop: a box of a random share of the image's area and a random ratio of its sides, resized to the size of
 * the batch. As torchvision's RandomResizedCrop of a PIL image, with these draws.
 */
import { invalid } from '../check';
import { flag, numberRange, type OptionsOf, type Parsed } from '../option';
import { Purpose, Stream } from '../rng';

export const resizedCropOptions = {
  resizedCrop: flag({
    about:
      'show a random box of each image, resized to `size`, as in training on ImageNet (torchvision’s RandomResizedCrop)',
  }),
  cropArea: numberRange('2 numbers in 0 … 1', [0, 1, 'open'], {
    about:
      'with `resizedCrop`: the least and the greatest share of the area that a box has; 0.08,1 unless given',
  }),
  cropRatio: numberRange('2 numbers > 0', [0, 1e6, 'open'], {
    about:
      'with `resizedCrop`: the least and the greatest ratio of its width to its height; 0.75,1.3333 unless given',
  }),
};

export type ResizedCropOptions = OptionsOf<typeof resizedCropOptions>;

type Range = readonly [least: number, greatest: number];

/** Checked and complete: what is drawn from. */
export interface ResizedCrop {
  resizedCrop: true;
  cropArea: Range;
  cropRatio: Range;
}

const AREA: Range = [0.08, 1];
const RATIO: Range = [3 / 4, 4 / 3];

/**
 * The crop among parsed options; nothing where there is none.
 * @throws SaliencyMixError ARGUMENT for a range that nothing is drawn from
 */
export function chosenCrop({
  resizedCrop,
  cropArea,
  cropRatio,
}: Parsed<typeof resizedCropOptions>): Partial<ResizedCrop> {
  if (resizedCrop) return { resizedCrop, cropArea: cropArea ?? AREA, cropRatio: cropRatio ?? RATIO };
  for (const [name, value] of Object.entries({ cropArea, cropRatio }))
    if (value !== undefined) throw invalid(name, 'nothing without resizedCrop', value);
  return {};
}

/** As many as torchvision tries. */
const TRIES = 10;

/** Numbers of one slot; see native/core/random_crop.h. */
export const CROP_NUMBERS = 4 + 2 * TRIES;

/**
 * The draws of `count` slots of a batch, CROP_NUMBERS each: the range of the ratio, where the box lies (two uniform numbers), and
 * for each try a share of the area and a ratio, whose logarithm is uniform. The box follows from them once the size of the image
 * is known.
 */
export function drawResizedCrops(
  { cropArea: area, cropRatio: ratio }: ResizedCrop,
  seed: number,
  at: { epoch: number; batch: number },
  count: number,
): Float64Array {
  const draws = new Float64Array(count * CROP_NUMBERS);
  const stream = new Stream(seed, Purpose.resizedCrop, { ...at, sample: 0 });
  const logs = [Math.log(ratio[0]), Math.log(ratio[1])] as const;
  const between = ([least, greatest]: Range) => least + stream.uniform() * (greatest - least);
  for (let sample = 0; sample < count; sample++) {
    stream.moveTo(Purpose.resizedCrop, sample);
    let to = sample * CROP_NUMBERS;
    for (const value of [...ratio, stream.uniform(), stream.uniform()]) draws[to++] = value;
    for (let one = 0; one < TRIES; one++) {
      draws[to++] = between(area);
      draws[to++] = Math.exp(between(logs));
    }
  }
  return draws;
}

/** Of all slots' draws those of one. */
export const cropOfSlot = (draws: Float64Array, slot: number): Float64Array =>
  draws.subarray(slot * CROP_NUMBERS, (slot + 1) * CROP_NUMBERS);
