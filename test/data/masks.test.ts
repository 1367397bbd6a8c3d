/** Masks of objects: the demo's, and those in a folder beside the images. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { augment, describeDataset, openDataset } from '../../src';
import { train } from '../../src/train';
import { jpeg, noise, plain, png, put, putShownMasks, temporaryFolder } from './fixtures';

const root = temporaryFolder();
const folder = (name: string) => join(root, name);

/** A mask with a box of `value`: rows 2 … 5, columns 4 … 7 of 8 × 12. */
function boxMask(value = 1): Uint8Array {
  return Uint8Array.from({ length: 96 }, (_, i) => {
    const [row, col] = [Math.floor(i / 12), i % 12];
    return row >= 2 && row < 6 && col >= 4 && col < 8 ? value : 0;
  });
}

async function maskOf(data: string, id: string, options = {}): Promise<number[] | undefined> {
  const dataset = await openDataset(data);
  const index = dataset.items.findIndex((item) => item.id === id);
  for await (const { masks, ids } of dataset.batches({ masks: true, shuffle: false, ...options })) {
    const at = ids.indexOf(id);
    if (at < 0) continue;
    const [, height, width] = masks.shape;
    await dataset.close();
    const { data: all } = masks;
    return Array.from(all.subarray(at * height * width, (at + 1) * height * width));
  }
  throw new Error(`no ${id} (${index})`);
}

/** Images of 8 × 12 in two classes, with masks of several kinds of PNG. */
async function written(name: string, masks = 'masks'): Promise<string> {
  const data = folder(name);
  for (const id of ['cat/a', 'cat/b', 'cat/c', 'dog/d', 'dog/e'])
    put(data, `${id}.png`, await png(noise(8, 12), 8, 12));
  put(data, 'dog/f.jpg', await jpeg(noise(8, 12), 8, 12));
  const gray = boxMask(1);
  put(data, `${masks}/cat/a.png`, await png(gray, 8, 12));
  const blue = Uint8Array.from(gray, (v) => v);
  const rgb = Uint8Array.from({ length: 288 }, (_, i) => (i % 3 === 2 ? blue[(i / 3) | 0] : 0));
  put(data, `${masks}/cat/b.png`, await png(rgb, 8, 12));
  const deep = Uint16Array.from(gray, (v) => v);
  const wide = sharp(deep, { raw: { height: 8, width: 12, channels: 1 } }).toColourspace('grey16');
  put(data, `${masks}/cat/c.png`, await wide.png().toBuffer());
  const palette = sharp(plain(8, 12, [200, 0, 0]), { raw: { height: 8, width: 12, channels: 3 } });
  put(data, `${masks}/dog/d.png`, await palette.png({ palette: true }).toBuffer());
  put(data, `${masks}/dog/f.png`, await png(boxMask(255), 8, 12));
  return data;
}

test('PNGs of every kind: all that is not 0 is of the object; an image without a mask counts as a whole', async () => {
  const data = await written('kinds');
  const box = [...boxMask()];
  for (const id of ['cat/a.png', 'cat/b.png', 'cat/c.png', 'dog/f.jpg'])
    expect(await maskOf(data, id)).toEqual(box);
  for (const id of ['dog/d.png', 'dog/e.png']) expect(await maskOf(data, id)).toEqual(box.map(() => 1));
  const { classes, images, notices, leftOut, problems } = await describeDataset(data);
  expect([classes.map(({ name }) => name), images, leftOut, problems]).toEqual([['cat', 'dog'], 6, {}, []]);
  expect(notices).toEqual(['masks/ says where the objects of 5 images are']);
});

test('masks are resized, cropped, shifted and mirrored as their images are', async () => {
  const data = folder('shown');
  await putShownMasks(data, { count: 12, rows: 8, cols: 14 });
  const dataset = await openDataset(data);
  let moved = 0;
  for (const size of [
    [30, 40],
    [20, 20],
    [45, 50],
  ] as const) {
    for (const augmenting of [undefined, { flip: true, crop: 3 }]) {
      const options = { size, batch: 5, masks: true, augment: augmenting, seed: 3 } as const;
      for await (const { images, masks } of dataset.batches(options)) {
        const { data: found, shape } = masks;
        expect(shape).toEqual(images.shape.slice(0, 3));
        expect(found).toEqual(Uint8Array.from(found, (_, p) => (images.data[3 * p] > 127 ? 1 : 0)));
        moved += found.reduce((sum, v) => sum + v, 0);
      }
    }
  }
  expect(moved).toBeGreaterThan(1000);
  await dataset.close();
});

test.each([
  ['train/cat/a', 'train/masks/cat/a', 'train/cat/a'],
  ['train/cat/a', 'masks/train/cat/a', 'train/cat/a'],
  ['data/train/cat/a', 'data/masks/train/cat/a', 'data/train/cat/a'],
  ['cat/a', 'cat/masks/a', 'cat/a'],
  ['cat_1', 'masks/cat_1', 'cat_1'],
])('image %s, mask %s', async (image, mask, id) => {
  const data = folder(`places-${mask.replaceAll('/', '-')}-${image.length}`);
  put(data, `${image}.jpg`, await jpeg(noise(8, 12), 8, 12));
  put(data, `${image.replace(/a$|1$/, 'z')}.jpg`, await jpeg(noise(8, 12), 8, 12));
  put(data, `${mask}.png`, await png(boxMask(), 8, 12));
  expect(await maskOf(data, `${id}.jpg`)).toEqual([...boxMask()]);
  expect((await describeDataset(data)).images).toBe(2);
});

