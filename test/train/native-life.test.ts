/** The native engine over many steps, threads and trainers: the same bits, no growth, and ends that are clean. */
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { createModel, type Model, Trainer, type TrainerOptions } from '../../src/train';
import { batchOf } from './fixtures';

const ENTRY = resolve(__dirname, '..', '..', 'dist', 'train', 'index.js');

const classes = 5;

interface Kind {
  name: string;
  model: () => Model;
  side: number;
  count: number;
  optimizer: TrainerOptions['optimizer'];
}

const sgd = { name: 'sgd', momentum: 0.9, nesterov: true, weightDecay: 1e-4 } as const;
const kinds: Kind[] = [
  {
    name: 'a residual network',
    model: () => createModel('resnet', { layers: [1, 1], width: 19, classes, stem: 'cifar' }),
    side: 17,
    count: 5,
    optimizer: sgd,
  },
  {
    name: 'bottlenecks, max pooling',
    model: () =>
      createModel('resnet', { layers: [1, 1], block: 'bottleneck', width: 8, classes, stem: 'imagenet' }),
    side: 33,
    count: 3,
    optimizer: { name: 'adamw' },
  },
  {
    name: 'activation first, dropout',
    model: () => createModel('wrn', { depth: 10, widen: 2, dropout: 0.3, classes }),
    side: 8,
    count: 7,
    optimizer: sgd,
  },
];

/** A trainer of the kind on the native engine. */
const trainerOf = ({ model, side, count, optimizer }: Kind, threads: number, seed = 2) =>
  Trainer.create(model(), { batch: count, image: [side, side], optimizer, threads, seed, engine: 'native' });

/** What some steps, gradients and a prediction give. */
async function numbersOf({ side, count }: Kind, trainer: Trainer) {
  const batch = (step: number) => batchOf(step, { count, side, classes });
  const losses: number[] = [];
  for (let i = 0; i < 3; i++) losses.push((await trainer.step({ ...batch(i), learningRate: 0.05 })).loss);
  const gradients = await trainer.gradients(batch(9));
  const logits = await trainer.predict(batch(9).images);
  const parameters = await trainer.parameters();
  await trainer.close();
  return { losses, gradients, logits, parameters };
}

test.each(kinds)('$name: the same bits for 1 to 16 threads', async (kind) => {
  const one = await numbersOf(kind, await trainerOf(kind, 1));
  for (const threads of [2, 3, 7, 16])
    expect(await numbersOf(kind, await trainerOf(kind, threads))).toEqual(one);
});

test('trainers that work at the same time give what each gives alone', async () => {
  const alone = [];
  for (const [i, kind] of kinds.entries()) alone.push(await numbersOf(kind, await trainerOf(kind, 2, i)));
  const together = await Promise.all(
    kinds.map(async (kind, i) => numbersOf(kind, await trainerOf(kind, 2, i))),
  );
  expect(together).toEqual(alone);
});

/** What a script prints that has the package as `m`; `before` is run by the shell. */
function inProcess(script: string, before = 'true') {
  const text = `const m = require(${JSON.stringify(ENTRY)}); (async () => { ${script} })();`;
  const shell = ['-c', `${before}; exec "$0" -e "$1"`, process.execPath, text];
  const { stdout, stderr, status } = spawnSync('/bin/sh', shell, { encoding: 'utf8', timeout: 120_000 });
  return { stdout, stderr, status };
}

const onLinux = process.platform === 'linux' ? test : test.skip;

onLinux('a step for which there is not enough memory: an error, and nothing is lost', () => {
  const { stdout, stderr, status } = inProcess(
    `const model = m.createModel('wrn', { depth: 10, widen: 10, classes: 2 });
    const options = { batch: 512, image: [32, 32], optimizer: { name: 'sgd' }, threads: 2, engine: 'native' };
    const trainer = await m.Trainer.create(model, options);
    const batch = (count) => ({
      images: new Float32Array(count * 3072).map((_, i) => Math.sin(i)),
      labels: Float32Array.from({ length: count * 2 }, (_, i) => i % 2),
      learningRate: 0.01,
    });
    await trainer.step(batch(2));
    const state = async () => {
      const hash = require('node:crypto').createHash('md5');
      for (const { data } of (await trainer.parameters()).values()) hash.update(new Uint8Array(data.buffer));
      return hash.digest('hex');
    };
    const held = () => /VmData:\\s+(\\d+)/.exec(require('node:fs').readFileSync('/proc/self/status', 'utf8'))[1] / 1024;
    const before = await state();
    await trainer.step(batch(512)).catch((error) => console.log(error.code, error.message));
    // What the failed run had taken, nearly all there is, is given back.
    console.log(trainer.steps, before === await state(), held() < 600);
    await trainer.step(batch(2));
    console.log(trainer.steps);
    await trainer.close();`,
    // Megabytes of its own that the process may have, in the shell's unit of 1024 bytes.
    'ulimit -d 1200000',
  );
  expect([stderr, status]).toEqual(['', 0]);
  expect(stdout).toMatch(
    /^MODEL ONNX Runtime: .*saliencymix:Conv.*allocate memory.*\nA smaller batch takes less memory\.\n1 true true\n2\n$/s,
  );
});

test('thousands of steps do not gather memory', () => {
  const { stdout, stderr } = inProcess(
    `const model = m.createModel('wrn', { depth: 10, widen: 1, dropout: 0.2, classes: 2 });
    const options = { batch: 2, image: [8, 8], optimizer: { name: 'adamw' }, threads: 2, engine: 'native' };
    const trainer = await m.Trainer.create(model, options);
    const batch = { images: new Float32Array(384).map((_, i) => Math.sin(i)), labels: Float32Array.of(1, 0, 0, 1), learningRate: 1e-5 };
    const found = [];
    for (let i = 0; i <= 2000; i++) {
      await trainer.step(batch);
      if (i % 500 === 0) found.push(process.memoryUsage().rss / 2 ** 20);
    }
    await trainer.close();
    console.log(JSON.stringify(found));`,
  );
  expect(stderr).toBe('');
  const [, second, , , last] = JSON.parse(stdout) as number[];
  // JavaScript's own heap, which is cleared now and then, is the larger part of what there is.
  expect(last - second).toBeLessThan(25);
});
