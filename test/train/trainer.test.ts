/** What a trainer promises: steps, predictions, gradients; what changes nothing, and what is the same to the bit. */
import { defineModel, layers, type Model, ops, Trainer } from '../../src/train';
import {
  BATCH,
  bitsOf,
  CLASSES,
  closing,
  dropoutModel,
  losses,
  SIDE,
  smallBatch,
  smallModel,
  smallTrainer,
  stateOf,
  symmetric,
  workFolder,
} from './fixtures';

const EACH = 3 * SIDE * SIDE;
const LEARNING_RATE = 0.05;
const folder = workFolder();

test('a step of a learning rate of 0, as schedules end with, changes no weight', async () => {
  const trainer = await smallTrainer();
  const trained = trainer.model.parameters.filter((one) => one.trained).map(({ name }) => name);
  const weights = async () => {
    const all = await trainer.parameters();
    return trained.map((name) => all.get(name)?.data);
  };
  const before = await weights();
  const { loss } = await trainer.step({ ...smallBatch(0), learningRate: 0 });
  expect(loss).toBeGreaterThan(0);
  expect(await weights()).toEqual(before);
});

describe('predict', () => {
  test('any number of images, each as if it were alone', async () => {
    const trainer = await smallTrainer();
    await losses(trainer, [0, 1, 2]);
    const count = BATCH + 3;
    const images = symmetric('predict', count * EACH, 1.7);
    const all = await trainer.predict(images);
    expect(all).toHaveLength(count * CLASSES);
    expect(new Set(all).size).toBeGreaterThan(count * (CLASSES - 1));
    for (const n of [0, 1, BATCH - 1, BATCH]) {
      expect(await trainer.predict(images.slice(0, n * EACH))).toEqual(all.slice(0, n * CLASSES));
    }
    for (let i = 0; i < count; i++) {
      const alone = await trainer.predict(images.slice(i * EACH, (i + 1) * EACH));
      expect(alone).toEqual(all.slice(i * CLASSES, (i + 1) * CLASSES));
    }
  });

  test('changes nothing, and follows the weights', async () => {
    const [one, other] = [await smallTrainer(), await smallTrainer()];
    const images = symmetric('predict', 2 * EACH, 1.7);
    const before = await one.predict(images);
    expect(await one.predict(images)).toEqual(before);
    expect(await losses(one, [0, 1])).toEqual(await losses(other, [0, 1]));
    expect(await one.predict(images)).not.toEqual(before);
  });
});

describe('a last, short batch', () => {
  test('is a step of a trainer of that batch size, its statistics too', async () => {
    for (const count of [1, 2, BATCH - 1]) {
      const [large, small] = [await smallTrainer(), await smallTrainer({ batch: count })];
      const batch = { ...smallBatch('short', count), learningRate: LEARNING_RATE };
      const [a, b] = [await large.step(batch), await small.step(batch)];
      expect(a.logits).toHaveLength(count * CLASSES);
      expect(a).toEqual(b);
      expect(await stateOf(large)).toEqual(await stateOf(small));
    }
  });

  test('its running variance is the unbiased one of its own values', async () => {
    const trainer = await smallTrainer();
    const { images, labels } = smallBatch('one', 2);
    const weight = (await trainer.parameters()).get('conv1.weight')?.data as Float32Array;
    await trainer.step({ images, labels, learningRate: 1e-9 });
    const values = firstChannel(images, weight, 2);
    const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
    const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (values.length - 1);
    const after = await trainer.parameters();
    expect(after.get('bn1.running_mean')?.data[0]).toBeCloseTo(0.1 * mean, 6);
    expect(after.get('bn1.running_var')?.data[0]).toBeCloseTo(0.9 + 0.1 * variance, 5);
  });

  test('too short for a variance where maps have one pixel: refused, and the trainer goes on', async () => {
    const trainer = await smallTrainer({ image: [4, 4] });
    const [images, labels] = [symmetric('tiny', 2 * 48, 1), smallBatch(0, 2).labels];
    const one = { images: images.slice(0, 48), labels: labels.slice(0, CLASSES), learningRate: 1 };
    await expect(trainer.step(one)).rejects.toMatchObject({
      code: 'MODEL',
      message: expect.stringMatching(/BatchNorm cannot take \[1, 16, 1, 1\]: .*larger batch/),
    });
    expect((await trainer.step({ images, labels, learningRate: 0.1 })).loss).toBeGreaterThan(0);
  });
});

