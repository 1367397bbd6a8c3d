/** Steps on batches that are mixed where the trainer computes: here, in the memory of the backend cpu. */
import { createMixer, type DeviceBatch, type ImageBatch, uploadBatch } from '../../src';
import { createModel, type Images, Trainer, type TrainerOptions } from '../../src/train';
import { uniform } from './fixtures';

const COUNT = 5;
const SIDE = 12;
const CLASSES = 3;
const labels = Int32Array.from({ length: COUNT }, (_, i) => i % CLASSES);
const output = { dtype: 'float32', mean: [0.47, 0.43, 0.39], std: [0.24, 0.24, 0.25] } as const;
const mixer = createMixer({ classes: CLASSES, seed: 3, probability: 1, backend: 'cpu' });

const options: TrainerOptions = {
  batch: COUNT,
  image: [SIDE, SIDE],
  optimizer: { name: 'sgd', momentum: 0.9 },
  engine: 'native',
  threads: 1,
};
const network = () => createModel('wrn', { depth: 10, widen: 1, dropout: 0.3, classes: CLASSES });

const open: Trainer[] = [];
async function trainerOf(more: Partial<TrainerOptions> = {}): Promise<Trainer> {
  const trainer = await Trainer.create(network(), { ...options, ...more });
  open.push(trainer);
  return trainer;
}
afterEach(async () => {
  for (const trainer of open.splice(0)) await trainer.close();
});

const pixels = (step: number, count = COUNT): ImageBatch => ({
  data: Uint8Array.from(uniform(`pixels/${step}`, count * SIDE * SIDE * 3), (u) => u * 256),
  shape: [count, SIDE, SIDE, 3],
});

/** A mixed batch in the backend's memory, and the same one here. */
async function mixed(step: number, layout: 'NCHW' | 'NHWC' = 'NCHW') {
  const uploaded = await uploadBatch(pixels(step), { backend: 'cpu' });
  const there = await mixer.mix(uploaded, labels, { batch: step, output: { ...output, layout } });
  const here = await mixer.mix(pixels(step), labels, { batch: step, output: { ...output, layout: 'NCHW' } });
  uploaded.free();
  return { there: there.images, here: here.images.data, labels: there.labels };
}

async function numbersOf(trainer: Trainer, steps: { images: Images; labels: Float32Array }[]) {
  const results = [];
  for (const batch of steps) results.push(await trainer.step({ ...batch, learningRate: 0.05 }));
  return { results, gradients: await trainer.gradients(steps[0]), weights: await trainer.parameters() };
}

test.each(['NCHW', 'NHWC'] as const)('%s: the bits of the same batches from this process', async (layout) => {
  const batches = await Promise.all([0, 1, 2].map((step) => mixed(step, layout)));
  const found = await numbersOf(
    await trainerOf(),
    batches.map(({ there, labels: soft }) => ({ images: there, labels: soft })),
  );
  const wanted = await numbersOf(
    await trainerOf(),
    batches.map(({ here, labels: soft }) => ({ images: here, labels: soft })),
  );
  expect(found).toEqual(wanted);
  expect(wanted.results[2].loss).not.toBe(wanted.results[0].loss);
});

test('a batch is kept until its step has ended, and may be freed before', async () => {
  const trainer = await trainerOf();
  const { there, here, labels: soft } = await mixed(0);
  const steps = [there, there].map((images) => trainer.step({ images, labels: soft, learningRate: 0.05 }));
  there.free();
  const found = await Promise.all(steps);
  const other = await trainerOf();
  for (const { loss } of found)
    expect((await other.step({ images: here, labels: soft, learningRate: 0.05 })).loss).toBe(loss);
  await expect(trainer.step({ images: there, labels: soft, learningRate: 0.05 })).rejects.toMatchObject({
    code: 'ARGUMENT',
    message: expect.stringContaining('given as images was freed') as unknown,
  });
});

test('what a trainer cannot read where it computes is refused, and the next step works', async () => {
  const trainer = await trainerOf();
  const { there, labels: soft } = await mixed(0);
  const refusal = async (images: DeviceBatch, who = trainer) =>
    who.step({ images, labels: soft, learningRate: 0.1 }).then(
      () => 'taken',
      ({ code, message }: { code: string; message: string }) => `${code} ${message}`,
    );
  const uploaded = await uploadBatch(pixels(0), { backend: 'cpu' });
  expect(await refusal(uploaded)).toMatch(/^ARGUMENT .*a device batch of float32 .*uint8/);
  const larger = await uploadBatch(
    { ...pixels(0), shape: [COUNT, SIDE * 3, SIDE / 3, 3] },
    { backend: 'cpu' },
  );
  const wrongSize = await mixer.mix(larger, labels, { output: { ...output, layout: 'NHWC' } });
  expect(await refusal(wrongSize.images)).toMatch(/^ARGUMENT .*n × 12 × 12 × 3.*5 × 36 × 4 × 3/);
  const standard = await trainerOf({ engine: 'standard' });
  expect(await refusal(there, standard)).toMatch(/^ARGUMENT .*engine is 'standard'/);
  const few = await trainerOf({ batch: COUNT - 1 });
  expect(await refusal(there, few)).toMatch(/^ARGUMENT .*1 to 4 images/);
  expect(await refusal(there)).toBe('taken');
});

test('trainers and the mixer side by side; nothing grows', async () => {
  const [one, two] = await Promise.all([trainerOf(), trainerOf()]);
  const resident = () => process.memoryUsage.rss() / 2 ** 20;
  const losses: [number, number][] = [];
  async function steps(count: number): Promise<number> {
    for (let i = 0; i < count; i++) {
      const { there, labels: soft } = await mixed(i);
      const both = [one, two].map((trainer) =>
        trainer.step({ images: there, labels: soft, learningRate: 1e-3 }),
      );
      there.free();
      const [a, b] = await Promise.all(both);
      losses.push([a.loss, b.loss]);
    }
    return resident();
  }
  await steps(100);
  const warm = await steps(100);
  expect((await steps(400)) - warm).toBeLessThan(30);
  expect(losses.filter(([a, b]) => a !== b)).toEqual([]);
});
