/** Every registered model: it trains, has the published number of parameters, torchvision's names, and refuses what it must. */
import { spawnSync } from 'node:child_process';
import { sizeOf } from '../../src/graph/graph';
import { createOptimizer } from '../../src/graph/optimizers';
import {
  createModel,
  type ModelName,
  modelNames,
  modelOfShapes,
  type ModelOptions,
  models,
} from '../../src/models';
import type { Model } from '../../src/models/model';
import { stepGraph } from '../../src/train/graphs';
import { Trainer } from '../../src/train';
import { batchOf } from '../train/fixtures';

const countOf = ({ parameters }: Model) =>
  parameters.reduce((sum, { shape, trained }) => sum + (trained ? sizeOf(shape) : 0), 0);

/** Options of the smallest of each kind, with the stem for small images where there is a choice. */
const small: Record<ModelName, Omit<ModelOptions, 'classes'>> = {
  resnet: { layers: [1, 1], width: 4, stem: 'cifar' },
  resnet18: { width: 4, stem: 'cifar' },
  resnet34: { width: 2, stem: 'cifar' },
  resnet50: { width: 2, stem: 'cifar' },
  resnet101: { width: 1, stem: 'cifar' },
  resnet152: { width: 1, stem: 'cifar' },
  resnet20: { width: 4 },
  resnet32: { width: 2 },
  resnet44: { width: 2 },
  resnet56: { width: 1 },
  resnet110: { width: 1 },
  wrn: { depth: 10, widen: 1, dropout: 0.2 },
  'vgg16-bn': { stem: 'cifar' },
};

/** Compiling these takes ten seconds each; the blocks are those of the others. */
const DEEP: ReadonlySet<string> = new Set(['resnet101', 'resnet152', 'resnet56', 'resnet110']);

describe.each(modelNames)('%s', (name) => {
  const model = createModel(name, { classes: 3, ...small[name] });

  test('is made again from its name and options', () => {
    const again = createModel(model.name, JSON.parse(JSON.stringify(model.options)) as ModelOptions);
    expect(again.parameters).toEqual(model.parameters);
    expect([again.name, again.options, again.classes]).toEqual([name, model.options, 3]);
  });

  test('is known by the names and shapes of its parameters, with either stem', () => {
    for (const stem of 'stem' in models[name].options ? (['cifar', 'imagenet'] as const) : [undefined]) {
      const one = createModel(name, { ...small[name], classes: 7, ...(stem && { stem }) });
      const shapes = new Map(one.parameters.map(({ name: parameter, shape }) => [parameter, shape]));
      const found = modelOfShapes(shapes);
      expect(found?.parameters).toEqual(one.parameters);
      const { dropout: _, ...options } = one.options; // leaves no trace in the parameters
      expect(found?.options).toMatchObject(options);
      expect(modelOfShapes(new Map([...shapes, ['other', [1]]]))).toBeUndefined();
      expect(modelOfShapes(new Map([...shapes].slice(1)))).toBeUndefined();
    }
    expect(new Set(model.parameters.map((one) => one.name)).size).toBe(model.parameters.length);
    expect(models[name].summary.length).toBeGreaterThan(10);
  });

  test('options that are undefined are as if they were not given', () => {
    const plain = { classes: 3, ...(name === 'resnet' ? { layers: [1] } : {}) };
    const { options } = createModel(name, plain);
    const others = Object.keys(options).filter((key) => !(key in plain));
    const given = Object.fromEntries(others.map((key) => [key, undefined]));
    expect(createModel(name, { ...plain, ...given }).options).toEqual(options);
  });

  test('differentiates', () => {
    const { bytes } = stepGraph(model, { count: 2, image: [32, 32] }, createOptimizer({ name: 'adamw' }));
    expect(bytes.length).toBeGreaterThan(1000);
  });

  (DEEP.has(name) ? test.skip : test)('takes a step', async () => {
    const trainer = await Trainer.create(model, {
      batch: 2,
      image: [32, 32],
      optimizer: { name: 'sgd' },
      threads: 1,
    });
    const before = await trainer.parameters();
    const batch = batchOf(name, { count: 2, side: 32, classes: 3 });
    const { loss, logits } = await trainer.step({ ...batch, learningRate: 0.01 });
    expect(loss).toBeGreaterThan(0);
    expect(logits).toHaveLength(6);
    const after = await trainer.parameters();
    const bytes = ({ data }: { data: Float32Array }) => Buffer.from(data.buffer);
    const still = [...before].filter(([key, tensor]) =>
      bytes(tensor).equals(bytes(after.get(key) ?? tensor)),
    );
    // A bias before a normalisation has no effect; and where layers have a channel or two, some are dead.
    const stuck = still.map(([key]) => key).filter((key) => !/^features\.\d+\.bias$/.test(key));
    const allowed = Math.floor(0.03 * model.parameters.length);
    expect(stuck.length > allowed ? `no step changes ${stuck.join(', ')}` : '').toBe('');
    expect(stuck.filter((key) => /^(conv1|fc|classifier)|running/.test(key))).toEqual([]);
    expect(await trainer.predict(batch.images)).toHaveLength(6);
    await trainer.close();
  });
});

