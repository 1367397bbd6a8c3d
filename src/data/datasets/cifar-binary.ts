/**
 * The binary version of CIFAR: files of records without a header. A record is its label bytes (CIFAR-10: one; CIFAR-100: the coarse
 * label, then the fine one) and 3072 pixel bytes.
 */
import { dataError } from '../fail';
import type { CifarFiles } from './cifar-files';
import { type CifarForm, checkLabel, type Place, type Records } from './cifar-form';
import { CHUNK, PIXELS } from './cifar-pixels';

function form(files: Pick<CifarForm, 'classes' | 'train' | 'test' | 'names'>, labelBytes: number): CifarForm {
  return {
    ...files,
    readNames: (there) => namesIn(there, files.names),
    records: (place, file, classes) => recordsOf(place, file, labelBytes, classes),
    count: async (there, name) => Math.floor((await there.sizeOf(name)) / (labelBytes + PIXELS)),
  };
}

export const BINARY_10 = form(
  {
    classes: 10,
    train: /^data_batch_\d+\.bin$/,
    test: /^test_batch\.bin$/,
    names: 'batches.meta.txt',
  },
  1,
);

export const BINARY_100 = form(
  {
    classes: 100,
    train: /^train\.bin$/,
    test: /^test\.bin$/,
    names: 'fine_label_names.txt',
  },
  2,
);

/** One per line. */
async function namesIn(files: CifarFiles, name: string): Promise<string[]> {
  const text = await files.text(name);
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

async function recordsOf(
  { handle, offset, size }: Place,
  file: string,
  labelBytes: number,
  classes: number,
): Promise<Records> {
  const record = labelBytes + PIXELS;
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
    for (let at = labelBytes - 1; at < wanted; at += record) {
      labels.push(checkLabel(chunk[at], labels.length, file, classes));
    }
  }
  return { labels, offset, labelBytes };
}
