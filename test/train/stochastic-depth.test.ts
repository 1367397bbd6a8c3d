/** Stochastic depth: how often branches stay, what is left, and that training means what evaluation computes. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createModel,
  defineModel,
  layers,
  type ModelOptions,
  ops,
  Trainer,
  type TrainerOptions,
} from '../../src/train';
import { openSaved } from '../../src/train/saved-classifier';
import { writeTensors } from '../../src/train/safetensors';
import { survivalRates, survivingBranch } from '../../src/models/stochastic-depth';
import { batchOf, closing } from './fixtures';

const [COUNT, SIDE, CLASSES] = [4, 8, 3];
const options = {
  batch: COUNT,
  image: [SIDE, SIDE],
  threads: 1,
  seed: 7,
  optimizer: { name: 'sgd' },
} as const;
const batch = (step: number) => batchOf(step, { count: COUNT, side: SIDE, classes: CLASSES });

async function trainerOf(model: Parameters<typeof Trainer.create>[0], more: Partial<TrainerOptions> = {}) {
  const trainer = closing(await Trainer.create(model, { ...options, ...more }));
  return trainer;
}

test('chances fall linearly to the last block, whose is that of the option', () => {
  const rates = survivalRates(54, 0.5);
  expect(rates).toHaveLength(54);
  expect([rates[0], rates[26], rates[53]]).toEqual([1 - 0.5 / 54, 0.75, 0.5]);
});

type Depth = Parameters<typeof survivingBranch>[4];
const SURVIVAL = 0.7;
/** Images plus a branch of them, without anything that makes the result more than their sum. */
const linearModel = (depth: Omit<Depth, 'stochasticDepth'>) =>
  defineModel({
    name: 'one-block',
    classes: CLASSES,
    build(net, images) {
      const branch = layers.conv(net, 'conv', images, { out: 3, kernel: 3 });
      const kept = survivingBranch(net, 'block', branch, SURVIVAL, { ...depth, stochasticDepth: 0.3 });
      return layers.linear(net, 'fc', layers.globalAveragePool(ops.add(kept, images)), CLASSES);
    },
  });

describe.each(['batch', 'sample'] as const)('per %s', (stochasticDepthPer) => {
  test.each(['test', 'train'] as const)(
    'scaled in %s: the mean in training is the evaluation',
    async (scaled) => {
      const trainer = await trainerOf(linearModel({ stochasticDepthPer, stochasticDepthScale: scaled }));
      const { images, labels } = batch(0);
      const wanted = await trainer.predict(images);
      const steps = 600;
      const sums = new Float64Array(COUNT * CLASSES);
      /** Of each image the logits that came, and whether all images of a step had their branch or none. */
      const seen = Array.from({ length: COUNT }, () => new Map<string, number>());
      let together = 0;
      for (let step = 0; step < steps; step++) {
        const { logits } = await trainer.step({ images, labels, learningRate: 1e-30 });
        logits.forEach((logit, i) => (sums[i] += logit / steps));
        const kinds = seen.map((counts, i) => {
          const own = logits.subarray(i * CLASSES, (i + 1) * CLASSES).join();
          counts.set(own, (counts.get(own) ?? 0) + 1);
          return [...counts.keys()].indexOf(own);
        });
        together += Number(new Set(kinds).size === 1 || stochasticDepthPer === 'sample');
      }
      // With and without.
      for (const counts of seen) {
        const [a, b] = [...counts.values()];
        expect([counts.size, a + b]).toEqual([2, steps]);
        expect(Math.abs(Math.max(a, b) / steps - SURVIVAL)).toBeLessThan(0.075); // four deviations
      }
      expect(together).toBe(steps);
      const first = [...seen[0].keys()].map((own) => own.split(',').map(Number));
      const apart = Math.max(...first[0].map((value, k) => Math.abs(value - first[1][k])));
      expect(apart).toBeGreaterThan(1e-3);
      // Four deviations again.
      sums.forEach((mean, i) => expect(Math.abs(mean - wanted[i])).toBeLessThan(0.08 * apart));
    },
  );
});

