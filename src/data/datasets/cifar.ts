/**
 * CIFAR-10 and CIFAR-100, binary version, as https://www.cs.toronto.edu/~kriz/cifar.html documents it: files of
 * records without a header. A record is its label bytes (CIFAR-10: one; CIFAR-100: the coarse label, then the
 * fine one) and 3072 pixel bytes: the planes R, G, B of 32 × 32, row by row.
 */
import { promises as fs } from 'node:fs';
import path from 'node:path';
import { dataError, systemReason } from '../fail';
import type { Item, DatasetSource } from '../source';
import { filesOfArchives } from '../stored-files';
import { CHUNK, keepPixels, PIXELS, readRecord, type RecordFile } from './cifar-pixels';
import type { Format, OpenOptions } from './format';
import { pickSplit, sortedByBytes } from './listing';

/** What differs between CIFAR-10 and CIFAR-100. */
interface Variant {
  /** Label bytes before the pixels; the last of them is the class. */
  readonly labels: number;
  readonly classes: number;
  /** The file with the names of the classes. */
  readonly names: string;
  readonly train: RegExp;
  readonly test: RegExp;
}

const CIFAR_10: Variant = {
  labels: 1,
  classes: 10,
  names: 'batches.meta.txt',
  train: /^data_batch_\d+\.bin$/,
  test: /^test_batch\.bin$/,
};

const CIFAR_100: Variant = {
  labels: 2,
  classes: 100,
  names: 'fine_label_names.txt',
  train: /^train\.bin$/,
  test: /^test\.bin$/,
};

export const cifar: Format = {
  name: 'cifar',
  summary: 'the binary files of CIFAR-10 (data_batch_1.bin, …) or CIFAR-100 (train.bin, test.bin)',
  matches: async (root) => variantOf(await fs.readdir(root).catch(() => [])) !== undefined,
  open,
};

async function open({ path: root, split }: OpenOptions): Promise<DatasetSource> {
  const there = await fs.readdir(root).catch((error: unknown) => {
    throw dataError(root, `cannot be opened as a folder: ${systemReason(error)}`, error);
  });
  const variant = variantOf(there);
  if (!variant) throw dataError(root, 'holds none of data_batch_1.bin, test_batch.bin, train.bin, test.bin');
  const files = filesOfSplit(there, variant, split, root);
  const classes = await classNames(root, variant);
  const handles: fs.FileHandle[] = [];
  const closeFiles = async () => void (await Promise.all(handles.splice(0).map((handle) => handle.close())));
  try {
    const items: Item[] = [];
    const recordFiles: RecordFile[] = [];
    for (const name of files) {
      const handle = await opened(path.join(root, name));
      handles.push(handle);
      const labels = await labelsOf(handle, path.join(root, name), variant, classes.length);
      const file: RecordFile = { handle, count: labels.length, labels: variant.labels };
      recordFiles.push(file);
      labels.forEach((label, index) => {
        items.push({ id: recordId(name, index, labels.length), label });
      });
    }
    const bulk = keepPixels(recordFiles);
    return {
      format: cifar.name,
      classes,
      items,
      problems: [],
      read: (item) => {
        const { file, index } = placeOf(recordFiles, item);
        return readRecord(file, index, items[item].id);
      },
      bulk,
      files: filesOfArchives(files.map((name) => path.join(root, name))),
      close: async () => {
        bulk?.close();
        await closeFiles();
      },
    };
  } catch (error) {
    await closeFiles();
    throw error;
  }
}

/** The file of an item's record, and the record's position in it. */
function placeOf(files: readonly RecordFile[], item: number): { file: RecordFile; index: number } {
  let index = item;
  let number = 0;
  while (index >= files[number].count) index -= files[number++].count;
  return { file: files[number], index };
}

function variantOf(files: readonly string[]): Variant | undefined {
  return [CIFAR_10, CIFAR_100].find(({ train, test }) =>
    files.some((name) => train.test(name) || test.test(name)),
  );
}

function filesOfSplit(
  there: readonly string[],
  variant: Variant,
  split: string | undefined,
  root: string,
): string[] {
  const files = { train: [] as string[], test: [] as string[] };
  for (const name of sortedByBytes(there)) {
    if (variant.train.test(name)) files.train.push(name);
    else if (variant.test.test(name)) files.test.push(name);
  }
  const splits = (['train', 'test'] as const).filter((name) => files[name].length > 0);
  return files[pickSplit(splits, split, root) as 'train' | 'test'];
}

async function opened(file: string): Promise<fs.FileHandle> {
  return fs.open(file).catch((error: unknown) => {
    throw dataError(file, `cannot be read: ${systemReason(error)}`, error);
  });
}

/**
 * The class names in the text file that comes with the data, one per line; the numbers where there is no such
 * file.
 */
async function classNames(root: string, variant: Variant): Promise<string[]> {
  const text = await fs.readFile(path.join(root, variant.names), 'utf8').catch(() => '');
  const names = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return names.length > 0 ? names : Array.from({ length: variant.classes }, (_, label) => String(label));
}

/**
 * The class of every record of a file.
 * @throws (rejects) SaliencyMixError DATA for a file of another length, or a record whose label is no class
 */
async function labelsOf(
  handle: fs.FileHandle,
  file: string,
  variant: Variant,
  classes: number,
): Promise<number[]> {
  const record = variant.labels + PIXELS;
  const { size } = await handle.stat();
  if (size === 0 || size % record !== 0) {
    throw dataError(
      file,
      `has ${size} bytes, which is not a whole number of records of ${record} bytes; download it again`,
    );
  }
  const labels: number[] = [];
  const chunk = new Uint8Array(CHUNK * record);
  while (labels.length < size / record) {
    const wanted = Math.min(CHUNK, size / record - labels.length) * record;
    const { bytesRead } = await handle.read(chunk, 0, wanted, labels.length * record);
    if (bytesRead < wanted) throw dataError(file, 'grew shorter while it was read');
    for (let at = variant.labels - 1; at < wanted; at += record) {
      if (chunk[at] >= classes) {
        throw dataError(
          file,
          `has the label ${chunk[at]} in record ${labels.length}, but there are ${classes} classes; is it a CIFAR file?`,
        );
      }
      labels.push(chunk[at]);
    }
  }
  return labels;
}

/**
 * `data_batch_1.bin/00042`: padded with zeros, so that ids ordered by bytes are in the order of the records.
 */
function recordId(file: string, index: number, count: number): string {
  return `${file}/${String(index).padStart(Math.max(5, String(count - 1).length), '0')}`;
}
