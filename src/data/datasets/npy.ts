/**
 * A folder of NumPy arrays, as `augment` writes them: images-*.npy (uint8, N × H × W × 3), and beside each labels-*.npy
 * (float32, N × classes), row by row. The header is that of
 * https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html.
 */
import { promises as fs } from 'node:fs';
import path from 'node:path';
import { dataError, fileError, splitError, systemReason } from '../fail';
import { countLeftOut, isImage, sortedByBytes } from '../layout/names';
import { type Limits, limitsOf, tooManyBytes, tooManyPixels } from '../limits';
import type { DatasetSource, Item, Problem, RawImage } from '../source';
import type { Format, OpenOptions } from './format';
import { largestOf, namesOrNumbers, RUN_FILE, weightsAsLabel } from './own-run';

const IMAGES = /^images(.*\.npy)$/;

export const npy: Format = {
  name: 'npy',
  summary: 'NumPy arrays: images-*.npy (uint8 N×H×W×3) with labels-*.npy (float32 N×classes)',
  matches: async (root) => {
    const names = await fs.readdir(root).catch((): string[] => []);
    return names.some((name) => IMAGES.test(name) && names.includes(labelsOf(name)));
  },
  open,
};

const labelsOf = (name: string): string => name.replace(IMAGES, 'labels$1');

/** An array in a file. */
interface ArrayOnDisk {
  readonly file: string;
  readonly handle: fs.FileHandle;
  /** Where its first element is. */
  readonly start: number;
  readonly shape: readonly number[];
}

