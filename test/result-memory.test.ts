/** Results in blocks that garbage collection gives back: reused, never shared, and to be handed on like any other memory. */
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { MessageChannel, Worker } from 'node:worker_threads';
import { createMixer, saliency } from '../src';
import { freshMemory } from '../src/native/memory';
import { noise } from './batches';

const ENTRY = resolve(__dirname, '..', 'dist');
const MIB = 2 ** 20;

/** Results of 34 MB: blocks with every version of Node. */
const batch = noise(4, [57, 385, 385, 1]);
const sameBytes = (a: Uint8Array | Float32Array, b: Uint8Array | Float32Array) =>
  Buffer.compare(
    Buffer.from(a.buffer, a.byteOffset, a.byteLength),
    Buffer.from(b.buffer, b.byteOffset, b.byteLength),
  ) === 0;

/** Runs a script in a process of its own, where garbage can be collected; gives what it prints, as JSON. */
function run(body: string): unknown {
  const script = `const { createMixer, saliency } = require(${JSON.stringify(ENTRY)});
    const { freshMemory } = require(${JSON.stringify(resolve(ENTRY, 'native', 'memory'))});
    const turn = () => new Promise((done) => setTimeout(done, 5));
    async function collected() { for (let i = 0; i < 4; i++) { gc(); await turn(); } }
    (async () => { ${body} })().then((found) => console.log(JSON.stringify(found)));`;
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--expose-gc', '-e', script], {
    encoding: 'utf8',
  });
  expect([status, stderr]).toEqual([0, '']);
  return JSON.parse(stdout);
}

test('a block comes back when its buffer is garbage, for a buffer of nearly its size', () => {
  const found = run(`
    const marked = (bytes) => { const memory = new Uint8Array(freshMemory(bytes)); return [memory[0], memory.fill(170)][0]; };
    marked(${48 * MIB});
    await collected();
    const smaller = marked(${42 * MIB});
    await collected();
    const tooSmall = marked(${34 * MIB});
    const length = freshMemory(${42 * MIB} + 3).byteLength;
    return { smaller, tooSmall, length };`);
  // Memory from the system is cleared; a block of 48 MiB is too large for 34.
  expect(found).toEqual({ smaller: 170, tooSmall: 0, length: 42 * MIB + 3 });
});

test('while any view of a result is alive its block is not given out', () => {
  const found = run(`
    let kept = new Uint8Array(freshMemory(${34 * MIB})).fill(1).subarray(100, 200);
    const buffers = [];
    for (let i = 0; i < 20; i++) {
      if (i % 4 === 0) await collected();
      const memory = new Uint8Array(freshMemory(${34 * MIB})).fill(2 + i);
      if (i % 5 === 0) buffers.push(memory);
    }
    await collected();
    return [kept, ...buffers].map((memory) => [memory[0], Buffer.alloc(memory.length, memory[0]).equals(memory)]);`);
  expect(found).toEqual([1, 2, 7, 12, 17].map((value) => [value, true]));
});

test('results that are dropped one after another take turns in a few blocks', () => {
  const found = run(`
    const images = { data: new Uint8Array(64 * 224 * 224 * 3).map((_, i) => 7 * i), shape: [64, 224, 224, 3] };
    const mixer = createMixer({ method: 'cutmix', classes: 4 });
    const labels = new Int32Array(64);
    const megabytes = () => process.memoryUsage.rss() / ${MIB};
    let most = 0;
    const kept = async (calls) => {
      for (let i = 0; i < calls; i++) {
        await mixer.mix(images, labels, { batch: i, output: { dtype: 'float32', layout: 'NCHW' } });
        most = Math.max(most, megabytes());
      }
      await collected();
      return megabytes();
    };
    return { first: await kept(200), last: await kept(400), most };`) as Record<
    'first' | 'last' | 'most',
    number
  >;
  // 600 results are 23 GB. How many wait for the collector is its own affair, about five; when it has been, nothing is left.
  expect(found.most).toBeLessThan(700);
  expect(found.last - found.first).toBeLessThan(20);
}, 60_000);

