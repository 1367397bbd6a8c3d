/** The batches of an epoch as an async sequence: in seeded order, loaded ahead, with bounded memory. */
import { setMaxListeners } from 'node:events';
import { invalid } from '../check';
import { SaliencyMixError } from '../errors';
import type { DeviceBatch } from '../device/batch';
import { chooseBackend, RESIDENT_WORK } from '../native/backends';
import {
  abortSignal,
  callback,
  flag,
  later,
  named,
  type OptionsOf,
  parse,
  type Parsed,
  whole,
} from '../option';
import type { ImageBatch, Slots } from '../types';
import { augmentationOption, drawAugmentation } from './augmentation';
import { abortable, createGate } from './concurrency';
import type { FailedItem } from './fill';
import { type BatchLabels, loadBatch, type LoadedBatch } from './load';
import { type ObjectMasks, requireMasks } from './masks';
import { type BatchOnDevice, onDevice } from './on-device';
import { cut, order } from './order';
import { readAhead } from './read-ahead';
import { checkResize, resolveSize, sizeOption, testResizeOption } from './size';
import type { DatasetSource } from './source';

export const batchOptions = {
  size: sizeOption(
    'of all images: one side of a square, [height, width], keep (an image of another size than the first is an error), or auto: the images’ own size where all of up to 64 that are read have the same, else 224 × 224 (default)',
  ),
  batch: whole(1, { default: 64, about: 'images in a batch; the last may have fewer' }),
  shuffle: flag({ default: true, about: 'false keeps the order of the items' }),
  seed: whole(0, { default: 0, about: 'the order depends on seed and epoch only' }),
  epoch: whole(0, { max: 0xffffffff, default: 0, about: 'which pass over the data' }),
  from: whole(0, { default: 0, about: 'number of the first batch, to go on within an epoch' }),
  prefetch: whole(0, {
    max: 1024,
    default: 2,
    about: 'batches decoded ahead of the one in use; at most one more are in memory',
  }),
  onBad: named(['throw', 'skip'], {
    default: 'throw',
    about:
      'for a file that cannot be read or decoded: its error ends the loop, or it is left out, and `holes` of the batch tells of it',
  }),
  /** With `onBad: 'skip'`, called with the images of a batch in which none could be loaded: it is not yielded. */
  onSkipped: callback<(holes: FailedItem[]) => void>(),
  /** A random box of each image, then a policy of random operations, then random crop and flip; none unless given. */
  augment: augmentationOption(),
  resize: testResizeOption(
    'length that the shorter side is resized to before `size` is cropped about the centre; unless given, the image just covers `size`',
  ),
  masks: flag({
    default: false,
    about:
      'also which pixels show the object of each image, for `masks` of `mix`; of an image whose mask is not known every pixel does; an error where the data has none',
  }),
  /**
   * A backend, such as 'cuda', to whose memory the images are brought as they are read; there they are augmented, and `images`
   * is a device batch, which is yours to free. They stay in this process unless given.
   */
  device: later<string>(),
  signal: abortSignal(),
};

type AllOptions = OptionsOf<typeof batchOptions>;
export type BatchOptions = Omit<AllOptions, 'device'> & { device?: undefined };
export type DeviceBatchOptions = Omit<AllOptions, 'device'> & { device: string };

export interface Batch<I extends ImageBatch | DeviceBatch = ImageBatch> {
  /** The images that could be loaded, at least one: uint8 NHWC, 3 channels. */
  images: I;
  /**
   * Class numbers of the images (Int32Array, n). Where the data has soft labels: weights of all classes
   * (Float32Array, n × classes, row by row).
   */
  labels: BatchLabels;
  /** With the option `masks`: 1 where a pixel shows the object of its image, else 0; uint8, [n, h, w]. */
  masks?: ObjectMasks;
  /** Ids of the images. */
  ids: string[];
  /** Slots of the images, for the option `slots` of `mix` and `plan`. */
  slots: Slots;
  /** Number of the batch in its epoch, from 0. */
  batch: number;
  /** The images that could not be loaded, with `onBad: 'skip'`: slot, id and error of each. */
  holes: FailedItem[];
}

/** Most bytes of a batch: four gigabytes in one block of memory are a mistake. */
const LARGEST_BATCH = 2 ** 32;

/** What batches are read of. */
interface BatchSource {
  readonly path?: string;
  readonly source: DatasetSource;
}

