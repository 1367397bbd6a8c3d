import { setTimeout as wait } from 'node:timers/promises';
import type { Batch, BatchOptions } from '../../src/data/batches';
import { batches } from '../../src/data/batches';
import { loadBatch } from '../../src/data/load';
import { cut, order } from '../../src/data/order';
import { resolveSize } from '../../src/data/size';
import type { DatasetSource } from '../../src/data/source';
import { permutation, Purpose } from '../../src/rng';
import { failure, gray, noise, png, sourceOf } from './fixtures';

const grays = (count: number) => sourceOf(count, async (index) => gray(index));

async function all(source: DatasetSource, options: BatchOptions = {}): Promise<Batch[]> {
  const found: Batch[] = [];
  for await (const batch of batches({ source }, options)) found.push(batch);
  return found;
}

/** The ids of one epoch of 50 items. */
const flat = async (options: BatchOptions) => (await all(grays(50), options)).flatMap(({ ids }) => ids);

/** Counts the batches begun (their first image asked for) as the consumer goes on. */
function counting(count: number, batch: number) {
  const begun = new Set<number>();
  const source = sourceOf(count, async (index) => {
    begun.add(Math.floor(index / batch));
    return gray(index % 256);
  });
  return { source, begun };
}

test('order: shuffled by (seed, epoch) alone, cut with a short last batch', () => {
  expect(Array.from(order(4, { shuffle: false, seed: 5, epoch: 5 }))).toEqual([0, 1, 2, 3]);
  const shuffled = order(100, { shuffle: true, seed: 7, epoch: 2 });
  expect(shuffled).toEqual(permutation(100, 7, Purpose.shuffle, { epoch: 2, batch: 0 }));
  expect(shuffled).not.toEqual(order(100, { shuffle: true, seed: 7, epoch: 3 }));
  expect(cut(Uint32Array.from([5, 3, 1, 2, 4]), 2).map((part) => Array.from(part))).toEqual([
    [5, 3],
    [1, 2],
    [4],
  ]);
  expect(cut(new Uint32Array(0), 2)).toEqual([]);
});

describe('the sequence', () => {
  test('pixels, labels, ids and slots belong together, the last batch is short', async () => {
    const found = await all(grays(7), { batch: 3, shuffle: false });
    expect(found.map(({ batch, slots, ids }) => [batch, slots.count, ids])).toEqual([
      [0, 3, ['item-0', 'item-1', 'item-2']],
      [1, 3, ['item-3', 'item-4', 'item-5']],
      [2, 1, ['item-6']],
    ]);
    const [, second] = found;
    expect(second.images.shape).toEqual([3, 4, 4, 3]);
    expect(second.images.data).toHaveLength(3 * 48);
    expect([0, 1, 2].map((slot) => second.images.data[slot * 48 + 47])).toEqual([3, 4, 5]);
    expect(second.labels).toEqual(Int32Array.from([0, 1, 2]));
    expect(second.slots).toEqual({ of: [0, 1, 2], count: 3 });
    expect(second.holes).toEqual([]);
  });

  test('shuffled by default: every item once, another order for another seed or epoch', async () => {
    const ids = await flat({ batch: 8 });
    expect(ids).toEqual(
      Array.from(permutation(50, 0, Purpose.shuffle, { epoch: 0, batch: 0 }), (i) => `item-${i}`),
    );
    expect(new Set(ids).size).toBe(50);
    expect(await flat({ batch: 8, epoch: 1 })).not.toEqual(ids);
    expect(await flat({ batch: 8, seed: 1 })).not.toEqual(ids);
    expect(await flat({ batch: 64, seed: 0 })).toEqual(ids);
  });

  test('the same bytes whatever prefetch and however slow a file is', async () => {
    const slow = sourceOf(40, async (index) => {
      await wait((index * 7) % 5);
      return { pixels: noise(6, 6, index + 1), height: 6, width: 6 };
    });
    const options = { batch: 6, augment: { flip: true, crop: 2 }, seed: 3 };
    const [none, one, four] = await Promise.all(
      [0, 1, 4].map((prefetch) => all(slow, { ...options, prefetch })),
    );
    expect(one).toEqual(none);
    expect(four).toEqual(none);
    expect(none).toHaveLength(7);
  });

  test('files are decoded: PNGs of noise come back pixel by pixel', async () => {
    const files = await Promise.all([1, 2, 3].map((start) => png(noise(5, 4, start), 5, 4)));
    const [{ images }] = await all(
      sourceOf(3, async (index) => files[index]),
      { shuffle: false },
    );
    expect(images.shape).toEqual([3, 5, 4, 3]);
    expect(images.data).toEqual(
      Uint8Array.from([1, 2, 3].flatMap((start) => Array.from(noise(5, 4, start)))),
    );
  });
});

