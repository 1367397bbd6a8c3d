/** Trainer.imageGradients against the closed form of a linear network, Trainer.saliency, and itself in other numbers. */
import {
  createModel,
  defineModel,
  layers,
  type Model,
  ops,
  type Trainer,
  type TrainerOptions,
} from '../../src/train';
import { BATCH, batchOf, CLASSES, SIDE, smallBatch, smallTrainer } from './fixtures';

const engines: [string, Partial<TrainerOptions>][] = [
  ['native, direct', { engine: 'native', convolution: 'direct' }],
  ['native, winograd', { engine: 'native' }],
  ['standard', { engine: 'standard' }],
];
const EACH = 3 * SIDE * SIDE;

/** Logits that are sums of weighted pixels. */
const linear = defineModel({
  name: 'linear',
  classes: CLASSES,
  image: [SIDE, SIDE],
  build: (net, images) =>
    layers.linear(net, 'fc', ops.reshape(images, [images.shape[0], 3 * SIDE * SIDE]), CLASSES),
});

const largestOf = (values: Float32Array) =>
  values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
const missOf = (values: Float32Array, wanted: ArrayLike<number>) =>
  values.reduce((most, value, i) => Math.max(most, Math.abs(value - wanted[i])), 0);

/** After two steps, so that running statistics are not those of the beginning. */
async function trained(model: Model, more: Partial<TrainerOptions> = {}): Promise<Trainer> {
  const trainer = await smallTrainer({ seed: 4, ...more }, model);
  for (let step = 0; step < 2; step++) await trainer.step({ ...smallBatch(step), learningRate: 0.02 });
  return trainer;
}

/** Σ over classes of (probability − label) · weights, image by image. */
async function closedForm(trainer: Trainer, images: Float32Array, labels: Float32Array) {
  const weights = (await trainer.parameters()).get('fc.weight')?.data as Float32Array;
  const logits = await trainer.predict(images);
  return images.map((_, at) => {
    const [image, value] = [Math.floor(at / EACH), at % EACH];
    const row = [...logits.subarray(image * CLASSES, (image + 1) * CLASSES)];
    const sum = row.reduce((total, logit) => total + Math.exp(logit), 0);
    return row.reduce((total, logit, k) => {
      const surplus = Math.exp(logit) / sum - labels[image * CLASSES + k];
      return total + surplus * weights[k * EACH + value];
    }, 0);
  });
}

test.each(engines)('%s: of a linear network, for more images than a batch has', async (_, more) => {
  const trainer = await trained(linear, more);
  const { images, labels } = batchOf('many', { count: 2 * BATCH + 1, side: SIDE, classes: CLASSES });
  const found = await trainer.imageGradients({ images, labels });
  const wanted = await closedForm(trainer, images, labels);
  expect(found).toHaveLength(images.length);
  expect(largestOf(wanted)).toBeGreaterThan(1e-2);
  expect(missOf(found, wanted)).toBeLessThan(1e-6);
});

const networks: [string, Model][] = [
  [
    'shortcuts with a norm',
    createModel('resnet', { layers: [1, 1], width: 8, stem: 'cifar', classes: CLASSES }),
  ],
  ['dropout, which is off', createModel('wrn', { depth: 10, widen: 1, dropout: 0.3, classes: CLASSES })],
];

describe.each(networks)('%s', (_, model) => {
  test('every engine finds the same, which is what saliency is made of', async () => {
    const found: Float32Array[] = [];
    for (const [, more] of engines) {
      const trainer = await trained(model, more);
      const gradients = await trainer.imageGradients(smallBatch(7));
      const maps = await trainer.saliency(smallBatch(7));
      const area = SIDE * SIDE;
      const expected = maps.map((_value, pixel) => {
        const at = (channel: number) => (Math.floor(pixel / area) * 3 + channel) * area + (pixel % area);
        const squares = [0, 1, 2].map((channel) => (gradients[at(channel)] / BATCH) ** 2);
        return Math.sqrt(squares.reduce((a, b) => a + b) / 3);
      });
      expect(missOf(maps, expected)).toBeLessThan(1e-5 * largestOf(maps));
      found.push(gradients);
    }
    const [wanted, ...others] = found;
    expect(largestOf(wanted)).toBeGreaterThan(1e-3);
    for (const gradients of others) expect(missOf(gradients, wanted)).toBeLessThan(2e-4 * largestOf(wanted));
  });

  test('an image has the same bits alone and among others, on any number of threads; nothing changes', async () => {
    const [asked, other] = [await trained(model), await trained(model, { threads: 2 })];
    const { images, labels } = smallBatch(7);
    const all = await asked.imageGradients({ images, labels });
    for (const i of [0, 3]) {
      const alone = {
        images: images.slice(i * EACH, (i + 1) * EACH),
        labels: labels.slice(i * CLASSES, (i + 1) * CLASSES),
      };
      expect(await asked.imageGradients(alone)).toEqual(all.slice(i * EACH, (i + 1) * EACH));
    }
    expect(await other.imageGradients({ images, labels })).toEqual(all);
    const untouched = await trained(model);
    expect(await asked.parameters()).toEqual(await untouched.parameters());
    const next = { ...smallBatch(2), learningRate: 0.02 };
    expect(await asked.step(next)).toEqual(await untouched.step(next));
  });
});

test('wrong batches are refused', async () => {
  const trainer = await trained(linear);
  const { images, labels } = smallBatch(7);
  for (const [bad, message] of [
    [{ images: images.slice(1), labels }, /a multiple of 3 × 16 × 16/],
    [{ images, labels: labels.slice(1) }, /a Float32Array of 6 × 5 values/],
    [{ images }, /for labels but received undefined/],
    [{ images, labels: labels.map((label) => -label) }, /numbers of at least 0 for labels/],
    [{ images, labels, hidden: {} }, /Unknown option "hidden" in imageGradients/],
  ] as const)
    await expect(trainer.imageGradients(bad as never)).rejects.toThrow(message);
});