const networks: [string, string, Partial<ModelOptions>][] = [
  ['shortcuts with a norm', 'resnet', { block: 'basic', layers: [2, 2], width: 8, stem: 'cifar' }],
  ['norms before convolutions, and dropout', 'wrn', { depth: 10, widen: 1, dropout: 0.3 }],
];
describe.each(networks)('%s', (_, name, shape) => {
  test.each([
    ['batch', 'test'],
    ['sample', 'train'],
  ] as const)('per %s, scaled in %s: both engines learn the same', async (per, scaled) => {
    const depth = { stochasticDepth: 0.8, stochasticDepthPer: per, stochasticDepthScale: scaled };
    const model = createModel(name, { classes: CLASSES, ...shape, ...depth });
    const plain = createModel(name, { classes: CLASSES, ...shape });
    const losses = [];
    for (const [one, engine] of [
      [model, 'native'],
      [model, 'standard'],
      [plain, 'native'],
    ] as const) {
      const trainer = await trainerOf(one, { engine, ...(engine === 'native' && { convolution: 'direct' }) });
      const own = [];
      for (let step = 0; step < 8; step++)
        own.push((await trainer.step({ ...batch(step), learningRate: 0.01 })).loss);
      losses.push(own);
    }
    const [native, standard, without] = losses;
    native.forEach((loss, i) => expect(Math.abs(loss / standard[i] - 1)).toBeLessThan(1e-4));
    expect(native).not.toEqual(without);
  });

  test('a run that is gone on with leaves out the same blocks', async () => {
    const work = mkdtempSync(join(tmpdir(), 'saliencymix-depth-'));
    try {
      const model = createModel(name, { classes: CLASSES, ...shape, stochasticDepth: 0.5 });
      const whole = await trainerOf(model);
      for (let step = 0; step < 3; step++) await whole.step({ ...batch(step), learningRate: 0.01 });
      await whole.save(join(work, 'three.safetensors'));
      const again = closing(await Trainer.resume(join(work, 'three.safetensors')));
      for (let step = 3; step < 8; step++) {
        const next = { ...batch(step), learningRate: 0.01 };
        expect(await again.step(next)).toEqual(await whole.step(next));
      }
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  });
});

test('what cannot be is refused', () => {
  const create = (name: string, more: object) => () => createModel(name, { classes: 2, ...more });
  for (const more of [{ stochasticDepth: 1 }, { stochasticDepth: -0.1 }, { stochasticDepthPer: 'image' }])
    expect(create('resnet18', more)).toThrow(expect.objectContaining({ code: 'ARGUMENT' }));
  expect(create('vgg16-bn', { stochasticDepth: 0.5 })).toThrow(/stochasticDepth/);
});

describe('weights in a file', () => {
  const shape = { layers: [2, 2], width: 8, classes: CLASSES, stem: 'cifar' } as const;
  const [deep, plain] = [
    createModel('resnet', { ...shape, stochasticDepth: 0.8 }),
    createModel('resnet', shape),
  ];
  const folder = mkdtempSync(join(tmpdir(), 'saliencymix-depth-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'weights.safetensors');
  const { images } = batch(0);

  const apart = (a: Float32Array, b: Float32Array) =>
    Math.max(...a.map((value, i) => Math.abs(value - b[i])));

  test('say of which network they are, whose branches evaluation scales', async () => {
    const trainer = await trainerOf(deep);
    await trainer.exportSafetensors(path);
    const wanted = await trainer.predict(images);
    const opened = await openSaved(path, 1);
    const { data } = await opened.predict(images, COUNT, [SIDE, SIDE]);
    await opened.close();
    expect(apart(data, wanted)).toBeLessThan(1e-5);

    const other = await trainerOf(plain);
    const warned = jest.spyOn(process, 'emitWarning').mockImplementation();
    await other.loadSafetensors(path);
    const again = await trainerOf(deep);
    await again.loadSafetensors(path);
    const said = warned.mock.calls.map(([text]) => String(text));
    warned.mockRestore();
    expect(said).toEqual([
      expect.stringMatching(/stochasticDepth 0\.8 .*"test", this one has 0: .*predictions differ/),
    ]);
    expect(apart(await other.predict(images), wanted)).toBeGreaterThan(0.01);
    expect(await again.predict(images)).toEqual(wanted);
  });

  test('that name no network of this package, or another one, are known by their shapes', async () => {
    const trainer = await trainerOf(plain);
    const wanted = await trainer.predict(images);
    const tensors = await trainer.parameters();
    for (const model of [
      '{',
      '{"name":"own","options":{}}',
      JSON.stringify({ name: 'resnet18', options: { classes: 3 } }),
    ]) {
      await writeTensors(path, { tensors, metadata: { format: 'pt', model } });
      const opened = await openSaved(path, 1);
      const { data } = await opened.predict(images, COUNT, [SIDE, SIDE]);
      await opened.close();
      expect(apart(data, wanted)).toBeLessThan(1e-5);
    }
  });
});
