/** Models from outside: a layer that this package does not have is trained, saved, resumed and exported like one that it has. */
import { join } from 'node:path';
import { openModel } from '../../src/onnx/session';
import {
  createModel,
  defineModel,
  layers,
  type Model,
  type ModelDefinition,
  type Net,
  ops,
  Trainer,
  type Value,
} from '../../src/train';
import {
  BATCH,
  CLASSES,
  closing,
  losses,
  SIDE,
  smallBatch,
  smallTrainer,
  stateOf,
  symmetric,
  workFolder,
} from './fixtures';

const folder = workFolder();

/** Squeeze and excite (Hu et al., CVPR 2018), as the README has it. */
function squeezeExcite(net: Net, name: string, x: Value, reduction: number): Value {
  const [n, channels] = x.shape;
  const squeezed = layers.globalAveragePool(x);
  const narrow = layers.linear(net, `${name}.fc1`, squeezed, Math.ceil(channels / reduction));
  const wide = layers.linear(net, `${name}.fc2`, ops.relu(narrow), channels);
  return ops.mul(x, ops.reshape(ops.sigmoid(wide), [n, channels, 1, 1]));
}

/** Channel means over time, kept as a statistic and subtracted in evaluation: no layer of the package. */
function centre(net: Net, name: string, x: Value): Value {
  const channels = x.shape[1];
  const mean = net.statistic(`${name}.mean`, [channels], { kind: 'constant', value: 0 });
  const gain = net.parameter(`${name}.gain`, [channels], { kind: 'constant', value: 1 });
  const column = (vector: Value) => ops.reshape(vector, [1, channels, 1, 1]);
  const own = ops.reduceMean(x, [0, 2, 3]);
  if (net.mode === 'train') net.update(`${name}.mean`, ops.reshape(own, [channels]));
  const used = net.mode === 'train' ? own : column(mean);
  return ops.mul(ops.sub(x, used), column(gain));
}

const ownModel = (width = 8): Model =>
  defineModel({
    name: 'own',
    classes: CLASSES,
    options: { width },
    build(net, images) {
      const first = layers.conv(net, 'conv0', images, { out: width, kernel: 3 });
      const excited = squeezeExcite(net, 'se0', ops.relu(layers.batchNorm(net, 'bn0', first)), 2);
      const second = layers.conv(net, 'conv1', excited, { out: 2 * width, kernel: 3, stride: 2 });
      const last = squeezeExcite(net, 'se1', ops.relu(centre(net, 'centre1', second)), 2);
      return layers.linear(
        net,
        'fc',
        layers.dropout(net, 'drop', layers.globalAveragePool(last), 0.1),
        CLASSES,
      );
    },
  });

const ownTrainer = () => smallTrainer({ optimizer: { name: 'adamw' }, seed: 5 }, ownModel());

test('has the parameters that it asks for, with their initial values', async () => {
  const { parameters, options } = ownModel();
  expect(options).toEqual({ width: 8, classes: CLASSES });
  expect(
    parameters.map(({ name, shape, trained }) => `${name} ${shape.join('×')}${trained ? '' : ' -'}`),
  ).toEqual([
    'conv0.weight 8×3×3×3',
    'bn0.weight 8',
    'bn0.bias 8',
    'bn0.running_mean 8 -',
    'bn0.running_var 8 -',
    'se0.fc1.weight 4×8',
    'se0.fc1.bias 4',
    'se0.fc2.weight 8×4',
    'se0.fc2.bias 8',
    'conv1.weight 16×8×3×3',
    'centre1.mean 16 -',
    'centre1.gain 16',
    'se1.fc1.weight 8×16',
    'se1.fc1.bias 8',
    'se1.fc2.weight 16×8',
    'se1.fc2.bias 16',
    'fc.weight 5×16',
    'fc.bias 5',
  ]);
  const begin = await (await ownTrainer()).parameters();
  expect([...(begin.get('centre1.gain')?.data ?? [])]).toEqual(Array(16).fill(1));
  const bound = Math.max(...(begin.get('se0.fc1.weight')?.data ?? []).map(Math.abs));
  expect(bound).toBeLessThanOrEqual(1 / Math.sqrt(8));
  expect(bound).toBeGreaterThan(0.2);
});

