/** Graphs with operators of this package against the plain ones: loss, all gradients and logits of whole networks. */
import { createModel } from '../../src/models/index';
import type { Model } from '../../src/models/model';
import type { EngineName } from '../../src/onnx/engine';
import { Trainer } from '../../src/train/index';
import { gradientGraph } from '../../src/train/graphs';

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
  const values = (length: number) => Float32Array.from({ length }, (_, i) => Math.sin(i * 12.9898) * 1.3);
  const images = values(count * 3 * size * size);
  const labels = Float32Array.from({ length: count * classes }, (_, i) =>
    i % classes === 1 ? 0.75 : 0.25 / 3,
  );
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

test('batch normalisation, addition and ReLU are one node each way', () => {
  const [, model, size] = models[0];
  const { bytes } = gradientGraph(model, { count, image: [size, size] }, 'winograd');
  const text = Buffer.from(bytes).toString('latin1');
  const times = (op: string) => text.split(`"${String.fromCharCode(op.length)}${op}`).length - 1;
  expect(text).toContain('NormaliseGradientSums');
  expect(times('Relu')).toBe(0);
  expect(text).not.toMatch(/ConvTranspose|Greater/);
});
