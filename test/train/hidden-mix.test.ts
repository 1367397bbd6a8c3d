/** Images that are mixed within the network: their values and gradients, and what is refused. */
import { createMixer, uploadBatch } from '../../src';
import { defineModel, layers, ops, Trainer, type HiddenMix } from '../../src/train';
import { mixedLabels } from '../../src/train/hidden-mix';
import {
  apart,
  BATCH,
  CLASSES,
  closing,
  last,
  SIDE,
  smallBatch,
  smallModel,
  smallTrainer,
  stateOf,
} from './fixtures';

const refused = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) as unknown });

const partners = [2, 0, 1, 4, 3, 5];
const hidden = (stage: string, lambda = 0.3): HiddenMix => ({ stage, partners, lambda });
const batch = smallBatch(0);

/** Rows mixed by the definition. */
const mixed = (values: Float32Array, lambda: number) => {
  const row = values.length / BATCH;
  return values.map(
    (own, i) => lambda * own + (1 - lambda) * values[partners[Math.floor(i / row)] * row + (i % row)],
  );
};

describe.each(['native', 'standard'] as const)('engine %s', (engine) => {
  test('mixed at the input, a step is that on images and labels that were mixed before', async () => {
    const [one, other] = [await smallTrainer({ engine }), await smallTrainer({ engine })];
    const inside = await one.step({ ...batch, hidden: hidden('input'), learningRate: 0.05 });
    const [images, labels] = [mixed(batch.images, 0.3), mixed(batch.labels, 0.3)];
    const outside = await other.step({ images, labels, learningRate: 0.05 });
    expect(inside.loss).toBeCloseTo(outside.loss, 5);
    const wanted = await other.predict(batch.images);
    for (const [i, value] of (await one.predict(batch.images)).entries())
      expect(value).toBeCloseTo(wanted[i], 4);
  });

  test('with lambda 1 nothing is mixed, to the bit', async () => {
    const [one, other] = [await smallTrainer({ engine }), await smallTrainer({ engine })];
    for (const stage of ['layer1', 'layer2', 'layer3']) {
      await one.step({ ...batch, hidden: hidden(stage, 1), learningRate: 0.05 });
      await other.step({ ...batch, learningRate: 0.05 });
    }
    expect(await stateOf(one)).toEqual(await stateOf(other));
  });
});

/** Without normalisation an image's logits depend on it alone. */
const separate = defineModel({
  name: 'separate',
  classes: CLASSES,
  build(net, images) {
    const first = ops.relu(layers.conv(net, 'conv1', images, { out: 4, kernel: 3, bias: true }));
    const second = layers.conv(net, 'conv2', net.stage('middle', first), { out: 4, kernel: 3, bias: true });
    return layers.linear(net, 'fc', layers.globalAveragePool(second), CLASSES);
  },
});

test('after a stage, what it gives is mixed: of a network that is linear from there on, the logits are', async () => {
  const trainer = await smallTrainer({}, separate);
  const plain = await trainer.predict(batch.images);
  const { logits } = await trainer.step({ ...batch, hidden: hidden('middle'), learningRate: 1e-30 });
  const wanted = mixed(plain, 0.3);
  logits.forEach((value, i) => expect(value).toBeCloseTo(wanted[i], 5));
});

test('the gradient by an image is what it has in both of the rows that it is in', async () => {
  const trainer = await smallTrainer({}, separate);
  const given = { ...batch, hidden: hidden('middle') };
  const { loss, images } = await trainer.gradients(given);
  const step = 2e-2;
  const size = 3 * SIDE * SIDE;
  for (let i = 0; i < BATCH; i++) {
    // Along the gradient of one image, by differences of the loss.
    const own = images.subarray(i * size, (i + 1) * size);
    const length = Math.hypot(...own);
    const moved = async (by: number) => {
      const changed = batch.images.slice();
      own.forEach((slope, k) => (changed[i * size + k] += (by * slope) / length));
      return (await trainer.gradients({ ...given, images: changed })).loss;
    };
    const slope = ((await moved(step)) - (await moved(-step))) / (2 * step);
    expect([i, slope / length]).toEqual([i, expect.closeTo(1, 1)]);
    expect(loss).toBeGreaterThan(0);
  }
});

test.each(['layer1', 'layer2', 'layer3'])(
  'both engines have the same gradients, mixed after %s',
  async (stage) => {
    const [native, standard] = await Promise.all(
      (['native', 'standard'] as const).map(async (engine) =>
        (await smallTrainer({ engine, convolution: 'direct' })).gradients({
          ...batch,
          hidden: hidden(stage),
        }),
      ),
    );
    expect(native.loss).toBeCloseTo(standard.loss, 5);
    expect(last(apart(native.parameters, standard.parameters))).toBeLessThan(1e-4);
  },
);