/** The first channel of the 3×3 convolution, one number after another. */
function firstChannel(images: Float32Array, weight: Float32Array, count: number): number[] {
  const at = (n: number, c: number, y: number, x: number) =>
    y < 0 || x < 0 || y >= SIDE || x >= SIDE ? 0 : images[((n * 3 + c) * SIDE + y) * SIDE + x];
  return Array.from({ length: count * SIDE * SIDE }, (_, i) => {
    const [n, y, x] = [Math.floor(i / SIDE ** 2), Math.floor(i / SIDE) % SIDE, i % SIDE];
    let sum = 0;
    for (let k = 0; k < 27; k++) {
      const [c, row, col] = [Math.floor(k / 9), Math.floor(k / 3) % 3, k % 3];
      sum += weight[k] * at(n, c, y + row - 1, x + col - 1);
    }
    return sum;
  });
}

describe('a trainer that is saved', () => {
  const optimizers = {
    'sgd with momentum': { name: 'sgd', momentum: 0.9, weightDecay: 5e-4 },
    nesterov: { name: 'sgd', momentum: 0.8, nesterov: true },
    'plain sgd': { name: 'sgd', momentum: 0 },
    adamw: { name: 'adamw', weightDecay: 0.05 },
  } as const;
  const cases = Object.entries(optimizers).flatMap(([what, optimizer]) =>
    [smallModel(), dropoutModel()].map((model) => [`${what}, ${model.name}`, optimizer, model] as const),
  );

  test.each(cases)('goes on to the same bits: %s', async (what, optimizer, model) => {
    const rate = optimizer.name === 'adamw' ? 0.01 : LEARNING_RATE;
    const trainer = await smallTrainer({ optimizer, seed: 5 }, model);
    await losses(trainer, [0, 1, 2], rate);
    const path = `${folder}/${what.replaceAll(/\W/g, '-')}.ckpt`;
    trainer.notes = { epoch: 2, words: 'grüße' };
    await trainer.save(path);
    const resumed = closing(await Trainer.resume(path));
    expect([resumed.steps, resumed.notes, resumed.settings]).toMatchObject([3, trainer.notes, { seed: 5 }]);
    expect(resumed.model).toMatchObject({ name: model.name, options: model.options });
    expect(await stateOf(resumed)).toEqual(await stateOf(trainer));
    expect(await losses(resumed, [3, 4, 5], rate)).toEqual(await losses(trainer, [3, 4, 5], rate));
    expect(await stateOf(resumed)).toEqual(await stateOf(trainer));
  });
});

describe('load', () => {
  test.each([
    ['momentum', { name: 'sgd' }],
    ['adamw’s means and its count of steps', { name: 'adamw' }],
  ] as const)('clears %s', async (_, optimizer) => {
    const [used, fresh] = [await smallTrainer({ optimizer }), await smallTrainer({ optimizer, seed: 1 })];
    const begin = await used.parameters();
    await losses(used, [0, 1, 2], 0.01);
    for (const trainer of [used, fresh]) await trainer.load(begin);
    expect(await losses(used, [3, 4, 5], 0.01)).toEqual(await losses(fresh, [3, 4, 5], 0.01));
    expect(await stateOf(used)).toEqual(await stateOf(fresh));
    expect([used.steps, fresh.steps]).toEqual([6, 3]);
  });

  test('what parameters() gave is a copy', async () => {
    const trainer = await smallTrainer();
    const begin = await trainer.parameters();
    const bits = bitsOf(begin);
    await losses(trainer, [0]);
    expect(bitsOf(begin)).toEqual(bits);
    for (const { data } of begin.values()) data.fill(0);
    expect(Object.values(await stateOf(trainer))).not.toEqual(Object.values(bitsOf(begin)));
  });
});

