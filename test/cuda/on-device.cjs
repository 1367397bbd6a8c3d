// node on-device.cjs PACKAGE [PLACE [ROUNDS]]: steps on batches that are mixed where the trainer computes, on the backend and
// provider PLACE (cuda unless given), in that process's only thread and then beside two more threads that mix there and a second
// trainer, for so many rounds of 20 steps (10 unless given). Ends with an error where numbers differ or memory grows; prints losses.
const assert = require('node:assert/strict');
const path = require('node:path');
const { isMainThread, parentPort, Worker, workerData } = require('node:worker_threads');

const [folder, place = 'cuda', rounds = '10'] = isMainThread ? process.argv.slice(2) : workerData.words;
const STEPS = 20;
const { createMixer, uploadBatch } = require(path.resolve(folder, 'dist'));
const { createModel, Trainer } = require(path.resolve(folder, 'dist', 'train'));

const [COUNT, SIDE, CLASSES] = [6, 16, 3];
const labels = Int32Array.from({ length: COUNT }, (_, i) => i % CLASSES);
const pixels = (step) => ({
  data: Uint8Array.from(
    { length: COUNT * SIDE * SIDE * 3 },
    (_, i) => (i * 37 + step * 101 + (i >> 5) * 13) % 251,
  ),
  shape: [COUNT, SIDE, SIDE, 3],
});
const mixerOn = (backend) => createMixer({ classes: CLASSES, seed: 5, probability: 1, backend });
const output = { dtype: 'float32', mean: [0.47, 0.47, 0.47], std: [0.24, 0.24, 0.24] };

/** A batch mixed there; `images` is a device batch. */
async function mixedThere(mixer, step, layout = 'NCHW') {
  const uploaded = await uploadBatch(pixels(step), { backend: place });
  const mixed = await mixer.mix(uploaded, labels, { batch: step, output: { ...output, layout } });
  uploaded.free();
  return mixed;
}

const trainerOn = (provider) =>
  Trainer.create(createModel('wrn', { classes: CLASSES, depth: 10, widen: 1 }), {
    batch: COUNT,
    image: [SIDE, SIDE],
    optimizer: { name: 'sgd', momentum: 0.9, nesterov: true },
    provider,
    convolution: 'direct',
    threads: 1,
    seed: 4,
  });

const codeOf = (promise) =>
  promise.then(
    () => 'taken',
    ({ code, message }) => `${code} ${message}`,
  );
const learningRate = 0.01;

async function lossesOf(provider, batchOf, trainer) {
  const own = trainer ?? (await trainerOn(provider));
  const losses = [];
  for (let step = 0; step < STEPS; step++) {
    const { images, labels: soft } = await batchOf(step);
    const made = own.step({ images, labels: soft, learningRate });
    if (typeof images.free === 'function') images.free();
    losses.push((await made).loss);
  }
  if (!trainer) await own.close();
  return losses;
}

/** What the trainer cannot read there is refused, and what it can is taken after that. */
async function checkRefusals() {
  const trainer = await trainerOn(place);
  const mixed = await mixedThere(mixerOn(place), 0);
  const step = (images) => codeOf(trainer.step({ images, labels: mixed.labels, learningRate }));
  assert.match(
    await step(await uploadBatch(pixels(0), { backend: place })),
    /^ARGUMENT .*a device batch of float32/,
  );
  if (place !== 'cpu') {
    const elsewhere = await uploadBatch(pixels(0), { backend: 'cpu' });
    const { images } = await mixerOn('cpu').mix(elsewhere, labels, { output });
    assert.match(await step(images), /^ARGUMENT .*a device batch on 'cuda', the provider.*one on 'cpu'/);
  }
  assert.equal(await step(mixed.images), 'taken');
  await trainer.close();
}

/** Mixes on the card until it is told to end. */
async function mixOn() {
  const ended = new Int32Array(workerData.ended);
  const mixer = mixerOn(place);
  const first = [];
  let wrong = 0;
  for (let i = 0; Atomics.load(ended, 0) === 0; i = (i + 1) % 4) {
    const { images } = await mixedThere(mixer, i);
    const { data } = await images.download();
    images.free();
    first[i] ??= data;
    if (Buffer.compare(Buffer.from(data.buffer), Buffer.from(first[i].buffer)) !== 0) wrong++;
    await new Promise(setImmediate);
  }
  parentPort.postMessage(wrong, []);
}

async function together() {
  const ended = new SharedArrayBuffer(4);
  const workers = [0, 1].map(
    () => new Worker(__filename, { workerData: { words: process.argv.slice(2), ended } }),
  );
  const wrong = workers.map(
    (worker) =>
      new Promise((resolve, reject) => {
        worker.on('message', resolve);
        worker.on('error', reject);
      }),
  );
  const mixer = mixerOn(place);
  const trainers = await Promise.all([trainerOn(place), trainerOn(place)]);
  const losses = await Promise.all(
    trainers.map((trainer) => lossesOf(place, (step) => mixedThere(mixer, step), trainer)),
  );
  const megabytes = () => process.memoryUsage.rss() / 2 ** 20;
  const warm = megabytes();
  for (let round = 0; round < Number(rounds); round++)
    await lossesOf(place, (step) => mixedThere(mixer, step), trainers[0]);
  const grown = megabytes() - warm;
  Atomics.store(new Int32Array(ended), 0, 1);
  assert.deepEqual(await Promise.all(wrong), [0, 0]);
  for (const trainer of trainers) await trainer.close();
  return { losses, grown };
}

/** How far apart, over the largest. */
const miss = (found, wanted) =>
  Math.max(...wanted.map((value, i) => Math.abs(value - found[i]))) / Math.max(...wanted);

async function main() {
  const mixer = mixerOn(place);
  const onCpu = mixerOn('cpu');
  const here = async (step) => {
    const mixed = await onCpu.mix(pixels(step), labels, {
      batch: step,
      output: { ...output, layout: 'NCHW' },
    });
    return { images: mixed.images.data, labels: mixed.labels };
  };
  const cpu = await lossesOf('cpu', here);
  const arrays = await lossesOf(place, here);
  const nchw = await lossesOf(place, (step) => mixedThere(mixer, step));
  const nhwc = await lossesOf(place, (step) => mixedThere(mixer, step, 'NHWC'));
  await checkRefusals();
  const { losses, grown } = await together();
  console.log(JSON.stringify({ place, cpu, arrays, nchw, nhwc, together: losses, grown }));
  // A few steps: later, rounding has moved some values across a ReLU.
  assert.ok(miss(arrays.slice(0, 6), cpu.slice(0, 6)) < 1e-5, 'the losses are not the processor’s');
  for (const own of [nchw, nhwc, ...losses])
    assert.ok(miss(own.slice(0, 6), arrays.slice(0, 6)) < 1e-5, 'batches there');
  assert.ok(grown < 100, `memory has grown by ${grown} MB`);
}

void (isMainThread ? main() : mixOn());