describe('numbers of parameters', () => {
  // As torchvision publishes them for 1000 classes.
  test.each([
    ['resnet18', 11_689_512],
    ['resnet34', 21_797_672],
    ['resnet50', 25_557_032],
    ['resnet101', 44_549_160],
    ['resnet152', 60_192_808],
    ['vgg16-bn', 138_365_992],
  ])('%s', (name, count) => {
    expect(countOf(createModel(name, { classes: 1000 }))).toBe(count);
  });

  test('WRN-28-10, as its paper has it (36.5 million)', () => {
    expect(countOf(createModel('wrn', { classes: 10 }))).toBe(36_479_194);
  });

  /**
   * 6n + 2 layers of 16, 32 and 64 channels. Convolutions 3·16·9, then per stage 2n of 9·c², of which the first of the
   * second and third has c/2 channels in; projections c/2·c; two numbers per channel and normalisation; 64·10 + 10.
   */
  const cifarCount = (n: number) => {
    const norms = 2 * 16 + [16, 32, 64].reduce((sum, c) => sum + 2 * c * 2 * n, 0) + 2 * (32 + 64);
    const convolutions = [16, 32, 64].reduce((sum, c) => sum + 9 * c * c * 2 * n, 0);
    const narrower = [32, 64].reduce((sum, c) => sum - 9 * c * (c / 2) + (c / 2) * c, 0);
    return 3 * 16 * 9 + convolutions + narrower + norms + 64 * 10 + 10;
  };

  // The paper's, with shortcuts that have no parameters: 0.27, 0.46, 0.66, 0.85 and 1.7 million.
  test.each([
    ['resnet20', 3, 272_474],
    ['resnet32', 5, 466_906],
    ['resnet44', 7, 661_338],
    ['resnet56', 9, 855_770],
    ['resnet110', 18, 1_730_714],
  ])('%s', (name, n, count) => {
    expect(cifarCount(n)).toBe(count);
    expect(countOf(createModel(name, { classes: 10 }))).toBe(count);
  });
});

const PYTHON = '/usr/bin/python3';
const hasTorch = spawnSync(PYTHON, ['-c', 'import torch, torchvision']).status === 0;

(hasTorch ? describe : describe.skip)('names and shapes are torchvision’s', () => {
  const names = ['resnet18', 'resnet34', 'resnet50', 'resnet101', 'resnet152', 'vgg16_bn'];
  let theirs: Record<string, [name: string, shape: number[]][]>;
  beforeAll(() => {
    const script = `
import json, torchvision
print(json.dumps({n: [[k, list(v.shape)] for k, v in getattr(torchvision.models, n)().state_dict().items()
                      if not k.endswith('num_batches_tracked')] for n in ${JSON.stringify(names)}}))`;
    const { stdout } = spawnSync(PYTHON, ['-c', script], { encoding: 'utf8', maxBuffer: 2 ** 26 });
    theirs = JSON.parse(stdout) as typeof theirs;
  }, 120_000);

  test.each(names)('%s', (name) => {
    const { parameters } = createModel(name.replace('_', '-'), { classes: 1000 });
    const sorted = (list: [string, number[]][]) => list.toSorted(([a], [b]) => (a < b ? -1 : 1));
    const ours = parameters.map((one): [string, number[]] => [one.name, [...one.shape]]);
    expect(sorted(ours)).toEqual(sorted(theirs[name]));
  });
});

