// npm run bench [saliency|mix]   images per second through the public API, on this machine.
// Each task's result is checked before it is timed. Rounds of all contenders are interleaved, and the median counts.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { backends, createMixer, mixMethodNames, saliency, saliencyMethods } = require('../dist/index.js');
const { availableParallelism, cpus } = require('node:os');

const ROUNDS = 7;
const SIZES = [
  [256, 32],
  [32, 224],
];

/** Distinct noisy images; the same in every run. */
function batchOf(count, side) {
  let state = 1;
  const data = new Uint8Array(count * side * side * 3);
  for (let i = 0; i < data.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    data[i] = state >>> 24;
  }
  return { data, shape: [count, side, side, 3] };
}

function check(condition, what) {
  if (!condition) throw new Error(`wrong result: ${what}`);
}

const tasks = {
  saliency: (batch) =>
    saliencyMethods
      .filter((method) => method !== 'learned')
      .map((method) => ({
        name: method,
        run: () => saliency(batch, { method }),
        verify({ maps, peaks, shape: [, h, w] }) {
          for (let i = 0; i < batch.shape[0]; i++) {
            const map = maps.subarray(i * h * w, (i + 1) * h * w);
            const most = map.reduce((a, b) => Math.max(a, b));
            check(map.indexOf(most) === peaks[2 * i] * w + peaks[2 * i + 1], `${method}: peak of image ${i}`);
          }
        },
      })),
  mix: (batch) =>
    mixMethodNames.map((method) => ({
      name: method,
      run: () =>
        createMixer({ method, classes: 10 }).mix(batch, new Int32Array(batch.shape[0]), { batch: 0 }),
      verify({ images, plan, labels }) {
        check(
          images.data.length === batch.data.length && plan.samples.length === batch.shape[0],
          `${method}: size`,
        );
        check(
          labels.every((weight, i) => weight === (i % 10 === 0 ? 1 : 0)),
          `${method}: labels`,
        );
      },
    })),
};

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

async function measure(contenders) {
  for (const contender of contenders) contender.verify(await contender.run());
  const times = contenders.map(() => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, contender] of contenders.entries()) {
      const start = performance.now();
      await contender.run();
      times[i].push(performance.now() - start);
    }
  }
  return times.map(median);
}

const words = process.argv.slice(2);
for (const word of words) {
  if (word in tasks) continue;
  console.error(`unknown task "${word}"; there are ${Object.keys(tasks).join(', ')}`);
  process.exit(1);
}
console.log(
  `${cpus()[0].model}, ${availableParallelism()} threads, ${backends()[0].name}: ${backends()[0].description}`,
);
for (const task of words.length > 0 ? words : Object.keys(tasks)) {
  for (const [count, side] of SIZES) {
    const contenders = tasks[task](batchOf(count, side));
    const milliseconds = await measure(contenders);
    console.log(`\n${task}, batches of ${count} × ${side}²`);
    contenders.forEach(({ name }, i) => {
      const rate = Math.round((1000 * count) / milliseconds[i]);
      console.log(
        `  ${name.padEnd(18)} ${milliseconds[i].toFixed(2).padStart(9)} ms ${String(rate).padStart(9)} images/s`,
      );
    });
  }
}
