/** Graphs with operators of this package against the plain ones: loss and all gradients of whole networks. */
import { createModel } from '../../src/models/index';
import type { Model } from '../../src/models/model';
import { chooseEngine } from '../../src/onnx/engine';
import { startOrtWorker } from '../../src/onnx/ort-worker';
import { drawDropoutMasks } from '../../src/train/dropout-masks';
import { type GraphForm, gradientGraph, gradientName } from '../../src/train/graphs';
import { initialParameters } from '../../src/train/initial';

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

/** Loss and gradients, by name, of one form of a model's graph. */
async function gradientsOf(model: Model, size: number, form: GraphForm) {
  const shape = { count, image: [size, size] as const };
  const { bytes, dropoutMasks } = gradientGraph(model, shape, form);
  const worker = startOrtWorker(chooseEngine('native'));
  try {
    await worker.add('model', bytes, { threads: 1 });
    await worker.write(Object.fromEntries(initialParameters(model.parameters, 5)));
    const values = (length: number) => Float32Array.from({ length }, (_, i) => Math.sin(i * 12.9898) * 1.3);
    const labels = Float32Array.from({ length: count * classes }, (_, i) =>
      i % classes === 1 ? 0.75 : 0.25 / 3,
    );
    const names = model.parameters.filter(({ trained }) => trained).map(({ name }) => name);
    return await worker.run({
      model: 'model',
      inputs: {
        images: { data: values(count * 3 * size * size), shape: [count, 3, size, size] },
        labels: { data: labels, shape: [count, classes] },
        ...drawDropoutMasks(dropoutMasks, 3, 2),
      },
      outputs: ['loss', ...['images', ...names].map(gradientName)],
    });
  } finally {
    await worker.close();
  }
}

const norm = (values: Float32Array) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));

test.each(models)('%s', async (_, model, size) => {
  const [native, plain] = [await gradientsOf(model, size, 'native'), await gradientsOf(model, size, 'plain')];
  expect(Object.keys(native)).toEqual(Object.keys(plain));
  expect(native.loss.data[0]).toBeCloseTo(plain.loss.data[0], 5);
  const largest = Math.max(...Object.values(plain).map(({ data }) => norm(data)));
  for (const [name, { data, shape }] of Object.entries(plain)) {
    expect([name, native[name].shape]).toEqual([name, shape]);
    const miss = norm(native[name].data.map((value, i) => value - data[i]));
    // A bias before a normalisation has no gradient but rounding, which grows with all others.
    expect([name, miss < 1e-3 * norm(data) + 1e-6 * largest]).toEqual([name, true]);
  }
});

test('batch normalisation, addition and ReLU are one node each way', () => {
  const [, model, size] = models[0];
  const { bytes } = gradientGraph(model, { count, image: [size, size] }, 'native');
  const text = Buffer.from(bytes).toString('latin1');
  const times = (op: string) => text.split(`"${String.fromCharCode(op.length)}${op}`).length - 1;
  expect(text).toContain('NormaliseGradientSums');
  expect(times('Relu')).toBe(0);
  expect(text).not.toMatch(/ConvTranspose|Greater/);
});
