/** Graphs with operators of this package against the plain ones: loss, all gradients and logits of whole networks. */
import { createModel } from '../../src/models/index';
import type { Model } from '../../src/models/model';
import { type Pattern, patterns } from '../../src/graph/lowering/lower';
import { NATIVE_DOMAIN } from '../../src/graph/native-ops';
import { chooseEngine, type EngineName } from '../../src/onnx/engine';
import { startOrtWorker } from '../../src/onnx/ort-worker';
import { drawDropoutMasks } from '../../src/train/dropout-masks';
import { gradientGraph, gradientName, parametersKeptLast } from '../../src/train/graphs';
import { Trainer } from '../../src/train/index';
import { initialParameters } from '../../src/train/initial';
import { randomInput } from '../../src/train/inputs';
import { shapeLast, toLast } from '../../src/train/state-layout';

const side = 32;
const count = 3;
const classes = 4;

const models: [string, Model, number][] = [
  ['a basic network', createModel('resnet', { layers: [1, 1], width: 6, classes, stem: 'cifar' }), 16],
  [
    'bottlenecks and max pooling',
    createModel('resnet', { layers: [1, 1], block: 'bottleneck', width: 5, classes, stem: 'imagenet' }),
    side,
  ],
  [
    'activation before convolution, dropout',
    createModel('wrn', { depth: 10, widen: 1, dropout: 0.3, classes }),
    8,
  ],
  ['VGG: biases, pooling, dropout', createModel('vgg16-bn', { classes, stem: 'cifar' }), side],
];

const imagesOf = (size: number) =>
  Float32Array.from({ length: count * 3 * size * size }, (_, i) => Math.sin(i * 12.9898) * 1.3);
const labels = Float32Array.from({ length: count * classes }, (_, i) =>
  i % classes === 1 ? 0.75 : 0.25 / 3,
);

/** Loss, logits and gradients, by name, of one form of a model's graphs. */
async function numbersOf(model: Model, size: number, engine: EngineName) {
  const trainer = await Trainer.create(model, {
    batch: count,
    image: [size, size],
    optimizer: { name: 'sgd' },
    engine,
    threads: 1,
    seed: 5,
  });
  const images = imagesOf(size);
  const { loss, images: slope, parameters } = await trainer.gradients({ images, labels });
  const logits = await trainer.predict(images);
  await trainer.close();
  return { loss, gradients: new Map([...parameters, ['images', slope], ['logits', logits]]) };
}

const norm = (values: Float32Array) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));

test.each(models)('%s', async (_, model, size) => {
  const native = await numbersOf(model, size, 'native');
  const plain = await numbersOf(model, size, 'standard');
  expect([...native.gradients.keys()]).toEqual([...plain.gradients.keys()]);
  expect(native.loss).toBeCloseTo(plain.loss, 5);
  const largest = Math.max(...[...plain.gradients.values()].map(norm));
  for (const [name, values] of plain.gradients) {
    const found = native.gradients.get(name) as Float32Array;
    expect([name, found.length]).toEqual([name, values.length]);
    const miss = norm(found.map((value, i) => value - values[i]));
    // A bias before a normalisation has no gradient but rounding, which grows with all others.
    expect([name, miss < 1e-3 * norm(values) + 1e-6 * largest]).toEqual([name, true]);
  }
});

describe.each([models[1], models[2]])('%s', (_, model, size) => {
  const shape = { count, image: [size, size] as const };

  /** Loss and gradients of the native form without some patterns. */
  const gradientsWithout = async (...without: Pattern[]) => {
    const { bytes, dropoutMasks } = gradientGraph(model, shape, 'direct', new Set(without));
    const worker = startOrtWorker(chooseEngine('native'));
    const kept = parametersKeptLast(model, shape);
    const names = model.parameters.filter(({ trained }) => trained).map(({ name }) => name);
    try {
      await worker.add('model', bytes, { threads: 1 });
      for (const { name, data, shape: own } of initialParameters(model.parameters, 5)) {
        const values = new Float32Array(data);
        if (kept.has(name)) toLast(data, own, values);
        await worker.write(name, values, kept.has(name) ? shapeLast(own) : own);
      }
      return await worker.run({
        model: 'model',
        inputs: {
          images: { data: imagesOf(size), shape: [count, 3, size, size] },
          labels: { data: labels, shape: [count, classes] },
          ...randomInput(5, 0),
          ...drawDropoutMasks(dropoutMasks, { seed: 5, step: 0, progress: 1 }),
        },
        outputs: ['loss', ...['images', ...names].map(gradientName)],
      });
    } finally {
      await worker.close();
    }
  };

  test('each pattern can be left out, and the gradients stay', async () => {
    const all = await gradientsWithout();
    const largest = Math.max(...Object.values(all).map(({ data }) => norm(data)));
    for (const without of [...patterns.map((one) => [one]), [...patterns]]) {
      const found = await gradientsWithout(...without);
      const apart = Object.entries(all).filter(([name, { data }]) => {
        const miss = norm(data.map((value, i) => value - found[name].data[i]));
        return !(miss < 1e-3 * norm(data) + 1e-6 * largest);
      });
      expect([without, apart.map(([name]) => name)]).toEqual([without, []]);
    }
  });

  test('without any no operator of this package is left', () => {
    const named = (without: readonly Pattern[]) => {
      const { bytes } = gradientGraph(model, shape, 'direct', new Set(without));
      return Buffer.from(bytes).includes(`${NATIVE_DOMAIN}:`);
    };
    expect([named(patterns), named([])]).toEqual([false, true]);
  });
});

describe('batch normalisation', () => {
  const [, model, size] = models[0];
  const graphWithout = (...without: Pattern[]) => {
    const shape = { count, image: [size, size] } as const;
    return Buffer.from(gradientGraph(model, shape, 'winograd', new Set(without)).bytes).toString('latin1');
  };
  /** Nodes of an operator: field 4 of a node, its length, its name. */
  const times = (text: string, op: string) =>
    text.split(`"${String.fromCharCode(op.length)}${op}`).length - 1;

  test('with addition and ReLU is one node each way', () => {
    const text = graphWithout();
    expect(text).toContain('NormaliseGradientSums');
    expect(times(text, 'Relu')).toBe(0);
    expect(text).not.toMatch(/ConvTranspose|Greater/);
  });

  test('is done by the convolutions that alone read it', () => {
    // The stem's, and two in each of two blocks, of which the second has a residual.
    const all = 1 + 2 * 2;
    expect(times(graphWithout('convolution input'), 'Normalise')).toBe(all);
    expect(times(graphWithout(), 'Normalise')).toBe(all - 2);
  });
});
