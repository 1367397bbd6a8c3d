import { createHash } from 'node:crypto';
import { openDataset } from '../../src/data/dataset';
import type { RawImage } from '../../src/data/source';
import { saliency } from '../../src/saliency/index';
import type { Mask } from '../../src/data/source';
import { nativeMethods } from '../../src/saliency/methods';

const open = (count: number, size: number, seed = 0, split = 'train') =>
  openDataset({ path: 'demo', split, demo: { count, size, seed } });
const bytes = async (dataset: Awaited<ReturnType<typeof open>>, index: number) =>
  ((await dataset.source.read(index)) as RawImage).pixels;
const hash = (data: Uint8Array) => createHash('sha256').update(data).digest('hex').slice(0, 16);

test('classes in turn, items in the order of their ids’ bytes', async () => {
  const dataset = await open(23, 16);
  expect(dataset.classes).toHaveLength(10);
  expect([...dataset.classes]).toEqual([...dataset.classes].toSorted());
  const ids = dataset.items.map(({ id }) => id);
  expect(ids).toEqual(ids.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
  const counts = dataset.classes.map(
    (_, label) => dataset.items.filter((item) => item.label === label).length,
  );
  expect(counts).toEqual([3, 3, 3, 2, 2, 2, 2, 2, 2, 2]);
});

test('the pictures are pinned: same seed, same bytes', async () => {
  const dataset = await open(10, 32);
  const hashes = [];
  for (let i = 0; i < 10; i++) hashes.push(hash(await bytes(dataset, i)));
  expect(hashes).toMatchSnapshot();
  expect(new Set(hashes).size).toBe(10);
});

test('another seed or split gives other pictures; drawing one does not depend on having drawn others', async () => {
  const first = hash(await bytes(await open(10, 16), 4));
  expect(hash(await bytes(await open(10, 16, 1), 4))).not.toBe(first);
  expect(hash(await bytes(await open(10, 16, 0, 'test'), 4))).not.toBe(first);
  const dataset = await open(10, 16);
  for (const i of [9, 2, 4]) await bytes(dataset, i);
  expect(hash(await bytes(dataset, 4))).toBe(first);
});

test('masks cover 3 … 30 % of the picture, and what they cover differs from what they do not', async () => {
  const dataset = await open(100, 48);
  const contrasts = [];
  for (let i = 0; i < 100; i++) {
    const pixels = await bytes(dataset, i);
    const found = await dataset.source.mask?.(i);
    const { pixels: mask } = found as Mask;
    const area = mask.reduce((sum, v) => sum + v, 0) / mask.length;
    expect(area).toBeGreaterThan(0.03);
    expect(area).toBeLessThan(0.3);
    const mean = (of: number) =>
      [0, 1, 2].map((c) => {
        const values = [...mask.keys()].filter((p) => mask[p] === of).map((p) => pixels[3 * p + c]);
        return values.reduce((sum, v) => sum + v, 0) / values.length;
      });
    const [on, off] = [mean(1), mean(0)];
    contrasts.push(Math.hypot(on[0] - off[0], on[1] - off[1], on[2] - off[2]));
  }
  contrasts.sort((a, b) => a - b);
  expect(contrasts[50]).toBeGreaterThan(60);
  expect(contrasts[2]).toBeGreaterThan(10);
});

test('detectors find the object far more often than chance does, and far from always', async () => {
  const [count, side] = [100, 32];
  const dataset = await open(count, side);
  const data = new Uint8Array(count * side * side * 3);
  for (let i = 0; i < count; i++) data.set(await bytes(dataset, i), i * side * side * 3);
  const known = Array.from({ length: count }, (_, i) => dataset.source.mask?.(i) as Promise<Mask>);
  const masks = (await Promise.all(known)).map(({ pixels }) => pixels);
  const chance = masks.reduce((sum, mask) => sum + mask.filter((v) => v === 1).length, 0) / (side * side);
  for (const method of nativeMethods) {
    const { peaks } = await saliency({ data, shape: [count, side, side, 3] }, { method });
    const hits = masks.filter((mask, i) => mask[peaks[2 * i] * side + peaks[2 * i + 1]] === 1).length;
    expect(hits).toBeGreaterThan(2 * chance);
    expect(hits).toBeLessThan(0.9 * count);
  }
});

test.each([
  [{ count: 0 }, /for demo\.count/],
  [{ size: 4 }, /a whole number from 8 to 1024 for demo\.size/],
  [{ colour: 1 }, /Unknown option "colour" in demo/],
])('refuses %j', async (demo, message) => {
  await expect(openDataset({ path: 'demo', demo })).rejects.toThrow(message);
});
test('refuses a split it has not', async () => {
  await expect(open(10, 16, 0, 'val')).rejects.toThrow(/has no split "val", only train and test/);
});
