/** Tiny-ImageNet as it is published: classes of val/ in a list, images of test/ without any. */
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { openDataset } from '../../src';
import { failure, plain, png, put, temporaryFolder } from './fixtures';

const root = path.join(temporaryFolder(), 'tiny-imagenet-200');
const list = path.join(root, 'val/val_annotations.txt');
const wordnet = ['n01443537', 'n01629819', 'n02124075'];
/** The class of each validation image; its colour is that of its class. */
const validation = [2, 0, 1, 1, 0];

beforeAll(async () => {
  const image = (label: number) => png(plain(4, 4, [80 * label, 10, 20]), 4, 4);
  for (const [label, name] of wordnet.entries()) {
    for (const i of [0, 1]) put(root, `train/${name}/images/${name}_${i}.JPEG`, await image(label));
    put(root, `train/${name}/${name}_boxes.txt`, `${name}_0.JPEG\t0\t0\t3\t3\n`);
  }
  for (const [i, label] of validation.entries()) put(root, `val/images/val_${i}.JPEG`, await image(label));
  for (const i of [0, 1, 2, 3]) put(root, `test/images/test_${i}.JPEG`, await image(0));
  put(root, 'wnids.txt', `${wordnet.toReversed().join('\n')}\n`);
  put(root, 'words.txt', 'n01443537\tgoldfish, Carassius auratus\n');
  writeList(validation.length);
});

function writeList(count: number): void {
  const lines = validation
    .slice(0, count)
    .map((label, i) => `val_${i}.JPEG\t${wordnet[label]}\t0\t0\t3\t3\n`);
  writeFileSync(list, lines.join(''));
}

/** The colours that are read of each class. */
async function coloursOf(split: string): Promise<Record<string, number[]>> {
  const dataset = await openDataset(root, { split });
  const found: Record<string, number[]> = {};
  for await (const { images, labels } of dataset.batches({ shuffle: false, size: 4 }))
    for (const [i, label] of (labels as Int32Array).entries())
      (found[dataset.classes[label]] ??= []).push(images.data[48 * i]);
  await dataset.close();
  return found;
}

test('both splits have the same classes, and each image its own', async () => {
  const dataset = await openDataset(root);
  const { format, classes, length, split, splits, problems, notices, leftOut } = dataset;
  expect({ format, classes, length, split }).toEqual({
    format: 'tiny-imagenet',
    classes: wordnet,
    length: 6,
    split: 'train',
  });
  expect(splits).toEqual([
    { name: 'train', images: 6 },
    { name: 'val', images: 5 },
  ]);
  expect(problems).toEqual([]);
  expect(notices).toEqual(['test/images/ has no classes: its 4 images are left out']);
  expect(leftOut).toEqual({ '.txt': 6 });
  await dataset.close();
  expect(await coloursOf('train')).toEqual({ n01443537: [0, 0], n01629819: [80, 80], n02124075: [160, 160] });
  expect(await coloursOf('val')).toEqual({ n01443537: [0, 0], n01629819: [80, 80], n02124075: [160] });
  expect((await failure(openDataset(root, { split: 'test' }))).message).toMatch(
    /no split "test".*"train", "val"/,
  );
});

test('a line that is missing or damaged, and a list that is not there', async () => {
  writeList(4);
  const { problems, length } = await openDataset(root, { split: 'val' });
  expect(length).toBe(4);
  expect(problems).toEqual([{ file: 'val/images/val_4.JPEG', reason: expect.any(String) as string }]);
  writeFileSync(list, 'val_0.JPEG\n');
  expect((await failure(openDataset(root))).message).toMatch(/val_annotations\.txt.* line 1 /);
  rmSync(list);
  expect((await openDataset(root)).format).toBe('folder');
});

test('brought into folders of classes, images of test/ have theirs', async () => {
  writeList(validation.length);
  const image = await png(plain(4, 4, [80, 10, 20]), 4, 4);
  put(root, `test/${wordnet[1]}/test_9.JPEG`, image);
  const { items, classes } = await openDataset(root, { split: 'test' });
  expect(items.map(({ id, label }) => [id, classes[label]])).toEqual([
    [`test/${wordnet[1]}/test_9.JPEG`, wordnet[1]],
  ]);
});
