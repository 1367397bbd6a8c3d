/** Training by WebGPU, beside the processor's: the same losses to 1e-5, and what is kept on the graphics card. */
import { join } from 'node:path';
import { createModel, type Model, Trainer, type TrainerOptions } from '../../src/train';
import { readCheckpoint } from '../../src/train/checkpoint';
import { symmetric, workFolder } from '../train/fixtures';

const work = workFolder();
const BATCH = 4;

/** At most 8 channels: the driver of the tests may be one that computes on the processor. */
const models: Record<'wrn' | 'pooling', { model: Model; side: number }> = {
  wrn: { model: createModel('wrn', { classes: 3, depth: 10, widen: 1, dropout: 0.3 }), side: 8 },
  pooling: {
    model: createModel('resnet', {
      block: 'bottleneck',
      layers: [1],
      width: 2,
      stem: 'imagenet',
      classes: 3,
    }),
    side: 32,
  },
};
const optimizers = {
  sgd: { name: 'sgd', momentum: 0.9, nesterov: true, weightDecay: 5e-4 },
  adamw: { name: 'adamw' },
} as const;

function imagesOf(side: number, step: number): Float32Array {
  return symmetric(`webgpu/${step}`, BATCH * 3 * side * side, 1.7);
}
const labels = Float32Array.from({ length: BATCH * 3 }, (_, i) => (i % 3 === Math.floor(i / 3) % 3 ? 1 : 0));

type Name = keyof typeof models;
const optionsFor = (name: Name, more: Partial<TrainerOptions> = {}): TrainerOptions => ({
  batch: BATCH,
  image: [models[name].side, models[name].side],
  optimizer: optimizers.sgd,
  seed: 4,
  threads: 1,
  ...more,
});

const open: Trainer[] = [];
async function create(name: Name, more: Partial<TrainerOptions>): Promise<Trainer> {
  const trainer = await Trainer.create(models[name].model, optionsFor(name, more));
  open.push(trainer);
  return trainer;
}
afterEach(async () => {
  for (const trainer of open.splice(0)) await trainer.close();
});

/** Losses of steps number `from` on. */
async function losses(trainer: Trainer, from: number, count: number): Promise<number[]> {
  const found: number[] = [];
  for (let step = from; step < from + count; step++) {
    const images = imagesOf(trainer.settings.image[0], step);
    found.push((await trainer.step({ images, labels, learningRate: 0.02 })).loss);
  }
  return found;
}

function expectNear(found: ArrayLike<number>, wanted: ArrayLike<number>, share: number): void {
  const size = Math.max(...Array.from(wanted, Math.abs));
  expect(found).toHaveLength(wanted.length);
  const miss = Array.from(wanted, (value, i) => Math.abs(value - found[i]));
  expect(Math.max(...miss) / size).toBeLessThan(share);
}

const cases: [Name, keyof typeof optimizers][] = [
  ['wrn', 'sgd'],
  ['wrn', 'adamw'],
  ['pooling', 'sgd'],
];
test('images that are mixed within the network, as on the processor', async () => {
  const images = imagesOf(models.wrn.side, 5);
  const hidden = { stage: 'layer2', partners: [2, 0, 1, 3], lambda: 0.3 };
  const [cpu, webgpu] = await Promise.all(
    (['cpu', 'webgpu'] as const).map(async (provider) => {
      const trainer = await create('wrn', { provider, engine: provider === 'cpu' ? 'standard' : 'auto' });
      const { loss } = await trainer.step({ images, labels, hidden, learningRate: 0.02 });
      return { loss, gradients: await trainer.gradients({ images, labels, hidden }) };
    }),
  );
  expectNear([webgpu.loss], [cpu.loss], 1e-5);
  expectNear(webgpu.gradients.images, cpu.gradients.images, 1e-4);
});

