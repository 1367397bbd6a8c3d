/** The per-image augmentation of a batch before mixing: the operations of a policy, then crop and flip, then its last ones. */
import { applyOperations } from '../native/operations';
import { cropFlip } from '../native/crop-flip';
import {
  chosenPolicy,
  type DrawnOperations,
  drawOperations,
  policyOf,
  policyOptions,
} from '../operations/policies/index';
import { placesOf } from '../operations/plan';
import { custom, type OptionsOf, type Parsed, parse } from '../option';
import type { ImageBatch, Signal } from '../types';
import { type CropFlipOptions, cropFlipOptions, drawCropFlips } from './crop-flip';
import type { Size } from './codec';

const augmentationOptions = { ...policyOptions, ...cropFlipOptions };

export type AugmentationOptions = OptionsOf<typeof augmentationOptions>;

/** Checked: at most one policy. */
export type Augmentation = CropFlipOptions & ReturnType<typeof chosenPolicy>;

export const augmentationOption = () =>
  custom<Augmentation, AugmentationOptions>((value, argument) => {
    const parsed: Parsed<typeof augmentationOptions> = parse(
      augmentationOptions,
      value,
      argument,
      `${argument}.`,
    );
    return { ...chosenPolicy(parsed), crop: parsed.crop, flip: parsed.flip };
  });

/** What was drawn for the slots of a batch; what is undefined is not done. */
export interface AugmentationDraws extends Partial<DrawnOperations> {
  /** Three numbers per slot, see drawCropFlips. */
  cropFlips?: Int32Array;
}

/** Draws for all `count` slots of a batch of images of a size. */
export function drawAugmentation(
  options: Augmentation,
  seed: number,
  at: { epoch: number; batch: number },
  count: number,
  size: Size,
): AugmentationDraws {
  const policy = policyOf(options, size);
  return {
    ...(policy && drawOperations(policy, seed, at, count)),
    cropFlips: options.crop || options.flip ? drawCropFlips(options, seed, at, count) : undefined,
  };
}

/** What is done to the masks of images: what moves their pixels, or hides them. */
export const ofMasks = ({ operations, cropFlips, last }: AugmentationDraws): AugmentationDraws => ({
  operations: operations && placesOf(operations),
  cropFlips,
  last: last && placesOf(last),
});

/**
 * The images (uint8 NHWC; masks have 1 channel) as drawn for them, in memory of `allocate`; `data` itself where nothing is
 * done.
 */
export async function applyAugmentation(
  data: Uint8Array,
  shape: ImageBatch['shape'],
  { operations, cropFlips, last }: AugmentationDraws,
  allocate: () => Uint8Array,
  signal: Signal | undefined,
): Promise<Uint8Array> {
  let shown: ImageBatch = { data, shape };
  const change = async (write: (result: Uint8Array) => Promise<void>) => {
    const changed = allocate();
    await write(changed);
    shown = { data: changed, shape };
  };
  if (operations) await change((result) => applyOperations(shown, operations, result, { signal }));
  if (cropFlips) await change((result) => cropFlip(shown, cropFlips, result, { signal }));
  if (last) await change((result) => applyOperations(shown, last, result, { signal }));
  return shown.data;
}
