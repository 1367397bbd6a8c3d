/** Steps that add the loss of other images, as PuzzleMix adds that of images as they are. */
import { join } from 'node:path';
import { createMixer, uploadBatch } from '../../src';
import { defineModel, layers, ops } from '../../src/train';
import {
  BATCH,
  CLASSES,
  dropoutModel,
  SIDE,
  smallBatch,
  smallModel,
  smallTrainer,
  stateOf,
  workFolder,
} from './fixtures';
import { lossesOf, runsIn } from './small-runs';

const [own, others] = [smallBatch('own'), smallBatch('others')];
const plain = { name: 'sgd', momentum: 0, weightDecay: 0 } as const;
const NONE = 1e-30;

const separate = defineModel({
  name: 'separate',
  classes: CLASSES,
  build(net, images) {
    const first = ops.relu(layers.conv(net, 'conv', images, { out: 4, kernel: 3, bias: true }));
    return layers.linear(net, 'fc', layers.globalAveragePool(first), CLASSES);
  },
});

describe.each(['native', 'standard'] as const)('engine %s', (engine) => {
  test('a step goes along both gradients, that of the others times the weight', async () => {
    const trainer = await smallTrainer({ engine, optimizer: plain }, separate);
    const before = await trainer.parameters();
    const [first, second] = [await trainer.gradients(own), await trainer.gradients(others)];
    const [rate, weight] = [0.5, 0.25];
    const { loss } = await trainer.step({ ...own, beside: { ...others, weight }, learningRate: rate });
    expect(loss).toBeCloseTo(first.loss + weight * second.loss, 5);
    for (const [name, { data }] of await trainer.parameters()) {
      const start = before.get(name)?.data as Float32Array;
      const [a, b] = [first, second].map(({ parameters }) => parameters.get(name) as Float32Array);
      data.forEach((value, i) => expect(value).toBeCloseTo(start[i] - rate * (a[i] + weight * b[i]), 5));
    }
  });

  test('running statistics are updated with both batches, one after the other', async () => {
    const [one, other] = [await smallTrainer({ engine }), await smallTrainer({ engine })];
    await one.step({ ...own, beside: { ...others, weight: 1 }, learningRate: NONE });
    await other.step({ ...own, learningRate: NONE });
    await other.step({ ...others, learningRate: NONE });
    const wanted = await other.parameters();
    for (const [name, { data }] of await one.parameters()) {
      const found = wanted.get(name)?.data as Float32Array;
      data.forEach((value, i) => expect(value).toBeCloseTo(found[i], 5));
    }
  });

  test('dropout of the batch is what it is without others beside it', async () => {
    const alone = await smallTrainer({ engine, seed: 3 }, dropoutModel());
    const both = await smallTrainer({ engine, seed: 3 }, dropoutModel());
    const { logits } = await alone.step({ ...own, learningRate: NONE });
    const { logits: beside } = await both.step({
      ...own,
      beside: { ...own, weight: 1 },
      learningRate: NONE,
    });
    expect(beside).toEqual(logits);
  });
});

test('both engines draw the same for the others, too', async () => {
  const found = [];
  for (const engine of ['native', 'standard'] as const) {
    const trainer = await smallTrainer({ engine, seed: 3, convolution: 'direct' }, dropoutModel());
    found.push((await trainer.step({ ...own, beside: { ...others, weight: 1 }, learningRate: NONE })).loss);
  }
  expect(found[0]).toBeCloseTo(found[1], 5);
});

test('with images that are on a device, to the same bits', async () => {
  const mixer = createMixer({ method: 'none', classes: CLASSES, backend: 'cpu' });
  const output = { dtype: 'float32', layout: 'NCHW' } as const;
  const bytes = (start: number) => ({
    data: Uint8Array.from({ length: BATCH * SIDE * SIDE * 3 }, (_, i) => (start + i * 37) % 251),
    shape: [BATCH, SIDE, SIDE, 3] as const,
  });
  const place = async (start: number) => {
    const uploaded = await uploadBatch(bytes(start), { backend: 'cpu' });
    const { images } = await mixer.mix(uploaded, own.labels, { output });
    uploaded.free();
    return images;
  };
  const here = async (start: number) => (await mixer.mix(bytes(start), own.labels, { output })).images.data;
  const [one, other] = [await smallTrainer(), await smallTrainer()];
  const { labels } = own;
  const [first, second] = [await place(1), await place(2)];
  const step = one.step({
    images: first,
    labels,
    beside: { images: second, labels, weight: 1 },
    learningRate: 0.05,
  });
  for (const images of [first, second]) images.free();
  await step;
  const [images, beside] = [await here(1), { images: await here(2), labels, weight: 1 }];
  await other.step({ images, labels, beside, learningRate: 0.05 });
  expect(await stateOf(one)).toEqual(await stateOf(other));
  const there = await place(3);
  const mixed = one.step({
    images,
    labels,
    beside: { images: there, labels, weight: 1 },
    learningRate: 0.05,
  });
  await expect(mixed).rejects.toMatchObject({ code: 'ARGUMENT', argument: 'beside.images' });
  there.free();
});

test.each([
  ['fewer of them', { ...smallBatch('few', 2), weight: 1 }, /6 images, as many as those beside them/],
  ['no weight', { ...others }, /beside\.weight/],
  ['a weight of 0', { ...others, weight: 0 }, /beside\.weight/],
  ['labels of another length', { ...others, labels: new Float32Array(3), weight: 1 }, /labels/],
])('refused: %s', async (_, beside, message) => {
  const trainer = await smallTrainer({}, smallModel());
  const step = trainer.step({ ...own, beside: beside as never, learningRate: 0.1 });
  await expect(step).rejects.toMatchObject({
    code: 'ARGUMENT',
    message: expect.stringMatching(message) as string,
  });
});

describe('runs', () => {
  const work = workFolder();
  const run = runsIn(work, { mixer: { method: 'puzzlemix' }, cleanWeight: 1 });
  const lossesIn = (name: string) => lossesOf(join(work, name));

  test('with the loss of images as they are, stopped and gone on with', async () => {
    const { settings } = await run('whole');
    expect(settings.cleanWeight).toBe(1);
    const controller = new AbortController();
    const signal = controller.signal;
    const stopped = run('stopped', { signal, onProgress: ({ done }) => done >= 32 && controller.abort() });
    await expect(stopped).rejects.toThrow();
    await expect(run('stopped', { mode: 'resume', cleanWeight: 0 })).rejects.toThrow(/cleanWeight/);
    await run('stopped', { mode: 'resume' });
    expect(lossesIn('stopped')).toEqual(lossesIn('whole'));
    await run('without', { cleanWeight: 0 });
    // About as much again.
    const [both, alone] = [lossesIn('whole')[0], lossesIn('without')[0]];
    expect(both / alone).toBeGreaterThan(1.6);
    expect(both / alone).toBeLessThan(2.4);
  });
});
