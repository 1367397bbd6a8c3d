/** Opens data sets; the public API of this folder. */
import type { DeviceBatch } from '../device/batch';
import { type Batch, type BatchOptions, type DeviceBatchOptions, batches } from './batches';
import { openingOf, openSource } from './datasets';
import type { Opening, OpenOptions } from './datasets/format';
import type { ImageBatch } from '../types';
import type { LeftOut } from './layout/names';
import { dataError } from './fail';
import type { Item, Problem, DatasetSource } from './source';

export interface Dataset {
  readonly path: string;
  /** Name of the format it was opened as. */
  readonly format: string;
  /** Class names; the label of an item is a position in this list. */
  readonly classes: readonly string[];
  /** Number of images. */
  readonly length: number;
  /** The images, ordered by the UTF-8 bytes of their ids. */
  readonly items: readonly Item[];
  /** What was found but left out: files without a class, link loops, folders that cannot be entered. */
  readonly problems: readonly Problem[];
  /** Files that are neither images nor labels: how many of each ending, as in `{ '.txt': 3 }`; and those in hidden folders. */
  readonly leftOut: LeftOut;
  /** The split that was opened, and the number of images of each; where the data has splits. */
  readonly split?: string;
  readonly splits?: DatasetSource['splits'];
  /** Why the classes are unlikely to be what was meant, and what to do; jobs that need classes refuse these. */
  readonly doubt?: string;
  /** What else the user should know about how the data was read, one line each. */
  readonly notices: readonly string[];
  readonly source: DatasetSource;
  /**
   * The batches of one epoch: each call starts a new one. The bytes do not depend on `prefetch`. With `onBad:
   * 'skip'`, a batch without any good image is not yielded (`onSkipped` tells of it). Leaving the loop stops the loading.
   *
   * Files are read, and decoded by sharp, on libuv's threads, of which there are four. With more cores, start
   * Node with UV_THREADPOOL_SIZE set to two more than the number of cores. sharp keeps what it has computed in
   * a cache, which is of no use here: `sharp.cache(false)` saves up to 50 MB. Both are settings of the whole
   * process, so they are left to you; the command line makes both.
   * @throws (rejects) SaliencyMixError ARGUMENT; FILE for a bad file with `onBad: 'throw'`; DATA for an image
   *   of another size with `size: 'keep'`, or where no image can be read; the signal's reason when aborted
   */
  batches(options: BatchOptions & { masks: true }): AsyncIterable<Batch & Required<Pick<Batch, 'masks'>>>;
  batches(options: DeviceBatchOptions): AsyncIterable<Batch<DeviceBatch<'uint8'>>>;
  batches(options?: BatchOptions): AsyncIterable<Batch>;
  batches(
    options?: BatchOptions | DeviceBatchOptions,
  ): AsyncIterable<Batch<ImageBatch | DeviceBatch<'uint8'>>>;
  /**
   * Closes the files that are kept open (archives, CIFAR). Nothing can be read afterwards. May be called twice.
   */
  close(): Promise<void>;
}

/**
 * Opens a folder of images, CIFAR's files, a tar archive or a folder of them, or `'demo'`, the data set
 * that this package draws itself (for a folder of that name give `'./demo'`).
 * @throws (rejects) SaliencyMixError ARGUMENT for wrong options; DATA for a path that is not there, has no
 *   images or not the split that was asked for
 */
export function openDataset(path: string, options?: Omit<OpenOptions, 'path'>): Promise<Dataset>;
export function openDataset(options: string | OpenOptions): Promise<Dataset>;
export async function openDataset(
  pathOrOptions: string | OpenOptions,
  options?: Omit<OpenOptions, 'path'>,
): Promise<Dataset> {
  return openData(openingOf(pathOrOptions, options));
}

/**
 * Called by everything that needs classes.
 * @throws SaliencyMixError DATA if the classes are probably wrong
 */
export function requireClasses({ path, source }: Dataset): void {
  if (source.doubt !== undefined) throw dataError(path, source.doubt);
}

/** openDataset with options that are parsed already. */
export async function openData(options: Opening): Promise<Dataset> {
  return datasetOf(options.path, await openSource(options));
}

/** A data set of an opened source. */
export function datasetOf(path: string, source: DatasetSource): Dataset {
  return {
    path,
    format: source.format,
    classes: source.classes,
    length: source.items.length,
    items: source.items,
    problems: source.problems,
    leftOut: source.leftOut ?? {},
    split: source.split,
    splits: source.splits,
    doubt: source.doubt,
    notices: source.notices ?? [],
    source,
    batches: ((chosen?: BatchOptions | DeviceBatchOptions) =>
      batches({ path, source }, chosen)) as Dataset['batches'],
    close: () => source.close(),
  };
}
