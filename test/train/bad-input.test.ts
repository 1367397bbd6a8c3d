/** What a trainer refuses, in which words, and that it goes on afterwards. */
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { createModel, type Model, Trainer, type TrainerOptions } from '../../src/train';
import { BATCH, CLASSES, losses, SIDE, smallBatch, smallModel, smallTrainer, stateOf } from './fixtures';

const ENTRY = resolve(__dirname, '..', '..', 'dist', 'train', 'index.js');

const refused = (code: string, message: RegExp) =>
  expect.objectContaining({
    name: 'SaliencyMixError',
    code,
    message: expect.stringMatching(message) as string,
  }) as Error;

describe('options of a trainer', () => {
  const good = { batch: BATCH, image: [SIDE, SIDE], optimizer: { name: 'sgd' } };
  test.each<[string, object | undefined, RegExp]>([
    ['no options', undefined, /for batch but received undefined/],
    ['batch 0', { ...good, batch: 0 }, /whole number from 1 .* for batch but received 0/],
    ['batch and a half', { ...good, batch: 1.5 }, /for batch but received 1\.5/],
    ['no image size', { ...good, image: undefined }, /\[height, width\] for image but received undefined/],
    ['one side', { ...good, image: [SIDE] }, /\[height, width\] for image/],
    ['side 0', { ...good, image: [0, SIDE] }, /for image\[0\] but received 0/],
    ['another provider', { ...good, provider: 'cpuu' }, /for provider .*"cpuu" \(did you mean "cpu"\?\)/],
    [
      'another optimizer',
      { ...good, optimizer: { name: 'adam' } },
      /optimizer\.name .*"adam" \(did you mean "adamw"\?\)/,
    ],
    ['an optimizer by its name', { ...good, optimizer: 'sgd' }, /an object of options for optimizer .*"sgd"/],
    ['another option', { ...good, thread: 2 }, /Unknown option "thread" .*did you mean "threads"/],
    [
      'an option of another optimizer',
      { ...good, optimizer: { name: 'sgd', betas: [0, 0] } },
      /Unknown option "betas"/,
    ],
    [
      'momentum 2',
      { ...good, optimizer: { name: 'sgd', momentum: 2 } },
      /for optimizer\.momentum but received 2/,
    ],
    [
      'nesterov alone',
      { ...good, optimizer: { name: 'sgd', momentum: 0, nesterov: true } },
      /nesterov needs it/,
    ],
    ['betas of 1', { ...good, optimizer: { name: 'adamw', betas: [0.9, 1] } }, /for optimizer\.betas/],
    ['no threads', { ...good, threads: 0 }, /for threads but received 0/],
    ['a negative seed', { ...good, seed: -1 }, /for seed but received -1/],
  ])('%s', async (_, options, message) => {
    await expect(Trainer.create(smallModel(), options as TrainerOptions)).rejects.toEqual(
      refused('ARGUMENT', message),
    );
  });
});

describe('models from outside', () => {
  const options = { batch: 2, image: [8, 8], optimizer: { name: 'sgd' } } as const;
  const model = smallModel();
  const built = (build: Model['build']): Model => ({ ...model, build });

  test.each<[string, unknown, string, RegExp]>([
    [
      'a name',
      'resnet18',
      'ARGUMENT',
      /a model, as createModel or defineModel gives for model but received "resnet18"/,
    ],
    ['nothing', undefined, 'ARGUMENT', /a model, as createModel or defineModel gives/],
    [
      'other classes than it says',
      { ...model, classes: 7 },
      'MODEL',
      /must give n × 7 logits, but gives \[2, 5\] for 2 images/,
    ],
    [
      'logits with more sides',
      built((_, images) => images),
      'MODEL',
      /n × 5 logits, but gives \[2, 3, 8, 8\]/,
    ],
    ['no logits', built(() => undefined as never), 'MODEL', /n × 5 logits, but gives nothing/],
    ['no number of classes', { ...model, classes: undefined }, 'ARGUMENT', /for model\.classes/],
  ])('%s', async (_, given, code, message) => {
    await expect(Trainer.create(given as Model, options)).rejects.toEqual(refused(code, message));
  });

  test('one whose methods need their object', async () => {
    class Mine implements Model {
      readonly name = 'mine';
      readonly options = { classes: CLASSES };
      readonly classes = CLASSES;
      readonly parameters = model.parameters;
      readonly stages = model.stages;
      readonly #inner = model;
      build(...[net, images]: Parameters<Model['build']>) {
        return this.#inner.build(net, images);
      }
    }
    const trainer = await smallTrainer({}, new Mine());
    expect((await losses(trainer, [0]))[0]).toBeGreaterThan(0);
  });
});

