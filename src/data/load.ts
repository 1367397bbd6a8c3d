/**
 * Loads one batch: reads, decodes and augments its items, and closes the gaps of those that failed.
 */
import { types } from 'node:util';
import { invalid } from '../check';
import { freshMemory } from '../native/memory';
import type { ImageBatch, Slots } from '../types';
import { type AugmentationDraws, augmentHere } from './augmentation';
import type { Size } from './codec';
import { abortable } from './concurrency';
import { type FailedItem, fillAtOnce, fillEach, type FillOptions } from './fill';
import { fillMasks, masksShown, type ObjectMasks } from './masks';
import type { DatasetSource, Item } from './source';

/** Class numbers (Int32Array, n), or weights of all classes (Float32Array, n × classes). */
export type BatchLabels = Int32Array | Float32Array;

/** The class number of each row of labels; of weights the first largest. */
export function classNumbersOf(labels: BatchLabels, classes: number): Int32Array {
  if (types.isInt32Array(labels)) return labels;
  return Int32Array.from({ length: labels.length / classes }, (_, row) => {
    let best = row * classes;
    for (let k = best + 1; k < (row + 1) * classes; k++) if (labels[k] > labels[best]) best = k;
    return best - row * classes;
  });
}

export interface LoadedBatch {
  /**
   * The images that could be loaded, without gaps: uint8 NHWC with 3 channels. Undefined where there is none.
   */
  images: ImageBatch | undefined;
  /** With `masks`: which pixels show the object of each of these images. */
  masks?: ObjectMasks;
  /** Class number of each of these images; of data with soft labels n × classes weights, row by row. */
  labels: BatchLabels;
  /** For each of these images: id, position in the ordered list of items, and slot. */
  ids: string[];
  positions: number[];
  slots: Slots;
  /** The items that could not be loaded, in the order of their slots. */
  holes: FailedItem[];
}

export interface LoadOptions extends Omit<FillOptions, 'framing'> {
  /** The length that the shorter side is resized to before the central crop; not beside random boxes (draws.crops). */
  shorter?: number;
  /** What is done with the image in each slot. */
  draws?: AugmentationDraws;
  /** The caller augments the images: their draws are of their masks alone. */
  augmentedLater?: boolean;
  /** Whether the masks of their objects are loaded too, where the data set has any. */
  masks?: boolean;
}

/**
 * Loads the items at `positions`, several at once. A file that cannot be read or decoded leaves its slot empty;
 * the other images keep their order and their slots.
 * @throws (rejects) SaliencyMixError DATA for an image of another size where `strictTo` is given, ARGUMENT
 *   where the batch does not fit in memory; the signal's reason when aborted
 */
export async function loadBatch(
  dataset: { readonly source: DatasetSource },
  positions: ArrayLike<number>,
  size: Size,
  options: LoadOptions = {},
): Promise<LoadedBatch> {
  const { signal, draws, gate, shorter } = options;
  const { source } = dataset;
  signal?.throwIfAborted();
  const data = imageMemory(positions.length, size);
  const framing = draws?.crops || shorter ? { shorter, crops: draws?.crops } : undefined;
  const how = { ...options, framing };
  const filled = await abortable(fillAtOnce(data, source, positions, size, how), signal);
  const outcomes = filled ? [] : await abortable(fillEach(data, source, positions, size, how), signal);
  const count = positions.length;
  // Empty slots are augmented too; `pack` removes them.
  const batch: ImageBatch = { data, shape: [count, ...size, 3] };
  const shown =
    draws && !options.augmentedLater
      ? await augmentHere(batch, draws, () => imageMemory(count, size), signal)
      : data;
  const masks = options.masks && (await fillMasks(source, positions, size, outcomes, { framing, gate }));
  const packed = pack(shown, size, positions, source, outcomes);
  return masks ? { ...packed, masks: await masksShown(masks, packed.slots, size, draws, signal) } : packed;
}

/**
 * Closes the gaps that failed items leave in `data`, and collects the labels, ids and slots of the others. A
 * plain loop, because calling a closure or two per image would take longer than reading a batch of small raw
 * images.
 */
function pack(
  data: Uint8Array,
  [height, width]: Size,
  positions: ArrayLike<number>,
  { items, classes }: DatasetSource,
  outcomes: readonly (FailedItem | undefined)[],
): LoadedBatch {
  const stride = height * width * 3;
  const of: number[] = [];
  const ids: string[] = [];
  const good: number[] = [];
  const holes: FailedItem[] = [];
  const numbers = new Int32Array(positions.length);
  for (let slot = 0; slot < positions.length; slot++) {
    const failed = outcomes[slot];
    if (failed) {
      holes.push(failed);
      continue;
    }
    const count = of.length;
    if (slot !== count) data.copyWithin(count * stride, slot * stride, (slot + 1) * stride);
    const item = items[positions[slot]];
    numbers[count] = item.label;
    of.push(slot);
    ids.push(item.id);
    good.push(positions[slot]);
  }
  const count = of.length;
  return {
    images:
      count > 0 ? { data: data.subarray(0, count * stride), shape: [count, height, width, 3] } : undefined,
    labels: weightsOf(good, items, classes.length) ?? numbers.slice(0, count),
    ids,
    positions: good,
    slots: { of, count: positions.length },
    holes,
  };
}

/**
 * The soft labels of some items, row by row; of an item without them all weight is on its class. Undefined where
 * no item of the data set has any.
 */
function weightsOf(
  positions: readonly number[],
  items: readonly Item[],
  classes: number,
): Float32Array | undefined {
  if (!hasSoftLabels(items)) return undefined;
  const weights = new Float32Array(positions.length * classes);
  for (const [row, position] of positions.entries()) {
    const { label, soft } = items[position];
    if (soft) weights.set(soft, row * classes);
    else weights[row * classes + label] = 1;
  }
  return weights;
}

const softness = new WeakMap<readonly Item[], boolean>();

/** Whether any item has a soft label; looked for once per list of items. */
export function hasSoftLabels(items: readonly Item[]): boolean {
  const known = softness.get(items);
  if (known !== undefined) return known;
  const found = items.some(({ soft }) => soft !== undefined);
  softness.set(items, found);
  return found;
}

/**
 * Memory for so many images, not cleared: every slot that users see is written, and clearing takes as long as
 * that.
 */
function imageMemory(count: number, size: Size): Uint8Array {
  const bytes = count * size[0] * size[1] * 3;
  try {
    return new Uint8Array(freshMemory(bytes));
  } catch {
    throw invalid('size', `a size at which ${count} images fit in memory (or a smaller batch)`, size);
  }
}