test('a result is transferred and detached as other memory is', async () => {
  const { maps } = await saliency(batch);
  const expected = maps.slice();
  const there = structuredClone(maps, { transfer: [maps.buffer as ArrayBuffer] });
  expect([maps.length, maps.buffer.byteLength]).toEqual([0, 0]);
  expect(sameBytes(there, expected)).toBe(true);
  const { port1, port2 } = new MessageChannel();
  const received = new Promise<Float32Array>((done) => port2.once('message', done));
  port1.postMessage(there, [there.buffer as ArrayBuffer]);
  expect(there.length).toBe(0);
  expect(sameBytes(await received, expected)).toBe(true);
  port1.close();
});

test('one that is transferred to a worker is whole there, and its block comes back after the worker has ended', () => {
  const found = run(`
    const { Worker } = require('node:worker_threads');
    const result = new Uint8Array(freshMemory(${34 * MIB})).fill(9);
    const code = "const { parentPort, workerData } = require('node:worker_threads');" +
      "parentPort.postMessage(workerData.every((value) => value === 9));";
    const worker = new Worker(code, { eval: true, workerData: result, transferList: [result.buffer] });
    const detached = result.length;
    const whole = await new Promise((done) => worker.once('message', done));
    await new Promise((done) => worker.once('exit', done));
    await collected();
    const memory = new Uint8Array(freshMemory(${34 * MIB}));
    return { detached, whole, again: memory[5] };`);
  expect(found).toEqual({ detached: 0, whole: true, again: 9 });
});

test('plain memory, as worker threads take it, gives the same results; they outlive the worker', async () => {
  const worker = new Worker(
    `const { parentPort, workerData } = require('node:worker_threads');
     const { createMixer, saliency } = require(workerData.entry);
     (async () => {
       const { maps } = await saliency(workerData.batch);
       const output = { dtype: 'float32', layout: 'NCHW' };
       const { images } = await createMixer({ seed: 3, classes: 2 }).mix(workerData.batch, workerData.labels, { batch: 0, output });
       parentPort.postMessage([maps, images.data], [maps.buffer, images.data.buffer]);
     })();`,
    { eval: true, workerData: { entry: ENTRY, batch, labels: new Int32Array(57) } },
  );
  const received = new Promise<Float32Array[]>((done, fail) => {
    worker.once('message', done);
    worker.once('error', fail);
  });
  const ended = new Promise((done) => worker.once('exit', done));
  const [maps, images] = await received;
  expect(await ended).toBe(0);
  expect(sameBytes(maps, (await saliency(batch)).maps)).toBe(true);
  const output = { dtype: 'float32', layout: 'NCHW' } as const;
  const here = await createMixer({ seed: 3, classes: 2 }).mix(batch, new Int32Array(57), {
    batch: 0,
    output,
  });
  expect(sameBytes(images, here.images.data)).toBe(true);
});

test.each(['process.exit(7)', 'throw new Error("on purpose")'])(
  'a process that ends by %s while blocks are being filled ends in order',
  (ending) => {
    const script = `const { saliency } = require(${JSON.stringify(ENTRY)});
    const batch = { data: new Uint8Array(400 * 160 * 160 * 3), shape: [400, 160, 160, 3] };
    for (let i = 0; i < 9; i++) saliency(batch, { threads: 3 }).catch(() => undefined);
    setTimeout(() => { ${ending} }, 20);`;
    const { status, signal, stderr } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });
    expect([status, signal]).toEqual([ending.startsWith('throw') ? 1 : 7, null]);
    expect(stderr).not.toMatch(/terminate|Segmentation|core dumped/);
  },
);

test('memory has the size that was asked for, whatever it is made of', () => {
  for (const bytes of [0, 1, 100_000, 4 * MIB - 1, 4 * MIB, 4 * MIB + 1, 32 * MIB, 256 * MIB + 1]) {
    expect(freshMemory(bytes).byteLength).toBe(bytes);
  }
});