describe('batches', () => {
  let trainer: Trainer;
  const good = { ...smallBatch(0), learningRate: 0.1 };
  const changed = (index: number, value: number) => ({
    ...good,
    labels: good.labels.map((v, i) => (i === index ? value : v)),
  });
  beforeAll(async () => {
    trainer = await smallTrainer();
  });

  const more = smallBatch(1, BATCH + 1);
  test.each<[string, object | undefined, RegExp]>([
    ['nothing', undefined, /for learningRate but received undefined/],
    [
      'pixels that make no image',
      { ...good, images: good.images.slice(1) },
      /a multiple of 3 × 16 × 16 = 768 values for images/,
    ],
    [
      'bytes',
      { ...good, images: new Uint8Array(768) },
      /a Float32Array \(NCHW\) for images but received Uint8Array/,
    ],
    ['no image', { ...good, images: new Float32Array(0) }, /1 to 6 images for images/],
    ['too many images', { ...more, learningRate: 1 }, /1 to 6 images for images/],
    [
      'labels of another number',
      { ...good, labels: good.labels.slice(CLASSES) },
      /6 × 5 values \(images × classes\) for labels/,
    ],
    [
      'class numbers',
      { ...good, labels: new Int32Array(BATCH) },
      /a Float32Array of 6 × 5 values.*Int32Array/,
    ],
    ['a label that is NaN', changed(7, NaN), /finite numbers for labels \(image 1\) but received NaN/],
    ['a negative label', changed(12, -0.25), /at least 0 for labels \(image 2\) but received -0\.25/],
    ['learning rate −1', { ...good, learningRate: -1 }, /for learningRate but received -1/],
    ['learning rate NaN', { ...good, learningRate: NaN }, /for learningRate but received NaN/],
    ['learning rate ∞', { ...good, learningRate: Infinity }, /for learningRate but received Infinity/],
    ['another option', { ...good, lr: 1 }, /Unknown option "lr" in step/],
  ])('%s', async (_, batch, message) => {
    await expect(trainer.step(batch as typeof good)).rejects.toEqual(refused('ARGUMENT', message));
  });

  test('gradients and predict check theirs', async () => {
    await expect(trainer.gradients(good)).rejects.toEqual(
      refused('ARGUMENT', /Unknown option "learningRate" in gradients/),
    );
    await expect(trainer.predict(new Float32Array(5))).rejects.toEqual(refused('ARGUMENT', /a multiple of/));
    await expect(trainer.predict(null as never)).rejects.toEqual(refused('ARGUMENT', /received null/));
  });

  test('load checks names, shapes and values before anything changes', async () => {
    const all = await trainer.parameters();
    const replaced = (name: string, tensor: unknown) => new Map([...all, [name, tensor]]) as typeof all;
    const bias = all.get('fc.bias');
    const cases: [typeof all, RegExp][] = [
      [{} as typeof all, /a Map of tensors by name/],
      [new Map([...all].slice(1)), /"conv1\.weight" of resnet among the names/],
      [replaced('more', bias), /names of resnet only for parameters but received "more"/],
      [
        replaced('fc.bias', { ...bias, shape: [CLASSES, 1] }),
        /the shape \[5\] for parameters\["fc\.bias"\]\.shape/,
      ],
      [replaced('fc.bias', { shape: [CLASSES], data: [0, 0, 0, 0, 0] }), /a Float32Array of 5 values/],
      [replaced('fc.bias', { shape: [CLASSES], data: new Float32Array(4) }), /a Float32Array of 5 values/],
      [replaced('fc.bias', { shape: [CLASSES], data: new Float32Array(5).fill(Infinity) }), /finite values/],
      [replaced('fc.bias', undefined), /the shape \[5\]/],
    ];
    const before = await stateOf(trainer);
    for (const [given, message] of cases)
      await expect(trainer.load(given)).rejects.toEqual(refused('ARGUMENT', message));
    expect(await stateOf(trainer)).toEqual(before);
  });

  test('after all of them it is as a new one', async () => {
    expect(trainer.steps).toBe(0);
    expect(await losses(trainer, [0, 1])).toEqual(await losses(await smallTrainer(), [0, 1]));
  });
});

test('labels that do not sum to 1 are said once per process, and learned from', () => {
  const script = `
    const m = require(${JSON.stringify(ENTRY)});
    process.on('warning', (w) => console.log(w.name, w.message));
    (async () => {
      const model = m.createModel('resnet', { layers: [1], width: 2, classes: 3, stem: 'cifar' });
      const options = { batch: 2, image: [8, 8], optimizer: { name: 'sgd' }, threads: 1 };
      for (const sum of [1, 0.9995, 1.2, 0.5]) {
        const trainer = await m.Trainer.create(model, options);
        const labels = Float32Array.of(1, 0, 0, 0, sum, 0);
        const { loss } = await trainer.step({ images: new Float32Array(384).map((_, i) => Math.sin(i)), labels, learningRate: 0.1 });
        console.log(sum, loss > 0);
        await trainer.close();
      }
    })();`;
  const { stdout } = spawnSync(process.execPath, ['--no-warnings', '-e', script], { encoding: 'utf8' });
  const lines = stdout.trim().split('\n');
  expect(lines.filter((line) => line.endsWith(' true'))).toEqual([
    '1 true',
    '0.9995 true',
    '1.2 true',
    '0.5 true',
  ]);
  expect(lines.filter((line) => line.startsWith('SaliencyMixWarning'))).toEqual([
    expect.stringMatching(/^SaliencyMixWarning The labels of image 1 sum to 1\.2, not to 1: .*\(said once\)/),
  ]);
});

test('createModel is what a trainer takes', () => {
  expect(createModel('resnet20', { classes: 2 }).options).toEqual({
    classes: 2,
    stem: 'cifar',
    width: 16,
    stochasticDepth: 0,
    stochasticDepthPer: 'batch',
    stochasticDepthScale: 'test',
    dropBlock: 0,
    dropBlockSize: 7,
    dropBlockSharedChannels: false,
  });
});