/**
 * Yields the batches of one epoch; the bytes do not depend on `prefetch`. With `onBad: 'skip'`, a batch without
 * any good image is not yielded, and its number is left out. Leaving the loop stops the loading.
 * @throws (rejects) SaliencyMixError ARGUMENT for a wrong option, FILE for a bad file with `onBad: 'throw'`,
 *   DATA for an image of another size with `size: 'keep'` or where no image can be read; the signal's reason
 *   when aborted
 */
export function batches(
  dataset: BatchSource,
  options: DeviceBatchOptions,
): AsyncGenerator<Batch<DeviceBatch<'uint8'>>, void, undefined>;
export function batches(dataset: BatchSource, options?: BatchOptions): AsyncGenerator<Batch, void, undefined>;
export function batches(
  dataset: BatchSource,
  options?: BatchOptions | DeviceBatchOptions,
): AsyncGenerator<Batch<ImageBatch | DeviceBatch<'uint8'>>, void, undefined>;
export async function* batches(
  dataset: BatchSource,
  options?: AllOptions,
): AsyncGenerator<Batch<ImageBatch | DeviceBatch<'uint8'>>, void, undefined> {
  const checked = parse(batchOptions, options, 'batches options');
  const { prefetch, onBad, onSkipped, signal, from } = checked;
  signal?.throwIfAborted();
  if (checked.masks) requireMasks(dataset);
  const device = checked.device === undefined ? undefined : chooseBackend(checked.device, RESIDENT_WORK);
  const own = new AbortController(); // also aborted when the loop is left, so that no more files are decoded
  // Each batch that is being loaded has two listeners: its wait and its native call.
  setMaxListeners(2 * (prefetch + 2), own.signal);
  const stop = () => own.abort(signal?.reason);
  signal?.addEventListener('abort', stop, { once: true });
  try {
    const { count, load } = await epochBatches(dataset, { ...checked, device }, own.signal);
    const left = Math.max(0, count - from);
    const loaded = readAhead(
      left,
      prefetch,
      (number) => load(from + number),
      () => own.abort(),
    );
    let first: SaliencyMixError | undefined;
    let yielded = 0;
    let next = from;
    for await (const { images, labels, masks, ids, slots, holes } of loaded) {
      own.signal.throwIfAborted();
      if (holes.length > 0 && onBad === 'throw') throw holes[0].error;
      first ??= holes[0]?.error;
      const batch = next++;
      if (!images) {
        onSkipped?.(holes);
        continue;
      }
      yielded++;
      yield { images, labels, ...(masks && { masks }), ids, slots, batch, holes };
    }
    if (yielded === 0 && first) {
      throw new SaliencyMixError('DATA', `None of the images can be read; the first: ${first.message}`, {
        cause: first,
      });
    }
  } finally {
    signal?.removeEventListener('abort', stop);
    own.abort();
  }
}

/** The batches of an epoch, none of them loaded yet. */
interface EpochBatches {
  /** Number of batches. */
  count: number;
  load: (number: number) => Promise<LoadedBatch | BatchOnDevice>;
}

/** Finds the size of the images and the order of the epoch. */
async function epochBatches(
  dataset: { readonly source: DatasetSource },
  { size: wanted, batch, shuffle, seed, epoch, augment, resize, masks, device }: Parsed<typeof batchOptions>,
  signal: AbortSignal,
): Promise<EpochBatches> {
  const { size, from } = await abortable(resolveSize(dataset, wanted), signal);
  const parts = cut(order(dataset.source.items.length, { shuffle, seed, epoch }), batch);
  const largest = Math.min(batch, dataset.source.items.length) * size[0] * size[1] * 3;
  if (largest > LARGEST_BATCH)
    throw invalid('batch', `at most 4 GiB of pixels (size ${size.join(' × ')})`, batch);
  checkResize(resize, size, 'resize');
  if (resize !== undefined && augment?.resizedCrop)
    throw invalid('resize', 'nothing beside augment.resizedCrop', resize);
  const gate = createGate();
  return {
    count: parts.length,
    load: async (number) => {
      const positions = parts[number];
      const draws =
        augment && drawAugmentation(augment, seed, { epoch, batch: number }, positions.length, size);
      const how = { strictTo: from, shorter: resize, draws, masks, gate, signal };
      if (device === undefined) return loadBatch(dataset, positions, size, how);
      const loaded = await loadBatch(dataset, positions, size, { ...how, augmentedLater: true });
      return onDevice(loaded, { backend: device, draws, signal });
    },
  };
}