test('several steps in one run are those one by one, whatever they mix', async () => {
  const stages = ['layer1', 'layer1', undefined, 'layer2', 'layer2', 'layer1'];
  const steps = (trainer: Trainer) =>
    stages.map((stage, i) =>
      trainer.step({
        ...smallBatch(i),
        hidden: stage ? hidden(stage, i / 10) : undefined,
        learningRate: 0.05,
      }),
    );
  const [together, single] = await Promise.all(
    [4, 1].map((stepsPerRun) => smallTrainer({ engine: 'standard', stepsPerRun })),
  );
  const found = await Promise.all(steps(together));
  const wanted = await Promise.all(steps(single));
  expect(found.map(({ loss }) => loss)).toEqual(wanted.map(({ loss }) => loss));
  expect(await stateOf(together)).toEqual(await stateOf(single));
});

test('a device batch is mixed as the same images in memory', async () => {
  const mixer = createMixer({ method: 'none', classes: CLASSES, backend: 'cpu' });
  const data = Uint8Array.from({ length: BATCH * SIDE * SIDE * 3 }, (_, i) => (i * 37) % 251);
  const shape = [BATCH, SIDE, SIDE, 3] as const;
  const output = { dtype: 'float32', layout: 'NCHW' } as const;
  const { images } = await mixer.mix({ data, shape }, batch.labels, { output });
  const resident = await uploadBatch({ data, shape }, { backend: 'cpu' });
  const there = (await mixer.mix(resident, batch.labels, { output })).images;
  const [one, other] = [await smallTrainer(), await smallTrainer()];
  const given = { labels: batch.labels, hidden: hidden('layer1'), learningRate: 0.05 };
  const inMemory = await one.step({ ...given, images: images.data });
  const onDevice = await other.step({ ...given, images: there });
  expect(onDevice.loss).toBe(inMemory.loss);
  resident.free();
  there.free();
});

test('partners may be changed once the call has been made', async () => {
  const [one, other] = [await smallTrainer(), await smallTrainer()];
  const own = [...partners];
  const step = one.step({
    ...batch,
    hidden: { stage: 'layer1', partners: own, lambda: 0.3 },
    learningRate: 0.05,
  });
  own.fill(99);
  await step;
  await other.step({ ...batch, hidden: hidden('layer1'), learningRate: 0.05 });
  expect(await stateOf(one)).toEqual(await stateOf(other));
});

test('labels are mixed as images are', () => {
  const labels = Float32Array.of(1, 0, 0, 1, 0.5, 0.5);
  const found = mixedLabels(labels, { stage: 'input', partners: [1, 2, 0], lambda: 0.25 }, 2);
  expect(Array.from(found)).toEqual([0.25, 0.75, 0.375, 0.625, 0.875, 0.125]);
  expect(mixedLabels(labels, undefined, 2)).toBe(labels);
});

describe('refused', () => {
  let trainer: Trainer;
  beforeAll(async () => {
    trainer = await smallTrainer();
  });
  test.each([
    ['a stage that the model has not', { ...hidden('layer4') }, /layer4/],
    ['no stage', { partners, lambda: 0.5 }, /hidden\.stage/],
    ['two images with one partner', { ...hidden('layer1'), partners: [0, 0, 1, 2, 3, 4] }, /each once/],
    ['too few partners', { ...hidden('layer1'), partners: [0, 1] }, /each once/],
    ['a partner that is not there', { ...hidden('layer1'), partners: [1, 2, 3, 4, 5, 6] }, /each once/],
    ['partners of another kind', { ...hidden('layer1'), partners: 'next' }, /array of positions/],
    ['a share above 1', hidden('layer1', 1.5), /hidden\.lambda/],
    ['an option of another name', { ...hidden('layer1'), share: 1 }, /share/],
  ])('%s', async (_, given, message) => {
    const step = trainer.step({ ...batch, hidden: given as HiddenMix, learningRate: 0.1 });
    await expect(step).rejects.toEqual(refused('ARGUMENT', message));
  });

  test('two stages of one name', async () => {
    const twice = () =>
      defineModel({
        name: 'twice',
        classes: CLASSES,
        build: (net, images) =>
          layers.linear(
            net,
            'fc',
            layers.globalAveragePool(net.stage('one', net.stage('one', images))),
            CLASSES,
          ),
      });
    expect(twice).toThrow(expect.objectContaining({ code: 'MODEL' }));
  });
});

test('models tell their stages', async () => {
  expect(smallModel().stages).toEqual(['input', 'layer1', 'layer2', 'layer3']);
  closing(await Trainer.create(separate, { batch: 1, image: [8, 8], optimizer: { name: 'sgd' } }));
  expect(separate.stages).toEqual(['input', 'middle']);
});