describe('gradients', () => {
  test.each([smallModel(), dropoutModel()].map((model) => [model.name, model] as const))(
    'change nothing: %s',
    async (_, model) => {
      const [asked, other] = [await smallTrainer({}, model), await smallTrainer({}, model)];
      const found: number[] = [];
      for (const step of [0, 1, 2]) {
        const { loss } = await asked.gradients(smallBatch(step));
        await asked.gradients(smallBatch('else', 3));
        found.push((await asked.step({ ...smallBatch(step), learningRate: LEARNING_RATE })).loss);
        expect(loss).toBe(found[step]);
      }
      expect(found).toEqual(await losses(other, [0, 1, 2]));
      expect(await stateOf(asked)).toEqual(await stateOf(other));
    },
  );

  // Without activations that have corners: a difference across one is no slope.
  const smooth = defineModel({
    name: 'smooth',
    classes: CLASSES,
    build(net, input) {
      const first = layers.batchNorm(net, 'bn1', layers.conv(net, 'conv1', input, { out: 4, kernel: 3 }));
      const square = ops.mul(first, first);
      const shrunk = layers.conv(net, 'conv2', square, { out: 8, kernel: 3, stride: 2 });
      const second = layers.batchNorm(net, 'bn2', shrunk);
      return layers.linear(net, 'fc', layers.averagePoolTo(ops.mul(second, second), 2), CLASSES);
    },
  });

  test('are differences of the loss, by weights and by pixels', async () => {
    const trainer = await smallTrainer({}, smooth);
    await losses(trainer, [0, 1]);
    const batch = smallBatch('differences');
    const { parameters, images } = await trainer.gradients(batch);
    const begin = await trainer.parameters();
    const lossAt = async (name: string, i: number, h: number) => {
      const moved = new Map([...begin].map(([key, one]) => [key, { ...one, data: one.data.slice() }]));
      const pixels = batch.images.slice();
      const values = name === 'images' ? pixels : moved.get(name)?.data;
      if (values) values[i] += h;
      await trainer.load(moved);
      return (await trainer.gradients({ ...batch, images: pixels })).loss;
    };
    const trained = [...parameters.keys()];
    expect(trained).toEqual(smooth.parameters.filter((one) => one.trained).map((one) => one.name));
    for (const name of [...trained, 'images']) {
      const gradient = name === 'images' ? images : (parameters.get(name) as Float32Array);
      // The largest, and one that is just there.
      const largest = gradient.reduce((most, g, i) => (Math.abs(g) > Math.abs(gradient[most]) ? i : most), 0);
      const h = name === 'images' ? 0.03 : 0.01;
      for (const i of [largest, gradient.length >> 1]) {
        const slope = ((await lossAt(name, i, h)) - (await lossAt(name, i, -h))) / (2 * h);
        expect(Math.abs(slope - gradient[i])).toBeLessThan(1e-4 + 0.01 * Math.abs(gradient[i]));
      }
    }
    expect(images).toHaveLength(BATCH * EACH);
    expect(Math.max(...images)).toBeGreaterThan(3e-3);
  });
});

/** Trained parameters only, as plain numbers. */
async function weightsOf(trainer: Trainer, model: Model): Promise<Map<string, Float64Array>> {
  const all = await trainer.parameters();
  const names = model.parameters.filter(({ trained }) => trained).map(({ name }) => name);
  return new Map(names.map((name) => [name, Float64Array.from(all.get(name)?.data as Float32Array)]));
}

type Rule = (w: number, g: number, slots: [number, number], step: number) => number;

/** Real gradients, and the update as its definition says it, in float64 from the trainer's own weights of each step. */
async function follows(optimizer: Parameters<typeof smallTrainer>[0], rule: Rule): Promise<void> {
  const model = smallModel();
  const trainer = await smallTrainer(optimizer);
  const slots = new Map<string, [number, number][]>();
  for (let step = 1; step <= 4; step++) {
    const before = await weightsOf(trainer, model);
    const { parameters } = await trainer.gradients(smallBatch(step));
    await trainer.step({ ...smallBatch(step), learningRate: 0.02 });
    const after = await weightsOf(trainer, model);
    for (const [name, weights] of before) {
      const state = slots.get(name) ?? Array.from(weights, (): [number, number] => [0, 0]);
      slots.set(name, state);
      const gradient = parameters.get(name) as Float32Array;
      const expected = weights.map((w, i) => rule(w, gradient[i], state[i], step));
      const found = after.get(name) as Float64Array;
      const worst = expected.reduce((most, w, i) => Math.max(most, Math.abs(w - found[i])), 0);
      expect(worst).toBeLessThan(1e-6);
    }
  }
}

describe('optimizers do as they are defined', () => {
  const rate = 0.02;
  test.each([
    [0.9, false, 5e-4],
    [0.9, true, 5e-4],
    [0.5, true, 0],
    [0, false, 0.1],
  ])('sgd: momentum %d, nesterov %s, decay %d', async (momentum, nesterov, weightDecay) => {
    const optimizer = { name: 'sgd', momentum, nesterov, weightDecay } as const;
    await follows({ optimizer }, (w, g, slots) => {
      const d = g + weightDecay * w;
      slots[0] = momentum * slots[0] + d;
      return w - rate * (nesterov ? d + momentum * slots[0] : slots[0]);
    });
  });

  test.each([
    [[0.9, 0.999], 1e-8, 0.01],
    [[0.5, 0.9], 1e-3, 0],
  ] as const)('adamw: betas %j, epsilon %d, decay %d', async (betas, epsilon, weightDecay) => {
    const optimizer = { name: 'adamw', betas, epsilon, weightDecay } as const;
    await follows({ optimizer }, (w, g, slots, step) => {
      slots[0] = betas[0] * slots[0] + (1 - betas[0]) * g;
      slots[1] = betas[1] * slots[1] + (1 - betas[1]) * g * g;
      const [m, v] = [slots[0] / (1 - betas[0] ** step), slots[1] / (1 - betas[1] ** step)];
      return w - rate * weightDecay * w - (rate * m) / (Math.sqrt(v) + epsilon);
    });
  });
});
