/** Pixels that stay on the card, calls that are stopped, memory that runs out, and threads. test/device says the rest. */
import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import { createMixer, type DeviceBatch, type ImageBatch, saliency, uploadBatch } from '../../src';
import { awkwardShape, classNumbers, noise } from '../batches';
import { backend, cpu, level, methods, onCard, same } from './under-test';

const ENTRY = resolve(__dirname, '..', '..', 'dist', 'index.js');

test('up and down again, of any size', async () => {
  const shapes = Array.from({ length: 20 }, (_, seed) => awkwardShape(seed));
  // More than the memory on the way holds.
  for (const shape of [...shapes, [7, 999, 701, 3]] as typeof shapes) {
    const batch = noise(shape[1], shape);
    const device = await uploadBatch(batch, { backend });
    expect(device).toMatchObject({ backend, level, shape, bytes: batch.data.length });
    expect(same((await device.download()).data, batch.data)).toBe(true);
    device.free();
    await expect(device.download()).rejects.toMatchObject({ code: 'ARGUMENT' });
  }
});

test.each(methods)('%s there is what it is for a batch that is brought', async (method) => {
  for (const shape of [
    [4, 33, 31, 3],
    [40, 64, 64, 3],
  ] as const) {
    const batch = noise(9, shape);
    const device = await uploadBatch(batch, { backend });
    const brought = await saliency(batch, { method, backend });
    expect(await device.saliency({ method })).toEqual(brought);
    const { maps: _, ...extremes } = brought;
    expect(await device.saliency({ method, maps: false })).toEqual(extremes);
    device.free();
  }
});

test('mixed over and over there, as on the CPU', async () => {
  const labels = classNumbers(24, 3);
  const batch = noise(4, [24, 48, 40, 3]);
  const mixer = createMixer({ classes: 3, seed: 5 });
  let there: DeviceBatch = await uploadBatch(batch, { backend });
  let here: ImageBatch = batch;
  for (let round = 0; round < 5; round++) {
    const mixedThere = await mixer.mix(there, labels, { batch: round });
    const mixedHere = await createMixer({ classes: 3, seed: 5, backend: cpu }).mix(here, labels, {
      batch: round,
    });
    expect(mixedThere).toMatchObject({ backend, labels: mixedHere.labels, plan: mixedHere.plan });
    there.free();
    there = mixedThere.images;
    here = mixedHere.images;
  }
  expect(same((await there.download()).data, here.data)).toBe(true);
  const output = { layout: 'NCHW', dtype: 'float32' } as const;
  const first = await mixer.mix(there, labels, { output });
  const over = await mixer.mix(there, labels, { output, batch: 1, into: first.images });
  const expected = await mixer.mix(here, labels, { output, batch: 1 });
  expect(same((await over.images.download()).data, expected.images.data)).toBe(true);
});

test('an AbortSignal stops a call, and the next one is right', async () => {
  const reason = new Error('enough');
  const batch = noise(1, [64, 480, 480, 3]);
  const device = await uploadBatch(batch, { backend });
  const expected = await device.saliency({ maps: false });
  const aborted = AbortSignal.abort(reason);
  await expect(saliency(batch, { backend, signal: aborted })).rejects.toBe(reason);
  await expect(device.saliency({ signal: aborted })).rejects.toBe(reason);
  for (let wait = 0; wait < 4; wait++) {
    const controller = new AbortController();
    const running = saliency(batch, { backend, threads: 1, signal: controller.signal });
    setTimeout(() => controller.abort(reason), wait);
    await expect(running).rejects.toBe(reason);
    expect(await device.saliency({ maps: false })).toEqual(expected);
  }
});

// On the CPU it would be the machine's own memory that runs out.
(onCard ? test : test.skip)('out of memory: a NATIVE error that names the sizes, and no harm', async () => {
  const batch = noise(1, [64, 1024, 1024, 3]);
  const labels = classNumbers(64, 2);
  const device = await uploadBatch(batch, { backend });
  const mixer = createMixer({ method: 'mixup', classes: 2, seed: 1 });
  const output = { dtype: 'float32' } as const;
  const kept: DeviceBatch[] = [];
  const fill = async () => {
    // 768 MiB each.
    while (kept.length < 1000) kept.push((await mixer.mix(device, labels, { output })).images);
  };
  await expect(fill()).rejects.toMatchObject({
    code: 'NATIVE',
    message: expect.stringMatching(/no 768 MiB to give \(\d+ MiB free of \d+ MiB/) as string,
  });
  for (const images of kept) images.free();
  // The mixer has counted its calls: the draws are the same where the batch's number is.
  const { images } = await mixer.mix(device, labels, { batch: 0 });
  const expected = await createMixer({ method: 'mixup', classes: 2, seed: 1, backend: cpu }).mix(
    batch,
    labels,
    { batch: 0 },
  );
  expect(same((await images.download()).data, expected.images.data)).toBe(true);
});

/** In a worker or here: a digest of what some batches give on a backend, which is the same on all. */
const digest = `
  async function digest({ entry, backend, seed }) {
    const { saliency, createMixer, uploadBatch } = require(entry);
    const hash = require('node:crypto').createHash('sha256');
    for (let round = 0; round < 20; round++) {
      const shape = [1 + (round * seed) % 9, 20 + 7 * round, 30 + seed, 3];
      const length = shape.reduce((a, b) => a * b);
      const data = Uint8Array.from({ length }, (_, i) => Math.imul(i + seed * round, 2654435761) >>> 24);
      const { maps, peaks, lows } = await saliency({ data, shape }, { backend });
      const mixer = createMixer({ classes: 2, seed, ties: 'random' });
      const device = await uploadBatch({ data, shape }, { backend });
      const { images, labels } = await mixer.mix(device, new Int32Array(shape[0]));
      const pixels = await images.download();
      for (const part of [maps, peaks, lows, pixels.data, labels]) hash.update(part);
      device.free();
      images.free();
    }
    return hash.digest('hex');
  }`;

function inWorker(workerData: { entry: string; backend: string; seed: number }): Promise<string> {
  const code = `${digest}
    const { parentPort, workerData } = require('node:worker_threads');
    digest(workerData).then((hex) => parentPort.postMessage(hex));`;
  const worker = new Worker(code, { eval: true, workerData });
  return new Promise((done, failed) => worker.once('message', done).once('error', failed));
}

test('four threads at once, each with batches of its own', async () => {
  const seeds = [1, 2, 3, 4];
  const there = await Promise.all(seeds.map((seed) => inWorker({ entry: ENTRY, backend, seed })));
  const here = await Promise.all(seeds.map((seed) => inWorker({ entry: ENTRY, backend: cpu, seed })));
  expect(new Set(there).size).toBe(4);
  expect(there[0]).toHaveLength(createHash('sha256').digest('hex').length);
  expect(there).toEqual(here);
});

test('many calls of one thread at once', async () => {
  const batches = Array.from({ length: 24 }, (_, seed) => noise(seed, [1 + (seed % 7), 40 + seed, 50, 3]));
  const all = (where: string) => Promise.all(batches.map((batch) => saliency(batch, { backend: where })));
  const [there, here] = [await all(backend), await all(cpu)];
  there.forEach(({ maps, peaks, lows }, i) =>
    expect({ maps, peaks, lows }).toMatchObject({
      maps: here[i].maps,
      peaks: here[i].peaks,
      lows: here[i].lows,
    }),
  );
});