describe('bad files', () => {
  const bad = new Set([1, 4, 5, 6, 7]);
  const holed = sourceOf(9, async (index) => (bad.has(index) ? new Uint8Array(0) : gray(index)));

  test('by default the first rejects, naming the file', async () => {
    const error = await failure(all(holed, { batch: 4, shuffle: false }));
    expect(error).toMatchObject({ code: 'FILE', file: 'item-1' });
    expect(error.message).toMatch(/^"item-1" is empty$/);
  });

  test('skipped they leave holes and shift nothing; a batch of holes is passed over', async () => {
    const skipped: unknown[] = [];
    const onSkipped = (holes: { slot: number; id: string }[]) =>
      skipped.push(...holes.map(({ slot, id }) => [slot, id]));
    const found = await all(holed, { batch: 4, shuffle: false, onBad: 'skip', onSkipped });
    expect(found.map(({ batch, slots, ids }) => [batch, slots.count, slots.of, ids])).toEqual([
      [0, 4, [0, 2, 3], ['item-0', 'item-2', 'item-3']],
      [2, 1, [0], ['item-8']],
    ]);
    expect(skipped).toEqual([0, 1, 2, 3].map((slot) => [slot, `item-${4 + slot}`]));
    const [{ images, labels, holes }] = found;
    expect(images.shape).toEqual([3, 4, 4, 3]);
    expect(images.data).toHaveLength(144);
    expect([0, 1, 2].map((i) => [images.data[i * 48], images.data[i * 48 + 47]])).toEqual([
      [0, 0],
      [2, 2],
      [3, 3],
    ]);
    expect(Array.from(labels)).toEqual([0, 2, 0]);
    expect(holes).toEqual([{ slot: 1, id: 'item-1', error: expect.objectContaining({ code: 'FILE' }) }]);
  });

  test('a data set of nothing else is an error even when skipped', async () => {
    const source = sourceOf(5, async () => Promise.reject(new Error('the disk is gone')));
    const error = await failure(all(source, { batch: 2, onBad: 'skip' }));
    expect(error.code).toBe('DATA');
    expect(error.message).toMatch(
      /None of the images can be read; the first: "item-\d" cannot be read: the disk is gone/,
    );
  });

  test('loadBatch tells of a batch of holes by images undefined', async () => {
    const loaded = await loadBatch({ source: holed }, [5, 6], [4, 4]);
    expect(loaded.images).toBeUndefined();
    expect([loaded.labels.length, loaded.ids, loaded.slots.of, loaded.positions]).toEqual([0, [], [], []]);
    expect(loaded.holes.map(({ slot, id }) => [slot, id])).toEqual([
      [0, 'item-5'],
      [1, 'item-6'],
    ]);
  });

  test('loadBatch packs good images and keeps their positions', async () => {
    const loaded = await loadBatch({ source: holed }, [8, 1, 3], [2, 2]);
    expect(loaded.positions).toEqual([8, 3]);
    expect(loaded.slots).toEqual({ of: [0, 2], count: 3 });
    expect(Array.from(loaded.images?.data ?? [])).toEqual([...Array(12).fill(8), ...Array(12).fill(3)]);
  });
});

describe('size', () => {
  const mixed = sourceOf(3, async (index) => (index === 2 ? gray(9, 6, 5) : gray(index)));

  test('a number and a pair resize every image', async () => {
    expect((await all(mixed, { size: 8 }))[0].images.shape).toEqual([3, 8, 8, 3]);
    expect((await all(mixed, { size: [3, 5] }))[0].images.shape).toEqual([3, 3, 5, 3]);
  });

  test('auto is the common size, else 224 × 224', async () => {
    expect(await resolveSize({ source: grays(3) }, 'auto')).toEqual({ size: [4, 4], strict: false });
    expect(await resolveSize({ source: mixed })).toEqual({ size: [224, 224], strict: false });
  });

  test('auto probes at most 64 images, evenly spaced, and passes over bad ones', async () => {
    const asked: number[] = [];
    const source = sourceOf(640, async (index) => {
      asked.push(index);
      return index === 0 ? new Uint8Array(0) : gray(1, 2, 3);
    });
    expect((await resolveSize({ source }, 'auto')).size).toEqual([2, 3]);
    expect(asked.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 64 }, (_, i) => i * 10));
  });

  test('keep takes the size of the first readable image', async () => {
    const source = sourceOf(3, async (index) => (index === 0 ? new Uint8Array(0) : gray(index, 3, 7)));
    expect(await resolveSize({ source }, 'keep')).toEqual({ size: [3, 7], strict: true, from: 'item-1' });
    expect((await all(source, { size: 'keep', onBad: 'skip' }))[0].images.shape).toEqual([2, 3, 7, 3]);
  });

  test('keep refuses an image of another size, naming both, also when bad files are skipped', async () => {
    const error = await failure(all(mixed, { size: 'keep', shuffle: false, onBad: 'skip' }));
    expect(error).toMatchObject({ code: 'DATA', file: 'item-2' });
    expect(error.message).toMatch(
      /"item-2" is 6 × 5 pixels .* needs 4 × 4 as "item-0" has; give a size, e\.g\. size: 224/,
    );
  });

  test('keep with nothing readable', async () => {
    const source = sourceOf(2, async () => new Uint8Array(0));
    const error = await failure(all(source, { size: 'keep' }));
    expect(error.message).toMatch(/None of the 2 images can be read; the first: "item-0" is empty/);
  });
});

