/** Reading many images in one call: the same as reading each, in fewer steps. */
import { createHash } from 'node:crypto';
import { truncateSync } from 'node:fs';
import path from 'node:path';
import { type Batch, type BatchOptions, batches } from '../../src/data/batches';
import { cifar } from '../../src/data/datasets/cifar';
import { keepPixels } from '../../src/data/datasets/cifar-pixels';
import { loadBatch } from '../../src/data/load';
import type { RawImage, DatasetSource } from '../../src/data/source';
import { failure, noise, put, sourceOf, temporaryFolder } from './fixtures';

const temporary = temporaryFolder();
const COUNTS = [1100, 40]; // more than is read at once, and a second file

/** A CIFAR-10 of noise: 1140 records in two files. */
function write(name: string): string {
  const root = path.join(temporary, name);
  COUNTS.forEach((count, file) => {
    const bytes = new Uint8Array(count * 3073);
    bytes.set(noise(1, Math.floor(bytes.length / 3), file + 1));
    for (let record = 0; record < count; record++) bytes[record * 3073] = (record + file) % 10;
    put(root, `data_batch_${file + 1}.bin`, bytes);
  });
  return root;
}

async function all(source: DatasetSource, options: BatchOptions = {}): Promise<Batch[]> {
  const found: Batch[] = [];
  for await (const batch of batches({ source }, options)) found.push(batch);
  return found;
}

/** Batches with a digest for their pixels: there are millions of them, which are slow to compare one by one. */
const digests = async (source: DatasetSource, options: BatchOptions) =>
  (await all(source, options)).map(({ images, ...rest }) => ({
    ...rest,
    shape: images.shape,
    pixels: createHash('sha256').update(images.data).digest('hex'),
  }));

/** The same source without its bulk reader. */
const single = (source: DatasetSource): DatasetSource => ({ ...source, bulk: undefined });

let source: DatasetSource;
beforeAll(async () => {
  source = await cifar.open({ path: write('set') });
});
afterAll(() => source.close());

test('bulk gives what single reads give, in the order asked for, also over files and chunks', async () => {
  const indices = [1139, 0, 1023, 1024, 1099, 1100, 7, 7];
  const out = new Uint8Array(indices.length * 3072);
  await source.bulk?.read(Uint32Array.from(indices), out);
  for (const [i, index] of indices.entries()) {
    const { pixels } = (await source.read(index)) as RawImage;
    expect(out.subarray(i * 3072, (i + 1) * 3072)).toEqual(pixels);
  }
  expect([source.bulk?.height, source.bulk?.width]).toEqual([32, 32]);
});

test.each([
  [{ seed: 3, batch: 100 }],
  [{ size: 'keep' as const, batch: 64, epoch: 2 }],
  [{ batch: 100, augment: { flip: true, crop: 4 }, seed: 1 }],
  [{ batch: 1140, size: 8, shuffle: false }], // another size: not in bulk
])('batches are the same with and without it: %j', async (options) => {
  const found = await digests(source, { ...options, prefetch: 0 });
  expect(found).toEqual(await digests(single(source), options));
  expect(found).toEqual(await digests(source, { ...options, prefetch: 4 }));
});

test('it is used where the size is the same, and only there', async () => {
  let bulk = 0;
  let reads = 0;
  const raw = { pixels: noise(4, 4), height: 4, width: 4 };
  const counted: DatasetSource = {
    ...sourceOf(6, async () => {
      reads++;
      return raw;
    }),
    bulk: {
      height: 4,
      width: 4,
      read: async (indices, out) => {
        bulk++;
        for (let i = 0; i < indices.length; i++) out.set(raw.pixels, i * 48);
      },
    },
  };
  const at = await loadBatch({ source: counted }, [0, 1, 2], [4, 4]);
  expect([bulk, reads, at.ids, Array.from(at.labels)]).toEqual([
    1,
    0,
    ['item-0', 'item-1', 'item-2'],
    [0, 1, 2],
  ]);
  await loadBatch({ source: counted }, [0, 1, 2], [4, 5]);
  expect([bulk, reads]).toEqual([1, 3]);
});

test('when it fails, single reads tell which image is bad and give the others', async () => {
  const root = write('short');
  const short = await cifar.open({ path: root });
  truncateSync(path.join(root, 'data_batch_2.bin'), 39 * 3073 + 500);
  const found = await all(short, { batch: 500, shuffle: false, onBad: 'skip', size: 32 });
  expect(found.flatMap(({ holes }) => holes.map(({ id }) => id))).toEqual(['data_batch_2.bin/00039']);
  expect(found[2].ids).toHaveLength(139);
  expect(found[2].images.data.subarray(138 * 3072)).toEqual(((await short.read(1138)) as RawImage).pixels);
  const error = await failure(all(short, { size: 32, shuffle: false, batch: 1140 }));
  expect(error.message).toMatch(/"data_batch_2\.bin\/00039" is no longer whole/);
  await short.close();
});

test('an aborted signal does not wait for it', async () => {
  const reason = new Error('enough');
  const hanging: DatasetSource = {
    ...sourceOf(4, () => new Promise(() => {})),
    bulk: { height: 4, width: 4, read: () => new Promise(() => {}) },
  };
  const controller = new AbortController();
  setTimeout(() => controller.abort(reason), 10);
  await expect(loadBatch({ source: hanging }, [0], [4, 4], { signal: controller.signal })).rejects.toBe(
    reason,
  );
  await expect(all(hanging, { size: 4, signal: controller.signal })).rejects.toBe(reason);
});

test('sets that are too large to keep are not kept, and nothing is read after closing', async () => {
  expect(keepPixels([{ count: 10, labels: 1, handle: undefined as never }], 9 * 3072)).toBeUndefined();
  const closed = await cifar.open({ path: write('closed') });
  await closed.bulk?.read([0], new Uint8Array(3072));
  await closed.close();
  await expect(closed.bulk?.read([0], new Uint8Array(3072))).rejects.toThrow('closed');
});
