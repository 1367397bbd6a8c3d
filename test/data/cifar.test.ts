import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { cifar } from '../../src/data/datasets/cifar';
import type { RawImage } from '../../src/data/source';
import { opener, pixels, planes } from './cifar-images';
import { failure, put, tarOf, temporaryFolder } from './fixtures';

const temporary = temporaryFolder();
let count = 0;
const fresh = () => path.join(temporary, `set-${count++}`);
const open = opener();

/** Records as the authors describe them: labels, then the planes R, G, B, row by row. */
const records = (labels: readonly (readonly number[])[]) =>
  Uint8Array.from(labels.flatMap((own, record) => [...own, ...planes(record)]));

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
  expect(image.pixels).toEqual(pixels(1));
  expect(((await source.read(3)) as RawImage).pixels).toEqual(pixels(0));
  const held = await open(root, 'test');
  const splits = [
    { name: 'train', images: 4 },
    { name: 'test', images: 2 },
  ];
  expect([source, held]).toMatchObject([
    { split: 'train', splits },
    { split: 'test', splits },
  ]);
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
  expect(((await source.read(1)) as RawImage).pixels).toEqual(pixels(1));
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

  test('a class that is named twice', async () => {
    const root = fresh();
    put(root, 'data_batch_1.bin', records([[0]]));
    put(root, 'batches.meta.txt', 'cat\ndog\ncat\n');
    await refused(root, /batches\.meta\.txt" names the class "cat" twice; download it again/);
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

describe('where the files are', () => {
  const names = 'airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n';
  const fill = (folder: string) => {
    put(folder, 'data_batch_1.bin', records([[3], [0], [9]]));
    put(folder, 'data_batch_2.bin', records([[4]]));
    put(folder, 'test_batch.bin', records([[1], [2]]));
    put(folder, 'batches.meta.txt', names);
    put(folder, 'readme.html', '<html></html>');
  };
  const binary = 'cifar-10-batches-bin';

  /** Labels and pixels, one by one and all at once. */
  async function expectSame(root: string) {
    expect(await cifar.matches(root)).toBe(true);
    for (const [split, labels] of [
      ['train', [3, 0, 9, 4]],
      ['test', [1, 2]],
    ] as const) {
      const source = await open(root, split);
      expect(source.classes[3]).toBe('cat');
      expect(source.items.map(({ label }) => label)).toEqual(labels);
      expect(source.items.map(({ id }) => id)[1]).toBe(
        split === 'train' ? 'data_batch_1.bin/00001' : 'test_batch.bin/00001',
      );
      const wanted = split === 'train' ? [0, 1, 2, 0] : [0, 1];
      const all = new Uint8Array(labels.length * 3072);
      await source.bulk?.read([...labels.keys()], all);
      for (const [i, record] of wanted.entries()) {
        expect(((await source.read(i)) as RawImage).pixels).toEqual(pixels(record));
        expect(all.subarray(i * 3072, (i + 1) * 3072)).toEqual(pixels(record));
      }
      await source.close();
    }
  }

  test('the folder above, and one above that', async () => {
    const root = fresh();
    fill(path.join(root, 'downloads', binary));
    put(root, 'downloads/cifar-10-binary.tar.gz', 'x');
    mkdirSync(path.join(root, 'downloads/MNIST/raw'), { recursive: true });
    await expectSame(path.join(root, 'downloads'));
    await expectSame(root);
  });

  test('the tar archive, with and without its folder, or in a folder', async () => {
    const root = fresh();
    fill(path.join(root, 'x', binary));
    const entries = (prefix: string) =>
      readdirSync(path.join(root, 'x', binary)).map((name) => ({
        name: `${prefix}${name}`,
        content: readFileSync(path.join(root, 'x', binary, name)),
      }));
    await expectSame(
      put(
        root,
        'with.tar',
        await tarOf([{ name: `${binary}/`, type: 'directory' }, ...entries(`${binary}/`)]),
      ),
    );
    await expectSame(put(root, 'without.tar', await tarOf(entries('./'))));
    put(root, 'down/cifar-10-binary.tar', await tarOf(entries(`${binary}/`)));
    await expectSame(path.join(root, 'down'));
  });

  test('another version, and compressed archives: which one to take', async () => {
    const root = fresh();
    put(root, 'c/test_batch.mat', 'MATLAB 5.0');
    put(root, 'e/cifar-100-python.tar.gz', 'x');
    put(root, 'f/cifar-10-binary.tar.gz', 'x');
    for (const [name, words] of [
      [
        'c',
        /c" is the Matlab version of CIFAR-10, which is not read: take the binary version, cifar-10-binary\.tar\.gz, from https:/,
      ],
      ['e', /cifar-100-python\.tar\.gz" is compressed: unpack it/],
      ['e/cifar-100-python.tar.gz', /is compressed: unpack it/],
      ['f', /cifar-10-binary\.tar\.gz" is compressed: unpack it/],
    ] as const) {
      expect(await cifar.matches(path.join(root, name))).toBe(true);
      await refused(path.join(root, name), words);
    }
  });

  test('beside other data nothing is guessed', async () => {
    const root = fresh();
    fill(path.join(root, binary));
    put(root, 'cats/1.jpg', 'x');
    await refused(
      root,
      /holds CIFAR's files in ".*cifar-10-batches-bin" and other data in ".*cats"; name the folder that is meant/,
    );
    fill(path.join(root, 'two/cifar-a'));
    fill(path.join(root, 'two/cifar-b'));
    await refused(path.join(root, 'two'), /and other data in ".*cifar-b"/);
  });

  test('files that are only called alike are none of it', async () => {
    const root = fresh();
    put(root, 'a/train', 'a script');
    put(root, 'a/meta', 'x');
    put(root, 'b/train/cat/1.jpg', 'x');
    put(root, 'b/meta/1.jpg', 'x');
    put(root, 'c/model/train.bin', 'x');
    put(root, 'd.tar', await tarOf([{ name: 'train/cat/1.jpg' }, { name: 'test/train' }]));
    for (const name of ['a', 'b', 'c', 'd.tar'])
      expect(await cifar.matches(path.join(root, name))).toBe(false);
  });
});