describe('memory and stopping', () => {
  test.each([0, 1, 2])('with prefetch %i never more than one batch more is begun', async (prefetch) => {
    const { source, begun } = counting(60, 4);
    let ahead = 0;
    for await (const { batch } of batches({ source }, { size: 4, batch: 4, shuffle: false, prefetch })) {
      await wait(5); // time for everything that is free to start
      ahead = Math.max(ahead, begun.size - batch);
      expect(begun.size - batch).toBeLessThanOrEqual(prefetch + 1);
    }
    expect(ahead).toBe(prefetch + 1);
    expect(begun.size).toBe(15);
  });

  // The batches ahead are all bad: Jest fails a test in which a rejection goes unhandled.
  test('leaving the loop stops reading ahead and leaves no rejection behind', async () => {
    let reads = 0;
    const source = sourceOf(1000, async (index) => {
      reads++;
      await wait(1);
      return index >= 4 ? new Uint8Array(0) : gray(index);
    });
    for await (const { batch } of batches({ source }, { size: 4, batch: 4, shuffle: false, prefetch: 3 })) {
      expect(batch).toBe(0);
      break;
    }
    const then = reads;
    await wait(50);
    expect(reads - then).toBeLessThanOrEqual(1);
    expect(reads).toBeLessThanOrEqual(16);
  });

  test('an aborted signal rejects with its reason: before, between and while a file hangs', async () => {
    const reason = new Error('enough');
    await expect(all(grays(4), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);

    const between = new AbortController();
    let seen = 0;
    const run = async () => {
      for await (const batch of batches({ source: grays(40) }, { batch: 4, signal: between.signal })) {
        seen += batch.slots.count;
        if (seen === 8) between.abort(reason);
      }
    };
    await expect(run()).rejects.toBe(reason);
    expect(seen).toBe(8);

    const hanging = sourceOf(4, () => new Promise(() => {}));
    const timed = new AbortController();
    setTimeout(() => timed.abort(reason), 10);
    await expect(all(hanging, { size: 4, signal: timed.signal })).rejects.toBe(reason);
    await expect(loadBatch({ source: hanging }, [0], [4, 4], { signal: timed.signal })).rejects.toBe(reason);
  });
});

test.each([
  [{ size: 0 }, /Expected a whole number from 1 to 16384 for size but received 0/],
  [{ size: [4] }, /Expected a number of pixels, \[height, width\], "keep" or "auto" for size/],
  [{ size: 'kept' }, /for size but received "kept"/],
  [{ batch: 0 }, /Expected a whole number of at least 1 for batch but received 0/],
  [{ batch: 1.5 }, /for batch but received 1\.5/],
  [{ shuffle: 'yes' }, /Expected true or false for shuffle/],
  [{ seed: -1 }, /for seed but received -1/],
  [{ epoch: 2 ** 32 }, /for epoch/],
  [{ prefetch: -1 }, /from 0 to 1024 for prefetch/],
  [{ onBad: 'skipp' }, /Expected one of "throw", "skip" for onBad .*did you mean "skip"/],
  [{ augment: { flips: true } }, /Unknown option "flips" in augment \(did you mean "flip"\?\)/],
  [{ augment: { crop: -1 } }, /for augment\.crop but received -1/],
  [{ signal: 'stop' }, /Expected an AbortSignal for signal/],
  [{ batchSize: 4 }, /Unknown option "batchSize" in batches options \(did you mean "batch"\?\)/],
  [{ size: 16384, batch: 6 }, /Expected at most 4 GiB of pixels \(size 16384 × 16384\) for batch/],
])('options %p are refused', async (options, message) => {
  const error = await failure(all(grays(6), options as BatchOptions));
  expect(error.code).toBe('ARGUMENT');
  expect(error.message).toMatch(message);
});
