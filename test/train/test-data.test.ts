/** What is tested on: a split of data that has splits, else all of it, or a share that is held out. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openDataset } from '../../src/data/dataset';
import { openTestSplit, trainingData } from '../../src/train/test-data';
import { png, put } from '../data/fixtures';
import { workFolder } from './fixtures';

const work = workFolder();

async function folderOf(name: string, files: readonly string[]): Promise<string> {
  const image = await png(new Uint8Array(8 * 8 * 3), 8, 8);
  for (const file of files) put(join(work, name), file, image);
  return join(work, name);
}

const classes = (...names: string[]) => names.flatMap((name) => [`${name}/1.png`, `${name}/2.png`]);

const openedForTest = async (options: Parameters<typeof openTestSplit>[0]) => {
  const { split, items, classes: found } = await openTestSplit(options);
  return { split, images: items.length, classes: found };
};

test('a class called train is no split: all classes are tested on', async () => {
  const path = await folderOf('with-train', classes('train', 'bus', 'car'));
  expect(await openedForTest({ path })).toEqual({
    split: undefined,
    images: 6,
    classes: ['bus', 'car', 'train'],
  });
});

test('folders that were said to be classes are no splits, whatever they are called', async () => {
  const path = await folderOf('all-classes', classes('train', 'test', 'bus'));
  await expect(openTestSplit({ path })).rejects.toThrow(/--classes-from folder/);
  const found = await openedForTest({ path, classesFrom: 'folder' });
  expect(found).toEqual({ split: undefined, images: 6, classes: ['bus', 'test', 'train'] });
  const options = { path, classesFrom: 'folder' } as const;
  const { train, test: held, holdout } = await trainingData(await openDataset(options), { data: options });
  expect([train.length, held?.length, holdout?.share]).toEqual([3, 3, 0.1]);
});

test.each([
  [['test', 'val'], 'test'],
  [['Valid'], 'Valid'],
])('of the splits train, %s: %s', async (others, wanted) => {
  const path = await folderOf(
    `splits-${others.join('-')}`,
    ['train', ...others].flatMap((split) => classes(`${split}/cat`, `${split}/dog`)),
  );
  expect(await openedForTest({ path })).toEqual({ split: wanted, images: 4, classes: ['cat', 'dog'] });
  expect((await openedForTest({ path, split: 'train' })).split).toBe('train');
  const { test: tested, holdout } = await trainingData(await openDataset(path), { data: { path } });
  expect([tested?.split, holdout]).toEqual([wanted, undefined]);
});

test('the test images of CIFAR are a split', async () => {
  const path = join(work, 'cifar');
  const record = (label: number) => Buffer.concat([Buffer.of(label), Buffer.alloc(3072)]);
  put(path, 'data_batch_1.bin', Buffer.concat([record(0), record(1), record(2)]));
  writeFileSync(join(path, 'test_batch.bin'), record(1));
  const found = await openTestSplit({ path });
  expect([found.split, found.length]).toEqual(['test', 1]);
  await found.close();
});
