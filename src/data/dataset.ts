/** Opening a data set: the public face of this folder. */
import { type Batch, type BatchOptions, batches } from './batches';
import { dataOption, openSource } from './datasets';
import type { OpenOptions } from './datasets/format';
import type { Item, Problem, DatasetSource } from './source';

export interface Dataset {
  readonly path: string;
  /** Name of the format it was opened as. */
  readonly format: string;
  /** Class names; an item's label is a position in them. */
  readonly classes: readonly string[];
  /** Number of items. */
  readonly length: number;
  /** Ordered by the bytes of their ids. */
  readonly items: readonly Item[];
  /** What was found and left out: files without a class, link loops, folders that cannot be entered. */
  readonly problems: readonly Problem[];
  readonly source: DatasetSource;
  /**
   * One epoch of batches, see batches.ts. Each call starts a new one.
   *
   * Files are read, and decoded by sharp, on libuv's pool, which has four threads: with more cores, start Node with
   * UV_THREADPOOL_SIZE set to their number and two more. sharp keeps results it has computed, which no epoch asks for again: `sharp.cache(false)`
   * saves up to 50 MB. Both are settings of the whole process, so this package leaves them to the program (the command
   * line sets them).
   */
  batches(options?: BatchOptions): AsyncIterable<Batch>;
  /**
   * Closes the files that are held open (archives, CIFAR); afterwards nothing can be read. May be called
   * twice.
   */
  close(): Promise<void>;
}

/**
 * Opens a folder of images, CIFAR's binary files, a tar archive or a folder of shards, or `'demo'`, the data
 * set that this package draws itself (a folder of that name is `'./demo'`). Rejects with ARGUMENT for wrong
 * options, and with DATA for what is not there, holds no images or has no such split.
 */
export const openDataset = async (pathOrOptions: string | OpenOptions): Promise<Dataset> =>
  openData(dataOption.check(pathOrOptions, 'data'));

/** Opens what parsed options say. */
export async function openData(options: OpenOptions): Promise<Dataset> {
  const source = await openSource(options);
  return {
    path: options.path,
    format: source.format,
    classes: source.classes,
    length: source.items.length,
    items: source.items,
    problems: source.problems,
    source,
    batches: (chosen) => batches({ source }, chosen),
    close: () => source.close(),
  };
}
