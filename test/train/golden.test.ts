/** Steps of five networks against float64 PyTorch, within what float32 PyTorch itself misses it by (golden/README.md). */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { sizeOf } from '../../src/graph/graph';
import { createModel, type Model, Trainer } from '../../src/train';
import { batchOf, symmetric, uniform } from './fixtures';

interface TensorTruth {
  shape: number[];
  l2: number;
  first: number[];
}
type Truth = Record<string, TensorTruth>;

type Quantity = 'logits0' | 'eval_logits' | 'grad0' | 'weights_after' | 'running_after';

interface Run {
  name: string;
  batch: number;
  image: number;
  classes: number;
  steps: number;
  lr: number;
  weight_decay: number;
  momentum: number;
  nesterov: boolean;
  /** Numbers that are learned, in all. */
  parameters: number;
  losses: number[];
  logits0: number[][];
  eval_logits: number[][];
  grad0: Truth;
  weights_after: Truth;
  running_after: Truth;
  tolerance: Record<Quantity, number> & { loss: number[] };
}

const file = resolve(__dirname, '..', 'golden', 'training', 'steps.json');
const { runs } = JSON.parse(readFileSync(file, 'utf8')) as { runs: Run[] };

const models: Record<string, () => Model> = {
  'resnet8-cifar-w16': () =>
    createModel('resnet', { layers: [1, 1, 1], width: 16, classes: 10, stem: 'cifar' }),
  'resnet18-cifar': () => createModel('resnet18', { classes: 10, stem: 'cifar' }),
  'resnet50-cifar': () => createModel('resnet50', { classes: 100, stem: 'cifar' }),
  'resnet18-imagenet': () => createModel('resnet18', { classes: 1000 }),
  'wrn-16-2': () => createModel('wrn', { depth: 16, widen: 2, classes: 10 }),
};

/** The weights that the truth was computed from. */
function initialWeights({ parameters }: Model) {
  const values = (name: string, shape: readonly number[]) => {
    const size = sizeOf(shape);
    if (shape.length === 4) return symmetric(name, size, Math.sqrt(6 / sizeOf(shape.slice(1))));
    if (shape.length === 2) return symmetric(name, size, 1 / Math.sqrt(shape[1]));
    return new Float32Array(size).fill(/(?:bn\d|downsample\.1)\.weight|running_var/.test(name) ? 1 : 0);
  };
  return new Map(
    parameters.map(({ name, shape }) => [name, { data: values(name, shape), shape: [...shape] }]),
  );
}

function norm(values: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] * values[i];
  return Math.sqrt(sum);
}

/** How far norms are off, each over its tensor's, the worst of all. */
function worstNorm(found: ReadonlyMap<string, Float32Array>, truth: Truth): number {
  const misses = Object.entries(truth).map(([name, { l2, shape }]) => {
    const miss = Math.abs(norm(found.get(name) as Float32Array) - l2);
    return miss / (l2 + 1e-3 * Math.sqrt(sizeOf(shape)));
  });
  return Math.max(...misses);
}

/** Single values vary more than norms, which gather many: they may be off by so many times as much. */
const SINGLE = 10;

/** How far the first values are off, over their tensor's root mean square. */
function worstFirst(found: ReadonlyMap<string, Float32Array>, truth: Truth): number {
  const misses = Object.entries(truth).flatMap(([name, { l2, shape, first }]) => {
    const size = l2 / Math.sqrt(sizeOf(shape)) + 1e-3;
    return first.map((value, i) => Math.abs((found.get(name) as Float32Array)[i] - value) / size);
  });
  return Math.max(...misses);
}

function worstLogit(found: Float32Array, truth: readonly (readonly number[])[], classes: number): number {
  return Math.max(...truth.flatMap((row, i) => row.map((z, k) => Math.abs(found[i * classes + k] - z))));
}

test('the counter generator gives the numbers of the file’s maker', () => {
  const words = (name: string, count: number) => [...uniform(name, count)].map((u) => u * 2 ** 24);
  expect(words('fc.weight', 5)).toEqual([8131007, 14634256, 12474279, 11752544, 3417655]);
  expect(words('x', 1000).reduce((a, b) => a + b)).toBe(8214024227);
});

test('every run of the file has a model here', () => {
  expect(runs.map(({ name }) => name).toSorted()).toEqual(Object.keys(models).toSorted());
});

describe.each(runs.map((run) => [run.name, run] as const))('%s', (name, run) => {
  const { tolerance, classes } = run;
  const model = models[name]();
  const shape = { count: run.batch, side: run.image, classes };
  let trainer: Trainer;
  beforeAll(async () => {
    const { momentum, nesterov, weight_decay: weightDecay } = run;
    const optimizer = { name: 'sgd', momentum, nesterov, weightDecay } as const;
    trainer = await Trainer.create(model, { batch: run.batch, image: [run.image, run.image], optimizer });
    const w = initialWeights(model);
    await trainer.load(w);
  });
  afterAll(() => trainer.close());

  /** Names and shapes as PyTorch has them, in its order. */
  const shapesOf = (truth: Truth) => Object.entries(truth).map(([key, value]) => [key, value.shape]);

  test('parameters have the names, shapes and number', () => {
    const named = (trained: boolean) =>
      model.parameters.filter((one) => one.trained === trained).map((one) => [one.name, [...one.shape]]);
    expect(named(true)).toEqual(shapesOf(run.weights_after));
    expect(named(false)).toEqual(shapesOf(run.running_after));
    expect(run.parameters).toBe(
      model.parameters.reduce((sum, one) => sum + (one.trained ? sizeOf(one.shape) : 0), 0),
    );
  });

  test('gradients of the first batch', async () => {
    const { parameters, loss } = await trainer.gradients(batchOf(0, shape));
    expect(Math.abs(loss - run.losses[0]) / run.losses[0]).toBeLessThan(tolerance.loss[0]);
    expect(worstNorm(parameters, run.grad0)).toBeLessThan(tolerance.grad0);
    expect(worstFirst(parameters, run.grad0)).toBeLessThan(SINGLE * tolerance.grad0);
  });

  test('steps: losses, logits, weights, running statistics, evaluation', async () => {
    for (let t = 0; t < run.steps; t++) {
      const { loss, logits } = await trainer.step({ ...batchOf(t, shape), learningRate: run.lr });
      expect(Math.abs(loss - run.losses[t]) / run.losses[t]).toBeLessThan(tolerance.loss[t]);
      if (t === 0) expect(worstLogit(logits, run.logits0, classes)).toBeLessThan(tolerance.logits0);
    }
    const after = new Map([...(await trainer.parameters())].map(([key, { data }]) => [key, data]));
    expect(worstNorm(after, run.weights_after)).toBeLessThan(tolerance.weights_after);
    expect(worstNorm(after, run.running_after)).toBeLessThan(tolerance.running_after);
    expect(worstFirst(after, run.weights_after)).toBeLessThan(SINGLE * tolerance.weights_after);
    expect(worstFirst(after, run.running_after)).toBeLessThan(SINGLE * tolerance.running_after);
    const images = symmetric('input/eval', run.eval_logits.length * 3 * run.image ** 2, 1.7);
    const logits = await trainer.predict(images);
    expect(worstLogit(logits, run.eval_logits, classes)).toBeLessThan(tolerance.eval_logits);
  });
});
