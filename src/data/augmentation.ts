/**
 * The per-image augmentation of a batch before mixing: a random box of each image, when it is loaded (resized-crop.ts); then the
 * operations of a policy, crop and flip, and the policy's last ones.
 */
import { type BatchInput, type FreshBatch, hostBatch, hostInput } from '../native/batch-input';
import type { NativeDestination } from '../native/binding';
import { cropFlip } from '../native/crop-flip';
import { applyOperations } from '../native/operations';
import {
  chosenPolicy,
  type DrawnOperations,
  drawOperations,
  policyOf,
  policyOptions,
} from '../operations/policies/index';
import { placesOf, stepsOfImages } from '../operations/plan';
import { custom, type OptionsOf, type Parsed, parse } from '../option';
import type { ImageBatch, Signal } from '../types';
import { type CropFlipOptions, cropFlipOptions, drawCropFlips } from './crop-flip';
import type { Size } from './codec';
import { chosenCrop, drawResizedCrops, type ResizedCrop, resizedCropOptions } from './resized-crop';

const augmentationOptions = { ...policyOptions, ...cropFlipOptions, ...resizedCropOptions };

export type AugmentationOptions = OptionsOf<typeof augmentationOptions>;

/** Checked: at most one policy. */
export type Augmentation = CropFlipOptions & ReturnType<typeof chosenPolicy> & Partial<ResizedCrop>;

export const augmentationOption = () =>
  custom<Augmentation, AugmentationOptions>((value, argument) => {
    const parsed: Parsed<typeof augmentationOptions> = parse(
      augmentationOptions,
      value,
      argument,
      `${argument}.`,
    );
    return { ...chosenPolicy(parsed), crop: parsed.crop, flip: parsed.flip, ...chosenCrop(parsed) };
  });

/** What was drawn for the slots of a batch; what is undefined is not done. */
export interface AugmentationDraws extends Partial<DrawnOperations> {
  /** The boxes that are read of the images when they are loaded, see drawResizedCrops. */
  crops?: Float64Array;
  /** Three numbers per slot, see drawCropFlips. */
  cropFlips?: Int32Array;
}

const isCropped = (options: Augmentation): options is Augmentation & ResizedCrop =>
  options.resizedCrop === true;

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
    crops: isCropped(options) ? drawResizedCrops(options, seed, at, count) : undefined,
    cropFlips: options.crop || options.flip ? drawCropFlips(options, seed, at, count) : undefined,
  };
}

/** What is done to the masks of images once they are loaded: what moves their pixels, or hides them. */
export const ofMasks = ({ operations, cropFlips, last }: AugmentationDraws): AugmentationDraws => ({
  operations: operations && placesOf(operations),
  cropFlips,
  last: last && placesOf(last),
});

/** The draws of some slots, for images that are loaded. */
export function drawsOfSlots(
  { operations, cropFlips, last }: AugmentationDraws,
  slots: readonly number[],
): AugmentationDraws {
  return {
    operations: operations && stepsOfImages(operations, slots),
    cropFlips:
      cropFlips && Int32Array.from(slots.flatMap((slot) => [...cropFlips.subarray(3 * slot, 3 * slot + 3)])),
    last: last && stepsOfImages(last, slots),
  };
}

/**
 * The images (masks have 1 channel) as drawn for them, in memory of `allocate`; `batch` itself where nothing is done. They are
 * changed where they are.
 */
export async function applyAugmentation(
  batch: BatchInput,
  { operations, cropFlips, last }: AugmentationDraws,
  allocate: () => FreshBatch,
  signal: Signal | undefined,
): Promise<BatchInput> {
  let shown = batch;
  const change = async (write: (output: NativeDestination) => Promise<void>) => {
    const { output, input } = allocate();
    await write(output);
    shown = input;
  };
  if (operations) await change((output) => applyOperations(shown, operations, output, { signal }));
  if (cropFlips) await change((output) => cropFlip(shown, cropFlips, output, { signal }));
  if (last) await change((output) => applyOperations(shown, last, output, { signal }));
  return shown;
}

/** The same of images in this process, in memory of `allocate`. */
export async function augmentHere(
  batch: ImageBatch,
  draws: AugmentationDraws,
  allocate: () => Uint8Array,
  signal: Signal | undefined,
): Promise<Uint8Array> {
  const { shape } = batch;
  const fresh = () => hostBatch({ data: allocate(), shape });
  const { reads } = await applyAugmentation(hostInput(batch), draws, fresh, signal);
  return reads[0];
}
