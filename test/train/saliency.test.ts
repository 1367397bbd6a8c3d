/** Trainer.saliency against differences of the loss, on every engine; and that it changes nothing. */
import { uploadBatch, createMixer } from '../../src';
import {
  createModel,
  defineModel,
  layers,
  type Model,
  ops,
  Trainer,
  type TrainerOptions,
  type Value,
} from '../../src/train';
import { batchOf, closing, uniform } from './fixtures';

const [COUNT, SIDE, CLASSES] = [3, 16, 4];
const batch = (step: number) => batchOf(step, { count: COUNT, side: SIDE, classes: CLASSES });

/** After two steps, so that running statistics are not those of the beginning. */
async function trained(model: Model, more: Partial<TrainerOptions> = {}): Promise<Trainer> {
  const options = {
    batch: COUNT,
    image: [SIDE, SIDE],
    threads: 1,
    seed: 4,
    optimizer: { name: 'sgd' },
  } as const;
  const trainer = closing(await Trainer.create(model, { ...options, ...more }));
  for (let step = 0; step < 2; step++) await trainer.step({ ...batch(step), learningRate: 0.02 });
  return trainer;
}

/** Mean cross entropy of logits and soft labels. */
function lossOf(logits: Float32Array, labels: Float32Array): number {
  let loss = 0;
  for (let row = 0; row < logits.length; row += CLASSES) {
    const own = [...logits.subarray(row, row + CLASSES)];
    const most = Math.max(...own);
    const sum = Math.log(own.reduce((total, logit) => total + Math.exp(logit - most), 0)) + most;
    loss += own.reduce((total, logit, k) => total - labels[row + k] * (logit - sum), 0);
  }
  return loss / (logits.length / CLASSES);
}

const AREA = SIDE * SIDE;
/** What a map has at a pixel, by differences of the loss. */
async function byDifferences(trainer: Trainer, pixel: number): Promise<number> {
  const { images, labels } = batch(7);
  const step = 2e-2;
  const squares = [];
  for (let channel = 0; channel < 3; channel++) {
    const at = (Math.floor(pixel / AREA) * 3 + channel) * AREA + (pixel % AREA);
    const losses = [];
    for (const move of [step, -step]) {
      const moved = images.slice();
      moved[at] += move;
      losses.push(lossOf(await trainer.predict(moved), labels));
    }
    squares.push(((losses[0] - losses[1]) / (2 * step)) ** 2);
  }
  return Math.sqrt((squares[0] + squares[1] + squares[2]) / 3);
}

const networks: [string, Model][] = [
  [
    'shortcuts with a norm',
    createModel('resnet', { block: 'basic', layers: [1, 1], width: 8, stem: 'cifar', classes: CLASSES }),
  ],
  [
    'a pooling stem',
    createModel('resnet', {
      block: 'bottleneck',
      layers: [1, 1],
      width: 4,
      stem: 'imagenet',
      classes: CLASSES,
    }),
  ],
  [
    'norms before convolutions, dropout',
    createModel('wrn', { depth: 10, widen: 1, dropout: 0.3, classes: CLASSES }),
  ],
];
const engines: [string, Partial<TrainerOptions>][] = [
  ['native, direct', { engine: 'native', convolution: 'direct' }],
  ['native, winograd', { engine: 'native' }],
  ['standard', { engine: 'standard' }],
];

describe.each(networks)('%s', (_, model) => {
  test('maps are those of differences of the loss', async () => {
    const trainer = await trained(model, engines[0][1]);
    const maps = await trainer.saliency(batch(7));
    expect(maps).toHaveLength(COUNT * AREA);
    const largest = maps.reduce((most, value) => Math.max(most, value), 0);
    expect(largest).toBeGreaterThan(1e-3);
    const misses = [];
    for (let i = 0; i < 15; i++) {
      const pixel = (i * 97 + 11) % maps.length;
      misses.push(Math.abs(maps[pixel] - (await byDifferences(trainer, pixel))) / largest);
    }
    misses.sort((a, b) => a - b);
    // Some pixels move a value across a ReLU.
    expect(misses[9]).toBeLessThan(2e-2);
  });

  test('every engine finds the same', async () => {
    const found = [];
    for (const [, more] of engines) found.push(await (await trained(model, more)).saliency(batch(7)));
    const [wanted, ...others] = found;
    const largest = wanted.reduce((most, value) => Math.max(most, value), 0);
    for (const maps of others) {
      const miss = maps.reduce((most, value, i) => Math.max(most, Math.abs(value - wanted[i])), 0);
      expect(miss / largest).toBeLessThan(2e-4);
    }
  });
});

