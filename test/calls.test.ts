/** How native calls behave around their result: off the JavaScript thread, several at once, stopped, with inputs kept alive. */
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import { createMixer, type ImageBatch, saliency, saliencyMethods } from '../src';
import { addon } from '../src/native/load';
import { nativeMethods } from '../src/saliency/methods';
import { classNumbers, noise } from './batches';

const ENTRY = resolve(__dirname, '..', 'dist', 'index.js');
const large = noise(1, [48, 480, 480, 3]);

test('the names of the saliency methods are those of the addon', () => {
  expect(
    addon()
      .methods()
      .map(({ name }) => name),
  ).toEqual([...nativeMethods]);
  expect(saliencyMethods).toEqual([...nativeMethods, 'float-bytes', 'learned']);
});

test('the JavaScript thread stays free', async () => {
  let ticks = 0;
  const timer = setInterval(() => ticks++, 1);
  const start = performance.now();
  await saliency(large, { threads: 1 });
  const elapsed = performance.now() - start;
  clearInterval(timer);
  expect(elapsed).toBeGreaterThan(10);
  expect(ticks).toBeGreaterThan(5);
});

test('an AbortSignal stops a call long before its end', async () => {
  const long = noise(1, [240, 480, 480, 3]);
  const start = performance.now();
  await saliency(long, { threads: 1 });
  const whole = performance.now() - start;

  const controller = new AbortController();
  const running = saliency(long, { threads: 1, signal: controller.signal });
  const from = performance.now();
  setTimeout(() => controller.abort(), 1);
  await expect(running).rejects.toMatchObject({ name: 'AbortError' });
  expect(performance.now() - from).toBeLessThan(whole / 2);

  const reason = new Error('enough');
  await expect(saliency(large, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  await expect(
    createMixer({ classes: 2 }).mix(large, classNumbers(48, 2), { signal: AbortSignal.abort(reason) }),
  ).rejects.toBe(reason);
});

test('inputs are kept alive when the caller lets go of them', async () => {
  const expected = await saliency(large);
  const running = Array.from({ length: 8 }, () => {
    const copy: ImageBatch = { data: large.data.slice(), shape: large.shape };
    return saliency(copy);
  });
  for (let i = 0; i < 50; i++) new Uint8Array(4_000_000).fill(i);
  for (const { maps, peaks } of await Promise.all(running)) {
    // As bytes: comparing millions of numbers one by one takes Jest seconds.
    expect(Buffer.compare(Buffer.from(maps.buffer), Buffer.from(expected.maps.buffer))).toBe(0);
    expect(peaks).toEqual(expected.peaks);
  }
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
        { eval: true, workerData: { entry: ENTRY, batch: small } },
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

test.each([
  ['process.exit', 'in the middle of a call', 1, 'process.exit(7)', 7],
  ['process.exit', 'while calls wait for their turn', 9, 'process.exit(7)', 7],
  ['an uncaught error', 'in the middle of a call', 1, 'throw new Error("on purpose")', 1],
])('a process that ends by %s %s ends in order', (_, __, calls, ending, code) => {
  const script = `const { saliency } = require(${JSON.stringify(ENTRY)});
    const batch = { data: new Uint8Array(200 * 160 * 160 * 3), shape: [200, 160, 160, 3] };
    for (let i = 0; i < ${calls}; i++) saliency(batch, { threads: 3 }).catch(() => undefined);
    setTimeout(() => { ${ending} }, 5);`;
  const { status, signal, stderr } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });
  expect([status, signal]).toEqual([code, null]);
  expect(stderr).not.toMatch(/terminate|Segmentation|core dumped/);
});

test('worker threads that are terminated in the middle of their calls take nobody along', () => {
  const script = `const { Worker } = require('node:worker_threads');
    const inside = "const { saliency } = require(" + JSON.stringify(${JSON.stringify(ENTRY)}) + ");" +
      "const batch = { data: new Uint8Array(160 * 160 * 160 * 3), shape: [160, 160, 160, 3] };" +
      "for (let i = 0; i < 6; i++) saliency(batch, { threads: 3 }).catch(() => undefined);" +
      "require('node:worker_threads').parentPort.postMessage('running');";
    (async () => {
      for (let wait = 0; wait < 16; wait++) {
        const worker = new Worker(inside, { eval: true });
        await new Promise((running) => worker.once('message', running));
        await new Promise((tick) => setTimeout(tick, wait));
        await worker.terminate();
      }
      console.log('still here');
    })();`;
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, ['-e', script], {
    encoding: 'utf8',
  });
  expect([status, signal, stdout, stderr]).toEqual([0, null, 'still here\n', '']);
});

test('ten thousand calls without growth of memory', () => {
  // A process of its own, where garbage can be collected before memory is looked at.
  const script = `const { createMixer, saliency } = require(${JSON.stringify(ENTRY)});
    const images = { data: new Uint8Array(16 * 32 * 32 * 3).map((_, i) => 7 * i), shape: [16, 32, 32, 3] };
    const one = { data: images.data.subarray(0, 3072), shape: [1, 32, 32, 3] };
    const mixer = createMixer({ method: 'cutmix', classes: 4 });
    async function megabytesAfter(calls) {
      for (let i = 0; i < calls; i++) {
        if (i % 10 === 0) await saliency(one);
        else await mixer.mix(images, new Int32Array(16), { output: { dtype: 'float32', layout: 'NCHW' } });
      }
      gc();
      await new Promise((done) => setTimeout(done, 50));
      gc();
      return process.memoryUsage().rss / 2 ** 20;
    }
    (async () => console.log(await megabytesAfter(3000), await megabytesAfter(10_000)))();`;
  const { stdout } = spawnSync(process.execPath, ['--expose-gc', '-e', script], { encoding: 'utf8' });
  const [warm, after] = stdout.trim().split(' ').map(Number);
  expect(warm).toBeGreaterThan(30);
  // The results are 2 GB in all: a leak of one in a hundred would show.
  expect(after - warm).toBeLessThan(15);
}, 120_000);