test('learns: the loss of a batch falls to a tenth, and the layer’s own statistic follows', async () => {
  const trainer = await ownTrainer();
  const found = await losses(trainer, Array(120).fill(0), 0.01);
  expect(found[0]).toBeGreaterThan(1);
  // The labels are soft: the loss does not go below their own entropy.
  const { labels } = smallBatch(0);
  const entropy = labels.reduce((sum, y) => sum - (y > 0 ? y * Math.log(y) : 0), 0) / BATCH;
  expect(found[119] - entropy).toBeLessThan((found[0] - entropy) / 10);
  const mean = (await trainer.parameters()).get('centre1.mean')?.data ?? [];
  expect(Math.min(...mean.map(Math.abs))).toBeGreaterThan(0);
});

test('the gradients of all its parameters are differences of the loss', async () => {
  const trainer = await ownTrainer();
  await losses(trainer, [0, 1]);
  const batch = smallBatch('differences');
  const { parameters } = await trainer.gradients(batch);
  const begin = await trainer.parameters();
  const { steps } = trainer;
  const lossAt = async (name: string, direction: Float32Array, h: number) => {
    const moved = new Map([...begin].map(([key, one]) => [key, { ...one, data: one.data.slice() }]));
    const values = moved.get(name)?.data as Float32Array;
    direction.forEach((u, i) => (values[i] += h * u));
    await trainer.load(moved);
    return (await trainer.gradients(batch)).loss;
  };
  for (const [name, gradient] of parameters) {
    const norm = Math.hypot(...gradient);
    expect([name, norm > 1e-5]).toEqual([name, true]);
    const along = gradient.map((g) => g / norm);
    const h = 0.01;
    const slope = ((await lossAt(name, along, h)) - (await lossAt(name, along, -h))) / (2 * h);
    expect([name, Math.abs(slope - norm) < 1e-4 + 0.02 * norm]).toEqual([name, true]);
  }
  expect(trainer.steps).toBe(steps);
});

test('a checkpoint goes on to the same bits with the model, and says what is missing without it', async () => {
  const path = join(folder, 'own.ckpt');
  const trainer = await ownTrainer();
  await losses(trainer, [0, 1, 2]);
  await trainer.save(path);
  const resumed = closing(await Trainer.resume(path, { model: ownModel() }));
  expect(await losses(resumed, [3, 4])).toEqual(await losses(trainer, [3, 4]));
  expect(await stateOf(resumed)).toEqual(await stateOf(trainer));
  await expect(Trainer.resume(path)).rejects.toThrow(
    /is a checkpoint of own \{"width":8,"classes":5\}, a model from outside this package; give it: Trainer\.resume\(path, \{ model \}\)/,
  );
  await expect(Trainer.resume(path, { model: ownModel(4) })).rejects.toThrow(/"width":8.*not of .*"width":4/);
});

test('the exported ONNX model gives the logits of predict, for any number of images', async () => {
  const trainer = await ownTrainer();
  await losses(trainer, [0, 1, 2]);
  const path = join(folder, 'own.onnx');
  await trainer.exportOnnx(path);
  for (const n of [1, BATCH + 1]) {
    const images = symmetric(`own/${n}`, n * 3 * SIDE * SIDE, 1.7);
    const expected = await trainer.predict(images);
    const { data } = await (await openModel(path)).run(images.slice(), [n, 3, SIDE, SIDE]);
    expect(data.length).toBe(n * CLASSES);
    expect(Math.max(...data.map((value, i) => Math.abs(value - expected[i])))).toBeLessThan(1e-5);
  }
});