test('nothing changes, and fewer images have the maps that they have among more', async () => {
  const [, model] = networks[2];
  const [asked, other] = [await trained(model), await trained(model)];
  const { images, labels } = batch(7);
  const all = await asked.saliency({ images, labels });
  const one = await asked.saliency({ images: images.slice(0, 3 * AREA), labels: labels.slice(0, CLASSES) });
  // Of the mean loss: of one image alone it is three times as much.
  const miss = one.reduce((most, value, i) => Math.max(most, Math.abs(value - COUNT * all[i])), 0);
  expect(miss).toBeLessThan(1e-5 * one.reduce((most, value) => Math.max(most, value), 0));
  expect([asked.steps, await asked.parameters()]).toEqual([other.steps, await other.parameters()]);
  const next = { ...batch(2), learningRate: 0.02 };
  expect(await asked.step(next)).toEqual(await other.step(next));
});

test('device batches have the maps of the same images from this process', async () => {
  const trainer = await trained(networks[0][1]);
  const data = Uint8Array.from(uniform('pixels', COUNT * AREA * 3), (u) => u * 256);
  const mixer = createMixer({ method: 'none', classes: CLASSES });
  const labels = Int32Array.of(0, 1, 2);
  for (const layout of ['NCHW', 'NHWC'] as const) {
    const uploaded = await uploadBatch({ data, shape: [COUNT, SIDE, SIDE, 3] }, { backend: 'cpu' });
    const output = { dtype: 'float32', layout, mean: [0.49, 0.48, 0.45], std: [0.25, 0.24, 0.26] } as const;
    const there = await mixer.mix(uploaded, labels, { output });
    const here = await mixer.mix({ data, shape: [COUNT, SIDE, SIDE, 3] }, labels, {
      output: { ...output, layout: 'NCHW' },
    });
    const maps = await trainer.saliency({ images: there.images, labels: there.labels });
    expect(maps).toEqual(await trainer.saliency({ images: here.images.data, labels: here.labels }));
  }
});

test('weights of a norm with fixed statistics are learned alike by both engines', async () => {
  const model = defineModel({
    name: 'frozen',
    classes: CLASSES,
    build(net, images) {
      const x = layers.conv(net, 'conv', images, { out: 6, kernel: 3 });
      const one = (name: string, value: number) => net.parameter(name, [6], { kind: 'constant', value });
      const fixed = (name: string, value: number) => net.statistic(name, [6], { kind: 'constant', value });
      const norm = (of: Value, name: string) =>
        ops.batchNormInference(
          of,
          one(`${name}.w`, 0.8),
          one(`${name}.b`, 0.1),
          fixed(`${name}.m`, 0.2),
          fixed(`${name}.v`, 1.7),
          1e-5,
        );
      const first = ops.relu(norm(x, 'a'));
      const second = layers.conv(net, 'conv2', first, { out: 6, kernel: 3 });
      const sum = ops.relu(ops.add(norm(second, 'b'), norm(x, 'c')));
      return layers.linear(
        net,
        'fc',
        layers.globalAveragePool(ops.relu(ops.add(norm(sum, 'd'), first))),
        CLASSES,
      );
    },
  });
  const found = [];
  for (const [, more] of engines) found.push(await (await trained(model, more)).gradients(batch(7)));
  const [wanted, ...others] = found;
  for (const { parameters } of others)
    for (const [name, values] of wanted.parameters) {
      const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      const own = parameters.get(name) as Float32Array;
      const miss = own.reduce((most, value, i) => Math.max(most, Math.abs(value - values[i])), 0);
      expect([name, largest > 1e-4, miss < 1e-4 * largest]).toEqual([name, true, true]);
    }
});

test('wrong batches are refused', async () => {
  const trainer = await trained(networks[0][1]);
  const { images, labels } = batch(7);
  for (const bad of [{ images: images.slice(1), labels }, { images, labels: labels.slice(1) }, { images }])
    await expect(trainer.saliency(bad as never)).rejects.toMatchObject({ code: 'ARGUMENT' });
});
