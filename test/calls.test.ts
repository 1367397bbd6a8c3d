/** How native calls behave around their result: off the JavaScript thread, several at once, stopped, with inputs kept alive. */
import { resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import { createMixer, type ImageBatch, saliency, saliencyMethods } from '../src';
import { addon } from '../src/native/load';
import { nativeMethods } from '../src/saliency/methods';
import { classNumbers, noise } from './batches';

const large = noise(1, [24, 160, 160, 3]);

test('the names of the saliency methods are those of the addon', () => {
  expect(addon().methods()).toEqual([...nativeMethods]);
  expect(saliencyMethods).toEqual([...nativeMethods, 'learned']);
});

test('the JavaScript thread stays free', async () => {
  let ticks = 0;
  const timer = setInterval(() => ticks++, 1);
  const start = performance.now();
  await saliency(large, { threads: 1 });
  const elapsed = performance.now() - start;
  clearInterval(timer);
  expect(elapsed).toBeGreaterThan(20);
  expect(ticks).toBeGreaterThan(5);
});

test('an AbortSignal stops a call long before its end', async () => {
  const start = performance.now();
  await saliency(large, { threads: 1 });
  const whole = performance.now() - start;

  const controller = new AbortController();
  const running = saliency(large, { threads: 1, signal: controller.signal });
  const from = performance.now();
  setTimeout(() => controller.abort(), 1);
  await expect(running).rejects.toMatchObject({ name: 'AbortError' });
  expect(performance.now() - from).toBeLessThan(whole / 2);

  const reason = new Error('enough');
  await expect(saliency(large, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  await expect(
    createMixer({ classes: 2 }).mix(large, classNumbers(24, 2), { signal: AbortSignal.abort(reason) }),
  ).rejects.toBe(reason);
});

test('inputs are kept alive when the caller lets go of them', async () => {
  const expected = await saliency(large);
  const running = Array.from({ length: 8 }, () => {
    const copy: ImageBatch = { data: large.data.slice(), shape: large.shape };
    return saliency(copy);
  });
  for (let i = 0; i < 50; i++) new Uint8Array(4_000_000).fill(i);
  for (const result of await Promise.all(running)) expect(result).toEqual(expected);
});

test('a buffer that is transferred away during the call gives an error, not a result', async () => {
  const data = large.data.slice();
  const running = saliency({ data, shape: large.shape }, { threads: 1 });
  const kept = structuredClone(data.buffer, { transfer: [data.buffer] }); // still owned, so nothing is freed meanwhile
  await expect(running).rejects.toThrow(/transferred while it was being read/);
  expect(kept.byteLength).toBe(large.data.length);
});

test('SharedArrayBuffer, Buffer and offset views are read like any other bytes', async () => {
  const small = noise(2, [2, 9, 7, 3]);
  const expected = await saliency(small);
  const shared = new Uint8Array(new SharedArrayBuffer(small.data.length));
  shared.set(small.data);
  const roomy = new Uint8Array(small.data.length + 11);
  roomy.set(small.data, 5);
  for (const data of [shared, Buffer.from(small.data), roomy.subarray(5, 5 + small.data.length)]) {
    expect(await saliency({ data, shape: small.shape })).toEqual(expected);
  }
});

test('several worker threads use the addon at once, and leave cleanly', async () => {
  const small = noise(3, [6, 40, 40, 3]);
  const expected = await createMixer({ seed: 1 }).plan(small, { batch: 0 });
  const run = () =>
    new Promise((done, fail) => {
      const worker = new Worker(
        `const { parentPort, workerData } = require('node:worker_threads');
         const { createMixer } = require(workerData.entry);
         const mixer = createMixer({ seed: 1 });
         Promise.all(Array.from({ length: 20 }, () => mixer.plan(workerData.batch, { batch: 0 })))
           .then((plans) => parentPort.postMessage(plans[19]));`,
        { eval: true, workerData: { entry: resolve(__dirname, '..', 'dist', 'index.js'), batch: small } },
      );
      let answer: unknown;
      worker.on('message', (plan) => (answer = plan));
      worker.on('error', fail);
      worker.on('exit', (code) => (code === 0 ? done(answer) : fail(new Error(`exit ${code}`))));
    });
  const here = Array.from({ length: 10 }, () => createMixer({ seed: 1 }).plan(small, { batch: 0 }));
  const there = await Promise.all([run(), run(), run(), run()]);
  for (const plan of [...there, ...(await Promise.all(here))]) expect(plan).toEqual(expected);
});

test('ten thousand calls without growth of memory', async () => {
  const small = noise(4, [16, 32, 32, 3]);
  const mixer = createMixer({ method: 'cutmix', classes: 4 });
  const labels = classNumbers(16, 4);
  const collect = (globalThis as { gc?: () => void }).gc ?? (() => undefined);
  const round = async (calls: number) => {
    for (let i = 0; i < calls; i++) {
      if (i % 10 === 0) await saliency({ data: small.data.subarray(0, 3072), shape: [1, 32, 32, 3] });
      else await mixer.mix(small, labels, { output: { dtype: 'float32', layout: 'NCHW' } });
    }
    collect();
    return process.memoryUsage().rss / 2 ** 20;
  };
  const warm = await round(2000);
  const after = await round(10_000);
  // 10 000 results are 2 GB: a leak of one in a hundred would show.
  expect(after - warm).toBeLessThan(20);
}, 120_000);