describe('refused', () => {
  const head = (net: Net, x: Value) => layers.linear(net, 'fc', layers.globalAveragePool(x), 2);
  const good: ModelDefinition = { name: 'mine', classes: 2, build: head };
  const asking = (ask: (net: Net) => unknown) => () =>
    defineModel({
      ...good,
      build(net, images) {
        ask(net);
        return head(net, images);
      },
    });
  const init = { kind: 'constant', value: 0 } as const;

  test.each<[string, () => unknown, string, RegExp]>([
    ['no definition', () => defineModel(undefined as never), 'ARGUMENT', /non-empty string for name/],
    ['no name', () => defineModel({ ...good, name: '' }), 'ARGUMENT', /non-empty string for name/],
    [
      'a name of the registry',
      () => defineModel({ ...good, name: 'resnet20' }),
      'ARGUMENT',
      /a name of its own for name but received "resnet20"/,
    ],
    ['no classes', () => defineModel({ ...good, classes: 0 }), 'ARGUMENT', /for classes but received 0/],
    [
      'no function',
      () => defineModel({ ...good, build: 'x' as never }),
      'ARGUMENT',
      /a function \(net, images\) => logits for build/,
    ],
    [
      'a slip',
      () => defineModel({ ...good, option: {} } as never),
      'ARGUMENT',
      /Unknown option "option" .*did you mean "options"/,
    ],
    [
      'options that are no JSON',
      () => defineModel({ ...good, options: { big: 3n } }),
      'ARGUMENT',
      /plain JSON for options/,
    ],
    [
      'one side',
      () => defineModel({ ...good, image: [3] as never }),
      'ARGUMENT',
      /\[height, width\] for image/,
    ],
    [
      'a parameter without a name',
      asking((net) => net.parameter('', [1], init)),
      'ARGUMENT',
      /for the name of a parameter or stage but received ""/,
    ],
    [
      'a parameter with a name of the graph',
      asking((net) => net.parameter('labels', [1], init)),
      'ARGUMENT',
      /for the name of a parameter or stage but received "labels"/,
    ],
    [
      'a name with a slash',
      asking((net) => net.parameter('next/a', [1], init)),
      'ARGUMENT',
      /for the name of a parameter or stage but received "next\/a"/,
    ],
    [
      'two parameters of one name',
      asking((net) => net.parameter('fc.weight', [1], init)),
      'MODEL',
      /asks for two parameters named "fc\.weight"/,
    ],
    [
      'a side of 0',
      asking((net) => net.parameter('a', [2, 0], init)),
      'ARGUMENT',
      /for a: shape but received 0/,
    ],
    [
      'an initial value of another kind',
      asking((net) => net.parameter('a', [1], { kind: 'normal' } as never)),
      'ARGUMENT',
      /"he", "uniform", "constant" for a: init\.kind but received "normal"/,
    ],
    [
      'an initial value that is none',
      asking((net) => net.parameter('a', [1], { kind: 'constant', value: NaN })),
      'ARGUMENT',
      /for a: init\.value but received NaN/,
    ],
    [
      'an update of what is learned',
      asking((net) => net.update('a', net.parameter('a', [1], init))),
      'MODEL',
      /updates "a", which is no statistic/,
    ],
    [
      'an update of another shape',
      asking((net) => {
        net.statistic('a', [2], init);
        net.update('a', net.graph.scalar(1));
      }),
      'MODEL',
      /The statistic "a" of shape \[2\] is updated with \[\]/,
    ],
    [
      'a name that an operator has',
      asking((net) => {
        const { name } = ops.relu(net.parameter('a', [1], init));
        net.parameter(name, [1], init);
      }),
      'MODEL',
      /Two values of the model's graph are named "Relu_0"/,
    ],
    [
      'a normalisation of vectors',
      asking((net) => layers.batchNorm(net, 'bn', net.parameter('a', [2, 3], init))),
      'MODEL',
      /BatchNorm cannot take \[2, 3\]: it must be N×C×H×W/,
    ],
  ])('%s', (_, define, code, message) => {
    expect(define).toThrow(message);
    expect(define).toThrow(expect.objectContaining({ name: 'SaliencyMixError', code }) as Error);
  });

  const options = { batch: 2, image: [16, 16], optimizer: { name: 'sgd' } } as const;

  test('parameters that depend on the size of the images, or on the mode', async () => {
    const flat = (image?: readonly [number, number]) =>
      defineModel({
        ...good,
        image,
        build: (net, x) =>
          layers.linear(net, 'fc', ops.reshape(x, [x.shape[0], 3 * x.shape[2] * x.shape[3]]), 2),
      });
    await expect(Trainer.create(flat(), options)).rejects.toThrow(
      /mine asks for fc\.weight of shape \[2, 768\], which it did not when it was defined/,
    );
    closing(await Trainer.create(flat([16, 16]), options));
    const inTraining = defineModel({
      ...good,
      build(net, x) {
        if (net.mode === 'train') net.parameter('extra', [1], init);
        return head(net, x);
      },
    });
    await expect(Trainer.create(inTraining, options)).rejects.toThrow(
      /asks for extra of shape \[1\], .*training mode/,
    );
  });

  test('an operator without a gradient, by name', async () => {
    const largest = defineModel({ ...good, build: (net, x) => ops.reduceMax(head(net, x), [2], false) });
    const reduced = defineModel({
      ...good,
      build: (net, x) =>
        layers.linear(
          net,
          'fc2',
          ops.reduceMax(layers.conv(net, 'c', x, { out: 4, kernel: 1 }), [2, 3], false),
          2,
        ),
    });
    expect(largest.parameters).toHaveLength(2);
    await expect(Trainer.create(reduced, options)).rejects.toThrow(/ReduceMax of .* has no gradient/);
  });
});

test('models of the registry still come from createModel alone', () => {
  expect(() => createModel('own', { classes: 2 })).toThrow(/for model but received "own"/);
});