describe('refused', () => {
  const of = (name: string, options: object | null | undefined) => () =>
    createModel(name, options as ModelOptions);

  test.each<[string, () => unknown, RegExp]>([
    [
      'an unknown model',
      of('vgg16bn', { classes: 2 }),
      /model but received "vgg16bn" \(did you mean "vgg16-bn"\?\)/,
    ],
    [
      'no name at all',
      of(undefined as unknown as string, { classes: 2 }),
      /for model but received undefined/,
    ],
    [
      'an unknown option',
      of('resnet18', { classes: 2, widht: 3 }),
      /Unknown option "widht".*did you mean "width"/,
    ],
    ['an option of another model', of('resnet18', { classes: 2, depth: 3 }), /Unknown option "depth"/],
    [
      'layers of a member of the family',
      of('resnet20', { classes: 2, layers: [1] }),
      /Unknown option "layers"/,
    ],
    ['no classes', of('resnet18', {}), /at least|from 1 to .* for classes but received undefined/],
    ['no options', of('resnet18', undefined), /for classes but received undefined/],
    ['null', of('resnet18', null), /an object of options .*null/],
    ['0 classes', of('resnet18', { classes: 0 }), /for classes but received 0/],
    ['classes and a half', of('wrn', { classes: 2.5 }), /for classes but received 2.5/],
    [
      'a depth that is none',
      of('wrn', { classes: 2, depth: 17 }),
      /6n \+ 4, as 16, 22, 28 or 40 for depth but received 17/,
    ],
    ['dropout of everything', of('wrn', { classes: 2, dropout: 1 }), /for dropout but received 1/],
    [
      'another stem',
      of('resnet18', { classes: 2, stem: 'cifra' }),
      /for stem but received "cifra" \(did you mean "cifar"\?\)/,
    ],
    [
      'another block',
      of('resnet', { classes: 2, layers: [1], block: 'botleneck' }),
      /did you mean "bottleneck"/,
    ],
    ['no layers', of('resnet', { classes: 2 }), /1 to 8 numbers of blocks.*undefined/],
    ['a stage without blocks', of('resnet', { classes: 2, layers: [1, 0] }), /for layers but received 0/],
    ['width 0', of('resnet18', { classes: 2, width: 0 }), /for width but received 0/],
  ])('%s', (_, create, message) => {
    expect(create).toThrow(message);
    expect(create).toThrow(expect.objectContaining({ name: 'SaliencyMixError', code: 'ARGUMENT' }) as Error);
  });

  const compiled =
    (model: Model, side: number, count = 2) =>
    () =>
      stepGraph(model, { count, image: [side, side] }, createOptimizer({ name: 'sgd' }));

  test('images that a model cannot take', () => {
    const vgg = createModel('vgg16-bn', { classes: 2 });
    expect(compiled(vgg, 64)).toThrow(
      /vgg16-bn cannot take \[2, 512, 2, 2\]: .*multiple of 224; stem "cifar"/,
    );
    expect(compiled(createModel('vgg16-bn', { classes: 2, stem: 'cifar' }), 16)).toThrow(
      /MaxPool cannot take .*does not fit; give larger images/,
    );
    expect(compiled(createModel('resnet18', { classes: 2 }), 32, 1)).toThrow(
      /BatchNorm cannot take .*larger batch/,
    );
  });

  test('a trainer says so too, and leaves no thread', async () => {
    const vgg = createModel('vgg16-bn', { classes: 2 });
    const options = { batch: 2, image: [64, 64], optimizer: { name: 'sgd' } } as const;
    await expect(Trainer.create(vgg, options)).rejects.toThrow(/multiple of 224/);
  });
});