test('a class that is called masks stays one', async () => {
  const data = folder('class');
  for (const id of ['masks/a', 'masks/b', 'faces/c']) put(data, `${id}.png`, await png(noise(4, 4), 4, 4));
  const { classes, notices } = await describeDataset(data);
  expect(classes).toEqual([
    { name: 'faces', images: 1 },
    { name: 'masks', images: 2 },
  ]);
  expect(notices).toEqual([]);
  const dataset = await openDataset(data);
  await expect(dataset.batches({ masks: true })[Symbol.asyncIterator]().next()).rejects.toThrow(
    /"[^"]*class" has no masks of objects, which labelRule "mask" needs: a folder masks\/ beside the images/,
  );
});

test('masks that are damaged, of another size, of no image or no PNG are told of', async () => {
  const data = await written('bad');
  put(data, 'masks/cat/a.png', 'no image');
  put(data, 'masks/cat/b.png', await png(boxMask(), 12, 8));
  put(data, 'masks/cat/zebra.png', await png(boxMask(), 8, 12));
  put(data, 'masks/dog/e.jpg', await jpeg(noise(8, 12), 8, 12));
  const { problems } = await describeDataset(data);
  expect(problems.toSorted((a, b) => a.file.localeCompare(b.file))).toEqual([
    { file: 'masks/cat/zebra.png', reason: 'is the mask of no image' },
    { file: 'masks/dog/e.jpg', reason: 'is no mask that is read: masks are PNG' },
  ]);
  const dataset = await openDataset(data);
  for await (const { ids, holes, masks } of dataset.batches({ masks: true, shuffle: false, onBad: 'skip' })) {
    expect(ids).toEqual(['cat/c.png', 'dog/d.png', 'dog/e.png', 'dog/f.jpg']);
    expect(holes.map(({ id, error }) => [id, error.message])).toEqual([
      ['cat/a.png', expect.stringContaining('"masks/cat/a.png" is not an image')],
      ['cat/b.png', expect.stringMatching(/"masks\/cat\/b.png" is a mask of another size: 12 × 8 .* 8 × 12/)],
    ]);
    expect(masks.shape).toEqual([4, 8, 12]);
    const { data: first } = masks;
    expect([...first.subarray(0, 96)]).toEqual([...boxMask()]);
  }
});

test.each(['mask', 'saliency'] as const)(
  '%s: shards together write the labels of one run',
  async (labelRule) => {
    const demo = { path: 'demo', demo: { count: 20, size: 24 } };
    const lines = async (shard: string) => {
      const out = folder(`${labelRule}-${shard.replace('/', '-')}`);
      await augment({ data: demo, out, batch: 5, mixer: { labelRule, seed: 1 }, shard });
      return readFileSync(join(out, 'labels.jsonl'), 'utf8').trim().split('\n');
    };
    const whole = await lines('1/1');
    const parts = [...(await lines('1/2')), ...(await lines('2/2'))];
    expect(parts.toSorted()).toEqual(whole.toSorted());
    const weights = whole.map((line) => JSON.parse(line) as { lambda: number; label: number[] });
    expect(weights.some(({ lambda, label }) => label.every((one) => Math.abs(one - lambda) > 1e-3))).toBe(
      true,
    );
  },
);

test('jobs whose labels follow masks: the demo has them, other data is refused before anything is written', async () => {
  const demo = { path: 'demo', demo: { count: 12, size: 16 } };
  const mixer = { labelRule: 'mask', seed: 1 } as const;
  const out = folder('mixed');
  expect(await augment({ data: demo, out, batch: 4, mixer })).toMatchObject({ images: 12 });
  const resumed = await augment({ data: demo, out, batch: 4, mixer, mode: 'resume' });
  expect(resumed).toMatchObject({ images: 12, before: 12 });
  const learning = { model: 'resnet', layers: [1], width: 8, epochs: 1, batch: 6, test: false } as const;
  const trained = await train({
    data: demo,
    out: folder('trained'),
    mixer: { labelRule: 'mask' },
    threads: 1,
    ...learning,
  });
  expect(trained.steps).toBe(2);
  const own = await written('own');
  const again = { data: own, out: folder('again'), batch: 3, mixer };
  expect(await augment(again)).toMatchObject({ images: 6 });
  put(own, 'masks/cat/a.png', await png(boxMask().toReversed(), 8, 12));
  await expect(augment({ ...again, mode: 'resume' })).rejects.toThrow(
    /has changed since .*masks\/cat\/a\.png/,
  );
  const data = folder('none');
  put(data, 'cat/a.png', await png(noise(4, 4), 4, 4));
  const into = folder('refused');
  await expect(augment({ data, out: into, mixer })).rejects.toThrow(/has no masks of objects/);
  await expect(train({ data, out: into, mixer: { labelRule: 'mask' }, ...learning })).rejects.toThrow(
    /has no masks of objects/,
  );
}, 60_000);
