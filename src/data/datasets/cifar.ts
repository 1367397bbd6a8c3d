/**
 * CIFAR-10 and CIFAR-100, as https://www.cs.toronto.edu/~kriz/cifar.html documents them: the binary version, or that for Python. The
 * pixels of an image are the planes R, G, B of 32 × 32, row by row.
 */
import { dataError } from '../fail';
import { type Limits, limitsOf, tooManyBytes } from '../limits';
import type { Item, DatasetSource } from '../source';
import { filesOfArchives } from '../stored-files';
import { BINARY_10, BINARY_100 } from './cifar-binary';
import { adviceFor, type CifarFiles, type Found, findCifar, openArchive, openFolder } from './cifar-files';
import type { CifarForm, Place } from './cifar-form';
import { keepPixels, readRecord, type RecordFile } from './cifar-pixels';
import { PYTHON_10, PYTHON_100 } from './cifar-python';
import type { Format, Opening } from './format';
import { pickSplit, type WantedSplit } from '../layout/splits';
import { sortedByBytes } from '../layout/names';

const FORMS = [BINARY_10, BINARY_100, PYTHON_10, PYTHON_100];

export const cifar: Format = {
  name: 'cifar',
  summary:
    'the files of CIFAR-10 (data_batch_1, …) or CIFAR-100 (train, test), of the binary version or that for Python: their folder, one above it, or the .tar',
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
  const form = formOf(files.names);
  if (!form)
    throw dataError(
      wanted.root,
      'holds none of data_batch_1.bin, test_batch.bin, train.bin, test.bin, nor those of the version for Python',
    );
  const splits = splitsOf(files.names, form);
  const split = pickSplit([...splits.keys()], wanted);
  const names = splits.get(split) as string[];
  const classes = await classNames(files, form);
  const items: Item[] = [];
  const recordFiles: RecordFile[] = [];
  for (const name of names) {
    const place = await openedFile(files, name, limits);
    const { labels, offset, labelBytes } = await form.records(place, files.pathOf(name), classes.length);
    recordFiles.push({ handle: place.handle, offset, count: labels.length, labels: labelBytes });
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
    splits: await counted(files, splits, form),
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

/** @throws (rejects) SaliencyMixError DATA for a file that cannot be opened, or is larger than may be */
async function openedFile(files: CifarFiles, name: string, limits: Limits): Promise<Place> {
  const place = await files.open(name);
  if (place.size > limits.maxFileBytes) throw dataError(files.pathOf(name), tooManyBytes(place.size, limits));
  return place;
}

/** The file of an item's record, and the record's position in it. */
function placeOf(files: readonly RecordFile[], item: number): { file: RecordFile; index: number } {
  let index = item;
  let number = 0;
  while (index >= files[number].count) index -= files[number++].count;
  return { file: files[number], index };
}

function formOf(there: readonly string[]): CifarForm | undefined {
  return FORMS.find(
    ({ train, test, names, isCommon }) =>
      there.some((name) => train.test(name) || test.test(name)) && (!isCommon || there.includes(names)),
  );
}

/** The files of each split that is there. */
function splitsOf(there: readonly string[], form: CifarForm): Map<string, string[]> {
  const names = sortedByBytes(there);
  const splits = (['train', 'test'] as const).map(
    (split) => [split, names.filter((name) => form[split].test(name))] as const,
  );
  return new Map(splits.filter(([, files]) => files.length > 0));
}

/** The number of images of each split. */
async function counted(
  files: CifarFiles,
  splits: ReadonlyMap<string, readonly string[]>,
  form: CifarForm,
): Promise<DatasetSource['splits']> {
  const counts = [];
  for (const [name, own] of splits) {
    let images = 0;
    for (const file of own) images += await form.count(files, file);
    counts.push({ name, images });
  }
  return counts;
}

/**
 * The class names that come with the data; the numbers where they do not.
 * @throws (rejects) SaliencyMixError DATA for a name that is there twice
 */
async function classNames(files: CifarFiles, form: CifarForm): Promise<readonly string[]> {
  const names = await form.readNames(files);
  const twice = names.find((name, label) => names.indexOf(name) !== label);
  if (twice !== undefined)
    throw dataError(files.pathOf(form.names), `names the class "${twice}" twice; download it again`);
  return names.length > 0 ? names : Array.from({ length: form.classes }, (_, label) => String(label));
}

/**
 * `data_batch_1.bin/00042`: padded with zeros, so that ids ordered by bytes are in the order of the records.
 */
function recordId(file: string, index: number, count: number): string {
  return `${file}/${String(index).padStart(Math.max(5, String(count - 1).length), '0')}`;
}
