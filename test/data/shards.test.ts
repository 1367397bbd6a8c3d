/** Where the shards of a data set may lie: in its folder, in those of its splits, below folders above everything. */
import path from 'node:path';
import { openDataset } from '../../src/data/dataset';
import { openTestSplit } from '../../src/train/test-data';
import { failure, png, put, tarOf, temporaryFolder } from './fixtures';

const work = temporaryFolder();
let image: Buffer;
beforeAll(async () => {
  image = await png(new Uint8Array(4 * 4 * 3), 4, 4);
});

/** A shard of samples with the class numbers 0, 1, 0, … */
const samples = (count: number) =>
  tarOf(
    Array.from({ length: count }, (_, i) => [
      { name: `${i}.png`, content: image },
      { name: `${i}.cls`, content: String(i % 2) },
    ]).flat(),
  );
const classFolders = () =>
  tarOf(['cat/1.png', 'dog/1.png', 'dog/2.png'].map((name) => ({ name, content: image })));

async function found(options: Parameters<typeof openDataset>[0]) {
  const dataset = await openDataset(options);
  await dataset.close();
  const { items, split, splits, problems, leftOut, format, classes } = dataset;
  return { ids: items.map(({ id }) => id), split, splits, problems, leftOut, format, classes };
}

test.each([
  ['the folder that is named', ''],
  ['a folder within', 'above/data/'],
])('shards of samples in split folders in %s', async (_, above) => {
  const root = path.join(work, `samples-${above.length}`);
  put(root, `${above}train/000.tar`, await samples(2));
  put(root, `${above}train/001.tar`, await samples(3));
  put(root, `${above}Val/000.tar`, await samples(2));
  put(root, `${above}README.md`, 'about');
  const { splits, ...train } = await found(root);
  const inTrain = ['000.tar/0', '000.tar/1', '001.tar/0', '001.tar/1', '001.tar/2'];
  expect(train).toEqual({
    ids: inTrain.map((name) => `${above}train/${name}.png`),
    split: 'train',
    problems: [],
    leftOut: { '.md': 1 },
    format: 'tar',
    classes: ['0', '1'],
  });
  expect(Object.fromEntries((splits ?? []).map(({ name, images }) => [name, images]))).toEqual({
    train: 5,
    Val: 2,
  });
  const tested = await openTestSplit({ path: root });
  expect([tested.split, tested.items.map(({ id }) => id)]).toEqual([
    'Val',
    ['0', '1'].map((name) => `${above}Val/000.tar/${name}.png`),
  ]);
  expect(Buffer.from((await tested.source.read(0)) as Uint8Array)).toEqual(image);
  const { files } = tested.source;
  expect([0, 1, 2].map((i) => files?.nameOf(i))).toEqual(
    ['Val/000.tar', 'train/000.tar', 'train/001.tar'].map((name) => above + name),
  );
  await tested.close();
});

test('shards of class folders in split folders, one of them alone too', async () => {
  const root = path.join(work, 'classes');
  put(root, 'train/a.tar', await classFolders());
  expect(await found(root)).toMatchObject({ split: 'train', classes: ['cat', 'dog'] });
  expect((await failure(openTestSplit({ path: root }))).message).toMatch(/has no split "test"/);
  put(root, 'test/a.tar', await classFolders());
  expect(await found({ path: root, split: 'test' })).toMatchObject({
    ids: ['test/a.tar/cat/1.png', 'test/a.tar/dog/1.png', 'test/a.tar/dog/2.png'],
    splits: [
      { name: 'test', images: 3 },
      { name: 'train', images: 3 },
    ],
  });
});

test('what lies beside shards in folders: images are named, other files counted', async () => {
  const root = path.join(work, 'beside');
  put(root, 'train/a.tar', await samples(2));
  put(root, 'train/a.png', image);
  put(root, 'train/a.idx', '');
  put(root, 'docs/1.png', image);
  put(root, 'docs/2.bmp', 'BM');
  put(root, 'docs/more/notes.txt', '');
  const { problems, leftOut, ids } = await found(root);
  expect(ids).toEqual(['train/a.tar/0.png', 'train/a.tar/1.png']);
  expect(problems).toEqual([
    { file: 'train/a.png', reason: 'lies beside the shards; it is left out' },
    { file: 'docs', reason: 'is a folder beside the shards; the 2 images in it are left out' },
  ]);
  expect(leftOut).toEqual({ '.idx': 1, '.txt': 1 });
});

test('a split in shards and another in folders are an error; class folders with an archive of them are not', async () => {
  const root = path.join(work, 'mixed');
  put(root, 'train/a.tar', await classFolders());
  put(root, 'val/cat/1.png', image);
  expect((await failure(openDataset(root))).message).toMatch(
    /has archives in "train" and images in "val", .*: name the folder that is meant/,
  );
  const plain = path.join(work, 'with-backup');
  put(plain, 'train/all.tar', await classFolders());
  for (const name of ['cat', 'dog']) put(plain, `train/${name}/1.png`, image);
  expect(await found(plain)).toMatchObject({ format: 'folder', split: 'train', leftOut: { '.tar': 1 } });
});
