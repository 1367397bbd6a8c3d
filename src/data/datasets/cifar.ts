/**
 * CIFAR-10 and CIFAR-100, binary version, as https://www.cs.toronto.edu/~kriz/cifar.html documents it: files of
 * records without a header. A record is its label bytes (CIFAR-10: one; CIFAR-100: the coarse label, then the
 * fine one) and 3072 pixel bytes: the planes R, G, B of 32 × 32, row by row.
 */
import type { promises as fs } from 'node:fs';
import { dataError } from '../fail';
import { type Limits, limitsOf, tooManyBytes } from '../limits';
import type { Item, DatasetSource } from '../source';
import { filesOfArchives } from '../stored-files';
import { adviceFor, type CifarFiles, type Found, findCifar, openArchive, openFolder } from './cifar-files';
import { CHUNK, keepPixels, PIXELS, readRecord, type RecordFile } from './cifar-pixels';
import type { Format, Opening } from './format';
import { pickSplit, type WantedSplit } from '../layout/splits';
import { sortedByBytes } from '../layout/names';

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
  summary:
    'the binary files of CIFAR-10 (data_batch_1.bin, …) or CIFAR-100 (train.bin, test.bin): their folder, one above it, or the .tar',
  matches: async (root) => (await findCifar(root)) !== undefined,
  open,
};

async function open(options: Opening): Promise<DatasetSource> {
  const { path: root, split, prefer } = options;
  const limits = limitsOf(options);
  const files = await openFiles(root, await findCifar(root), limits);
  try {
    return await openSplit(files, { root, split, prefer }, limits);
  } catch (error) {
    await files.close();
    throw error;
  }
}

/** Throws DATA for what has to be downloaded in another form, or where it is not clear which of several is meant. */
async function openFiles(root: string, found: Found | undefined, limits: Limits): Promise<CifarFiles> {
  if (!found) return openFolder(root, limits);
  const advice = adviceFor(found);
  if (advice !== undefined) throw dataError(found.path, advice);
  const [rival] = found.rivals ?? [];
  if (rival !== undefined) {
    throw dataError(
      root,
      `holds CIFAR's files in "${found.path}" and other data in "${rival}"; name the folder that is meant`,
    );
  }
  return found.prefix === undefined
    ? openFolder(found.path, limits)
    : openArchive(found.path, found.prefix, limits);
}

async function openSplit(files: CifarFiles, wanted: WantedSplit, limits: Limits): Promise<DatasetSource> {
  const variant = variantOf(files.names);
  if (!variant)
    throw dataError(wanted.root, 'holds none of data_batch_1.bin, test_batch.bin, train.bin, test.bin');
  const splits = splitsOf(files.names, variant);
  const split = pickSplit([...splits.keys()], wanted);
  const names = splits.get(split) as string[];
  const classes = await classNames(files, variant);
  const items: Item[] = [];
  const recordFiles: RecordFile[] = [];
  for (const name of names) {
    const place = await files.open(name);
    if (place.size > limits.maxFileBytes)
      throw dataError(files.pathOf(name), tooManyBytes(place.size, limits));
    const labels = await labelsOf(place, files.pathOf(name), variant, classes.length);
    recordFiles.push({ ...place, count: labels.length, labels: variant.labels });
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
    split,
    splits: await counted(files, splits, variant),
    read: (item) => {
      const { file, index } = placeOf(recordFiles, item);
      return readRecord(file, index, items[item].id);
    },
    bulk,
    files: filesOfArchives(files.stored(names)),
    close: async () => {
      bulk?.close();
      await files.close();
    },
  };
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

/** The files of each split that is there. */
function splitsOf(there: readonly string[], variant: Variant): Map<string, string[]> {
  const names = sortedByBytes(there);
  const splits = (['train', 'test'] as const).map(
    (split) => [split, names.filter((name) => variant[split].test(name))] as const,
  );
  return new Map(splits.filter(([, files]) => files.length > 0));
}

/** The number of images of each split, by the sizes of its files. */
async function counted(
  files: CifarFiles,
  splits: ReadonlyMap<string, readonly string[]>,
  { labels }: Variant,
): Promise<DatasetSource['splits']> {
  const counts = [];
  for (const [name, own] of splits) {
    let images = 0;
    for (const file of own) images += Math.floor((await files.sizeOf(file)) / (labels + PIXELS));
    counts.push({ name, images });
  }
  return counts;
}

/**
 * The class names in the text file that comes with the data, one per line; the numbers where there is no such
 * file.
 * @throws (rejects) SaliencyMixError DATA for a name that is there twice
 */
async function classNames(files: CifarFiles, variant: Variant): Promise<string[]> {
  const text = await files.text(variant.names);
  const names = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const twice = names.find((name, label) => names.indexOf(name) !== label);
  if (twice !== undefined)
    throw dataError(files.pathOf(variant.names), `names the class "${twice}" twice; download it again`);
  return names.length > 0 ? names : Array.from({ length: variant.classes }, (_, label) => String(label));
}

/**
 * The class of every record of a file.
 * @throws (rejects) SaliencyMixError DATA for a file of another length, or a record whose label is no class
 */
async function labelsOf(
  { handle, offset, size }: { handle: fs.FileHandle; offset: number; size: number },
  file: string,
  variant: Variant,
  classes: number,
): Promise<number[]> {
  const record = variant.labels + PIXELS;
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
    const { bytesRead } = await handle.read(chunk, 0, wanted, offset + labels.length * record);
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
