import path from 'node:path';
import { cifar } from '../../src/data/datasets/cifar';
import type { RawImage, DatasetSource } from '../../src/data/source';
import { failure, put, temporaryFolder } from './fixtures';

const temporary = temporaryFolder();
let count = 0;
const fresh = () => path.join(temporary, `set-${count++}`);
const opened: DatasetSource[] = [];

async function open(root: string, split?: string): Promise<DatasetSource> {
  const source = await cifar.open({ path: root, split });
  opened.push(source);
  return source;
}

afterAll(() => Promise.all(opened.map((source) => source.close())));

/** The byte of a pixel: different for every channel, row and column, and for every record. */
const level = (record: number, channel: number, row: number, column: number) =>
  (record * 31 + channel * 80 + row * 5 + column * 3) % 256;

/** Records as the authors describe them: labels, then the planes R, G, B, row by row. */
function records(labels: readonly (readonly number[])[]): Uint8Array {
  return Uint8Array.from(
    labels.flatMap((own, record) => {
      const planes = [];
      for (let channel = 0; channel < 3; channel++) {
        for (let row = 0; row < 32; row++) {
          for (let column = 0; column < 32; column++) planes.push(level(record, channel, row, column));
        }
      }
      return [...own, ...planes];
    }),
  );
}

function expected(record: number): Uint8Array {
  const pixels = [];
  for (let row = 0; row < 32; row++) {
    for (let column = 0; column < 32; column++) {
      for (let channel = 0; channel < 3; channel++) pixels.push(level(record, channel, row, column));
    }
  }
  return Uint8Array.from(pixels);
}

const refused = async (root: string, message: RegExp, split?: string) => {
  const error = await failure(open(root, split));
  expect(error.code).toBe('DATA');
  expect(error.message).toMatch(message);
};

test('CIFAR-10: records in order, names from the text file, planes to RGB pixels', async () => {
  const root = fresh();
  put(root, 'data_batch_2.bin', records([[9]]));
  put(root, 'data_batch_1.bin', records([[3], [0], [9]]));
  put(root, 'test_batch.bin', records([[1], [2]]));
  put(root, 'batches.meta.txt', 'airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n\n');
  const source = await open(root);
  expect(source.classes).toHaveLength(10);
  expect(source.classes[3]).toBe('cat');
  expect(source.items).toEqual([
    { id: 'data_batch_1.bin/00000', label: 3 },
    { id: 'data_batch_1.bin/00001', label: 0 },
    { id: 'data_batch_1.bin/00002', label: 9 },
    { id: 'data_batch_2.bin/00000', label: 9 },
  ]);
  const image = (await source.read(1)) as RawImage;
  expect([image.height, image.width]).toEqual([32, 32]);
  expect(image.pixels).toEqual(expected(1));
  expect(((await source.read(3)) as RawImage).pixels).toEqual(expected(0));
  const held = await open(root, 'test');
  expect(held.items.map(({ label }) => label)).toEqual([1, 2]);
  expect(held.items[1].id).toBe('test_batch.bin/00001');
  expect(await cifar.matches(root)).toBe(true);
  expect(await cifar.matches(temporary)).toBe(false);
});

test('CIFAR-100: the fine label is the class; names are numbers without the text file', async () => {
  const root = fresh();
  put(
    root,
    'train.bin',
    records([
      [19, 99],
      [2, 0],
    ]),
  ); // coarse, fine
  const source = await open(root);
  expect(source.classes).toEqual(Array.from({ length: 100 }, (_, label) => String(label)));
  expect(source.items).toEqual([
    { id: 'train.bin/00000', label: 99 },
    { id: 'train.bin/00001', label: 0 },
  ]);
  expect(((await source.read(1)) as RawImage).pixels).toEqual(expected(1));
  put(root, 'fine_label_names.txt', Array.from({ length: 100 }, (_, label) => `fine ${label}`).join('\r\n'));
  expect((await open(root)).classes[99]).toBe('fine 99');
});

test('labels are right beyond the first chunk that is read', async () => {
  const root = fresh();
  const many = new Uint8Array(2500 * 3073);
  for (let record = 0; record < 2500; record++) many[record * 3073] = record % 7;
  put(root, 'data_batch_1.bin', many);
  const { items } = await open(root);
  expect(items).toHaveLength(2500);
  expect(items.every(({ label }, i) => label === i % 7)).toBe(true);
  expect(items[2499].id).toBe('data_batch_1.bin/02499');
});

describe('files that are not as documented', () => {
  test('a length that is no whole number of records', async () => {
    const root = fresh();
    put(root, 'data_batch_1.bin', records([[1]]).subarray(1));
    await refused(
      root,
      /data_batch_1\.bin" has 3072 bytes, which is not a whole number of records of 3073 bytes/,
    );
    put(root, 'data_batch_1.bin', '');
    await refused(root, /has 0 bytes/);
  });

  test('a label out of range', async () => {
    const root = fresh();
    put(root, 'data_batch_1.bin', records([[1], [10]]));
    await refused(root, /data_batch_1\.bin" has the label 10 in record 1, but there are 10 classes/);
  });

  test('a split whose file is missing', async () => {
    const root = fresh();
    put(root, 'test_batch.bin', records([[1]]));
    await refused(root, /has no split "train"; .* pass split, one of "test"/);
    await refused(root, /has no split "val"; there are: "test"/, 'val');
    expect((await open(root, 'test')).items).toHaveLength(1);
  });

  test('a folder without such files, or none', async () => {
    await refused(path.join(temporary, 'none'), /cannot be opened as a folder: it is not there/);
    const root = fresh();
    put(root, 'cat/1.jpg', 'x');
    await refused(root, /holds none of data_batch_1\.bin, test_batch\.bin, train\.bin, test\.bin/);
  });

  test('a directory in place of a file', async () => {
    const root = fresh();
    put(root, 'train.bin/x', 'x');
    await refused(root, /train\.bin/);
  });
});