async function open(options: OpenOptions): Promise<DatasetSource> {
  const { path: root, split } = options;
  const limits = limitsOf(options);
  if (split !== undefined)
    throw splitError(root, `has no splits, so "${split}" cannot be picked: leave it out`);
  const names = sortedByBytes(await fs.readdir(root));
  const handles: fs.FileHandle[] = [];
  const close = async () => void (await Promise.all(handles.splice(0).map((handle) => handle.close())));
  try {
    const items: Item[] = [];
    const places: { images: ArrayOnDisk; row: number }[] = [];
    const parts = names.filter((name) => IMAGES.test(name));
    const problems: Problem[] = [];
    for (const name of parts) {
      if (!names.includes(labelsOf(name))) {
        problems.push({ file: name, reason: `has no ${labelsOf(name)} beside it; it is left out` });
        continue;
      }
      const images = await openArray(path.join(root, name), handles, '|u1', [4, 3]);
      const labels = await openArray(path.join(root, labelsOf(name)), handles, '<f4', [2]);
      const weights = await readWeights(labels, images, limits);
      for (const [row, soft] of weights.entries()) {
        items.push({ id: `${name}/${String(row).padStart(7, '0')}`, label: largestOf(soft), soft });
        places.push({ images, row });
      }
    }
    if (items.length === 0) throw dataError(root, 'holds no images: its arrays have no rows');
    const count = (items[0].soft as Float32Array).length;
    if (items.some(({ soft }) => soft?.length !== count))
      throw dataError(root, 'has labels of different numbers of classes in its arrays');
    const used = new Set(parts.flatMap((name) => [name, labelsOf(name)]));
    const isStray = (name: string) => isImage(name) && !names.includes(RUN_FILE);
    const others = names.filter((name) => !used.has(name));
    for (const file of others.filter(isStray))
      problems.push({ file, reason: 'lies beside the arrays; it is left out' });
    return {
      format: npy.name,
      classes: await namesOrNumbers(root, count, limits),
      items,
      problems,
      leftOut: countLeftOut(others.filter((name) => !isStray(name))),
      limits,
      read: (index) => readRow(places[index].images, places[index].row, items[index].id, limits),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * Opens an array of a type, with so many sides, of which the last may be fixed.
 * @throws (rejects) SaliencyMixError DATA for any other
 */
async function openArray(
  file: string,
  handles: fs.FileHandle[],
  dtype: string,
  [sides, last]: readonly [number, number?],
): Promise<ArrayOnDisk> {
  const handle = await fs.open(file).catch((error: unknown) => {
    throw dataError(file, `cannot be read: ${systemReason(error)}`, error);
  });
  handles.push(handle);
  const head = Buffer.alloc(LONGEST_HEADER);
  const { bytesRead } = await handle.read(head, 0, head.length, 0);
  const isNpy = bytesRead >= 12 && head.toString('latin1', 0, 6) === '\x93NUMPY';
  const isFirst = head[6] === 1;
  const start = isFirst ? 10 + head.readUInt16LE(8) : 12 + head.readUInt32LE(8);
  if (!isNpy || start > bytesRead) throw dataError(file, 'is not an array of NumPy (.npy), or is cut short');
  const text = head.toString('latin1', isFirst ? 10 : 12, start);
  const descr = /'descr': *'([^']+)'/.exec(text)?.[1];
  const sizes = /'shape': *\( *((?:\d+ *, *)*\d*) *\)/.exec(text)?.[1];
  const order = /'fortran_order': *(False|True)/.exec(text)?.[1];
  const expected = `${dtype} with ${sides} sides${last === undefined ? '' : `, the last of ${last}`}, in C order`;
  if (descr === undefined || sizes === undefined || order === undefined)
    throw dataError(
      file,
      `has a header that does not say type, shape and order, where ${expected} is expected`,
    );
  const shape = sizes
    .split(',')
    .filter((one) => one.trim() !== '')
    .map(Number);
  const fits = shape.length === sides && (last === undefined || shape[sides - 1] === last);
  if (descr !== dtype || !fits || order === 'True') {
    const found = `${descr}, ${shape.length === 0 ? 'one number' : shape.join(' × ')}${order === 'True' ? ', in Fortran order' : ''}`;
    throw dataError(file, `is an array of ${found}, where ${expected} is expected`);
  }
  if (shape.slice(1).includes(0))
    throw dataError(file, `has the shape ${shape.join(' × ')}, of which a row holds nothing`);
  const bytes = shape.reduce((a, b) => a * b, dtype === '<f4' ? 4 : 1);
  const { size } = await handle.stat();
  if (size < start + bytes) throw dataError(file, `is cut short: it has ${size} of ${start + bytes} bytes`);
  return { file, handle, start, shape };
}

/** Headers of arrays without fields are shorter by far. */
const LONGEST_HEADER = 4096;

/** @throws (rejects) SaliencyMixError DATA for another number of rows than images, too many of them, and a row that is no label */
async function readWeights(
  labels: ArrayOnDisk,
  images: ArrayOnDisk,
  limits: Limits,
): Promise<Float32Array[]> {
  const [rows, classes] = labels.shape;
  if (rows !== images.shape[0])
    throw dataError(labels.file, `has ${rows} rows for the ${images.shape[0]} images of ${images.file}`);
  const bytes = 4 * rows * classes;
  if (bytes > limits.maxFileBytes) throw dataError(labels.file, tooManyBytes(bytes, limits));
  const all = new Float32Array(rows * classes);
  const { bytesRead } = await labels.handle.read(new Uint8Array(all.buffer), 0, all.byteLength, labels.start);
  if (bytesRead < all.byteLength) throw dataError(labels.file, 'grew shorter while it was read');
  return Array.from({ length: rows }, (_, row) => {
    const label = weightsAsLabel(all.subarray(row * classes, (row + 1) * classes));
    if (label) return label;
    const expected = 'finite numbers of at least 0, one of them above';
    throw dataError(labels.file, `has in row ${row} (from 0) weights that are not ${expected}`);
  });
}

async function readRow(
  { handle, start, shape }: ArrayOnDisk,
  row: number,
  id: string,
  { maxPixels }: Limits,
): Promise<RawImage> {
  const [, height, width] = shape;
  if (height * width > maxPixels) throw fileError(id, tooManyPixels([height, width], maxPixels));
  const pixels = new Uint8Array(height * width * 3);
  const { bytesRead } = await handle.read(pixels, 0, pixels.length, start + row * pixels.length);
  if (bytesRead < pixels.length)
    throw fileError(id, 'is no longer whole: its array grew shorter after it was opened');
  return { pixels, height, width };
}