test.each(cases)(
  '%s with %s: steps, gradients, weights and logits as on the processor',
  async (name, how) => {
    const optimizer = optimizers[how];
    const images = imagesOf(models[name].side, 9);
    const seen = [];
    for (const provider of ['cpu', 'webgpu'] as const) {
      const trainer = await create(name, {
        provider,
        optimizer,
        engine: provider === 'cpu' ? 'standard' : 'auto',
      });
      expect([trainer.provider, trainer.engine]).toEqual([provider, 'standard']);
      seen.push({
        losses: await losses(trainer, 0, 4),
        gradients: await trainer.gradients({ images, labels }),
        parameters: await trainer.parameters(),
        logits: await trainer.predict(images.slice(0, images.length / 2)),
      });
      await trainer.close();
    }
    const [cpu, webgpu] = seen;
    expect(new Set(cpu.losses).size).toBe(4);
    expectNear(webgpu.losses, cpu.losses, 1e-5);
    expectNear([webgpu.gradients.loss], [cpu.gradients.loss], 1e-5);
    expectNear(webgpu.gradients.images, cpu.gradients.images, 1e-4);
    for (const [key, wanted] of cpu.gradients.parameters)
      expectNear(webgpu.gradients.parameters.get(key) as Float32Array, wanted, 1e-3);
    expect([...webgpu.parameters.keys()]).toEqual([...cpu.parameters.keys()]);
    // AdamW divides by the gradient's own size: where that is all rounding, the weight moves by it.
    for (const [key, { data }] of cpu.parameters)
      expectNear(webgpu.parameters.get(key)?.data as Float32Array, data, how === 'adamw' ? 0.1 : 1e-4);
    expectNear(webgpu.logits, cpu.logits, 1e-3);
  },
);

test('a checkpoint goes on with the same bits, and on the processor with like ones', async () => {
  const path = join(work, 'webgpu.safetensors');
  const trainer = await create('wrn', { provider: 'webgpu' });
  await losses(trainer, 0, 2);
  await trainer.save(path);
  const expected = await losses(trainer, 2, 2);
  await trainer.close();
  expect((await readCheckpoint(path)).arithmetic).toEqual({ engine: 'standard', provider: 'webgpu' });
  const resumed = await Trainer.resume(path);
  open.push(resumed);
  expect([resumed.provider, resumed.steps]).toEqual(['webgpu', 2]);
  expect(await losses(resumed, 2, 2)).toEqual(expected);
  await resumed.close();

  const moved = await Trainer.resume(path, { provider: 'cpu' });
  open.push(moved);
  expect([moved.provider, moved.engine]).toEqual(['cpu', 'native']);
  expectNear(await losses(moved, 2, 2), expected, 1e-5);
});

test('a step that is not finite changes nothing; steps that wait together have the same bits', async () => {
  const trainer = await create('pooling', { provider: 'webgpu', stepsPerRun: 4 });
  await losses(trainer, 0, 2);
  const before = await trainer.parameters();
  const bad = imagesOf(32, 2).fill(NaN);
  await expect(trainer.step({ images: bad, labels, learningRate: 0.02 })).rejects.toMatchObject({
    code: 'TRAINING',
  });
  expect(await trainer.parameters()).toEqual(before);
  expect(trainer.steps).toBe(2);
  const waiting = [2, 3].map((step) =>
    trainer.step({ images: imagesOf(32, step), labels, learningRate: 0.02 }),
  );
  const together = (await Promise.all(waiting)).map(({ loss }) => loss);
  await trainer.load(before);
  await trainer.close();
  const other = await create('pooling', { provider: 'webgpu' });
  expect((await losses(other, 0, 4)).slice(2)).toEqual(together);
});

test('weights are set and read, and momentum begins again', async () => {
  const trainer = await create('pooling', { provider: 'webgpu' });
  const first = await trainer.parameters();
  const losses0 = await losses(trainer, 0, 2);
  await trainer.load(first);
  expect(await trainer.parameters()).toEqual(first);
  expect(await losses(trainer, 0, 2)).toEqual(losses0);
});

test('one trainer at a time, and the processor beside it', async () => {
  const trainer = await create('pooling', { provider: 'webgpu' });
  await expect(create('pooling', { provider: 'webgpu' })).rejects.toMatchObject({
    code: 'BACKEND',
    message: expect.stringMatching(/Another trainer of this process uses WebGPU/) as unknown,
  });
  const beside = await create('pooling', { provider: 'cpu' });
  const [a, b] = await Promise.all([losses(trainer, 0, 1), losses(beside, 0, 1)]);
  expectNear(a, b, 1e-5);
  await trainer.close();
  const next = await create('pooling', { provider: 'webgpu' });
  expect(await losses(next, 0, 1)).toEqual(a);
});
