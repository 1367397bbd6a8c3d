// node scripts/sanitize-addon.mjs ADDON [SEED ROUNDS]   drives every function of an addon, over awkward shapes, from the
// built package. Shapes, pixels and options are drawn from the seed.
// Meant for an addon with sanitizers in it: they end the process at the first fault.
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { Worker } from 'node:worker_threads';

const require = createRequire(import.meta.url);
const { addon } = require('../dist/native/load.js');
const sanitized = require(resolve(process.argv[2]));
// The package has loaded its own addon: every call goes to the sanitized one instead.
Object.assign(addon(), sanitized);
if (addon().mix !== sanitized.mix) throw new Error('the sanitized addon is not in use');

const {
  applyPlan,
  createMixer,
  mixMethodNames,
  placeBox,
  saliency,
  schemeNames,
  uploadBatch,
} = require('../dist/index.js');
const { mixMethods } = require('../dist/mix/index.js');
const { nativeMethods } = require('../dist/saliency/methods.js');

const rounds = Number(process.argv[4] ?? 40);
let state = Number(process.argv[3] ?? 1);
const random = (n) => {
  state = (Math.imul(state, 1103515245) + 12345) >>> 0;
  return Math.floor((state / 2 ** 32) * n);
};
const sides = [1, 1, 2, 3, 7, 31, 32, 33, 64, 65];
const batchOf = ({ sidesOf = 1 } = {}) => {
  const side = () => Math.ceil(sides[random(10)] / sidesOf) * sidesOf;
  const shape = [1 + random(5), side(), side(), random(2) ? 3 : 1];
  const data = new Uint8Array(shape.reduce((a, b) => a * b)).map(() => random(256));
  return { data, shape };
};

let calls = 0;
for (let round = 0; round < rounds; round++) {
  const searched = batchOf();
  for (const method of nativeMethods) await saliency(searched, { method, threads: 1 + random(4) });
  for (const method of mixMethodNames) {
    const batch = mixMethods[method].sidesOf ? batchOf(mixMethods[method]) : searched;
    const [n, h, w] = batch.shape;
    const labels = Int32Array.from({ length: n }, () => random(3));
    const options = {
      method,
      scheme: schemeNames[round % 5],
      seed: round,
      classes: 3,
      ties: 'random',
      threads: 3,
    };
    const mixer = createMixer({
      ...options,
      box: round % 2 ? 'clip' : 'shift',
      per: round % 3 ? 'sample' : 'batch',
    });
    const dtype = ['uint8', 'float32', 'float16'][random(3)];
    const { plan } = await mixer.mix(batch, labels, {
      output: { layout: round % 2 ? 'NCHW' : 'NHWC', dtype },
    });
    await applyPlan(plan, batch);
    const device = await uploadBatch(batch, { backend: 'cpu' });
    const there = await mixer.mix(device, labels);
    const over = mixer.mix(device, labels, { into: there.images });
    if (round % 2) device.free();
    await over;
    await there.images.saliency({ maps: false });
    await there.images.download();
    if (round % 3) there.images.free();
    if (!plan.samples.some(({ kind }) => kind === 'blend' || kind === 'masked')) {
      await applyPlan(plan, { data: new Int32Array(n * h * w), shape: [n, h, w] });
      await applyPlan(plan, { data: new Uint8Array(n * h * w), shape: [n, h, w] });
    }
    calls += 6;
  }
  const [, h, w] = searched.shape;
  placeBox(h, w, random(1000) / 999, [random(h), random(w)], round % 2 ? 'clip' : 'shift');
}

// Enough for the timer to come first on a busy machine, too.
const large = { data: new Uint8Array(1024 * 96 * 96 * 3), shape: [1024, 96, 96, 3] };
const controller = new AbortController();
const stopped = saliency(large, { signal: controller.signal }).catch((error) => error.name);
setTimeout(() => controller.abort(), 2);
if ((await stopped) !== 'AbortError') throw new Error('an aborted call must reject');

/** A thread that starts one call over `count` images and says so. */
function thread(count) {
  const code = `const a = require(${JSON.stringify(resolve(process.argv[2]))});
    const pixels = ${count} * 64 * 64;
    const call = { backend: 'cpu', method: 'fine-grained', threads: 3, data: new Uint8Array(pixels), count: ${count},
      height: 64, width: 64, channels: 1, maps: new Float32Array(pixels), peaks: new Int32Array(2 * ${count}),
      lows: new Int32Array(2 * ${count}) };
    a.saliency(call);
    const resident = a.newResident({ backend: 'cpu', bytes: pixels });
    a.upload({ resident, threads: 3, data: call.data }).then(() => a.saliency({ ...call, data: undefined, resident }));
    require('node:worker_threads').parentPort.postMessage('running');`;
  return new Worker(code, { eval: true });
}
const event = (worker, name) => new Promise((done) => worker.once(name, done));

// The addon in several threads, and its pool joined when they end.
await Promise.all([4, 4, 4].map((count) => event(thread(count), 'exit')));

// Threads that are ended in the middle of a call: what it reads and writes must outlive it.
for (let wait = 0; wait < 10; wait++) {
  const worker = thread(200);
  await event(worker, 'message');
  await new Promise((tick) => setTimeout(tick, 3 * wait));
  await worker.terminate();
}
console.log(`${calls} mixing calls, ${rounds * nativeMethods.length} saliency calls: no fault found`);
