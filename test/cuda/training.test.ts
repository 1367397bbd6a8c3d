/**
 * Training by CUDA as far as it goes without a card: the libraries below ONNX Runtime's CUDA provider say that there is one, give
 * out and copy memory, and compute nothing (scripts/fake-cuda.mjs).
 */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createModel, type Model, Trainer, type TrainerOptions } from '../../src/train';
import type { TrainingInfo } from '../../src/train/engine';
import { readCheckpoint } from '../../src/train/checkpoint';
import { colourFolder } from '../cli/colours';
import { start, workFolder } from '../cli/fixtures';
import { symmetric } from '../train/fixtures';

const work = workFolder();
/** What scripts/cuda-tests.mjs has made. */
const FAKE = join(__dirname, '..', '..', '.cache', 'fake-cuda');
const small = createModel('resnet', {
  block: 'bottleneck',
  layers: [1],
  width: 4,
  stem: 'imagenet',
  classes: 3,
});
const options: TrainerOptions = {
  batch: 4,
  image: [32, 32],
  seed: 4,
  provider: 'cuda',
  optimizer: { name: 'sgd', momentum: 0.9 },
};
const batch = {
  images: symmetric('cuda', 4 * 3 * 32 * 32, 1.7),
  labels: Float32Array.from({ length: 12 }, (_, i) => (i % 3 === Math.floor(i / 3) % 3 ? 1 : 0)),
  learningRate: 0.1,
};

const open: Trainer[] = [];
async function create(model: Model, more: Partial<TrainerOptions> = {}): Promise<Trainer> {
  const trainer = await Trainer.create(model, { ...options, ...more });
  open.push(trainer);
  return trainer;
}
afterEach(async () => {
  for (const trainer of open.splice(0)) await trainer.close();
});

const networks: [string, Model, Partial<TrainerOptions>][] = [
  ['a pooling stem', small, {}],
  [
    'dropout, AdamW',
    createModel('wrn', { classes: 3, depth: 10, widen: 1, dropout: 0.3 }),
    { optimizer: { name: 'adamw' } },
  ],
  ['VGG', createModel('vgg16-bn', { classes: 3, stem: 'cifar' }), { precision: 'tf32' }],
];
test.each(networks)('%s: every node of a step is taken by CUDA', async (_, model, more) => {
  const trainer = await create(model, more); // a node for the processor would be an error
  expect([trainer.provider, trainer.engine, trainer.level]).toEqual(['cuda', 'native', undefined]);
  expect(trainer.arithmetic).toEqual({
    engine: 'native',
    provider: 'cuda',
    precision: more.precision ?? 'fp32',
  });
});

test('weights go onto the card and come back as they were', async () => {
  const trainer = await create(small);
  const other = await create(small, { provider: 'cpu' });
  const [found, wanted] = [await trainer.parameters(), await other.parameters()];
  expect(found).toEqual(wanted);
  const moved = new Map(
    [...wanted].map(([name, { data, shape }]) => [name, { data: data.map((value) => value + 1), shape }]),
  );
  await trainer.load(moved);
  expect((await trainer.parameters()).get('conv1.weight')?.data).toEqual(moved.get('conv1.weight')?.data);
});

test('a step that fails changes nothing, and the next call works; nothing grows', async () => {
  const trainer = await create(small);
  const before = await trainer.parameters();
  for (let i = 0; i < 3; i++) {
    await expect(trainer.step(batch)).rejects.toMatchObject({
      code: 'MODEL',
      message: expect.stringMatching(/Conv.*CUDNN|cuDNN/) as unknown,
    });
    expect(await trainer.parameters()).toEqual(before);
  }
  expect(trainer.steps).toBe(0);
  const resident = () => process.memoryUsage.rss() / 2 ** 20;
  for (let i = 0; i < 20; i++) await trainer.load(before);
  const warm = resident();
  for (let i = 0; i < 200; i++) await trainer.load(before);
  expect(resident() - warm).toBeLessThan(40);
});

test('a card that is lost: each call says so and what to do, the processor goes on, and the end is clean', async () => {
  const trainer = await create(small);
  const before = await trainer.parameters();
  const path = join(work, 'lost.safetensors');
  await trainer.save(path);
  const lost = join(FAKE, 'lost');
  writeFileSync(lost, '');
  try {
    const message = expect.stringMatching(
      /(launch failure|Failed to allocate)[\s\S]*The graphics card has failed[\s\S]*last checkpoint/,
    ) as unknown;
    for (let i = 0; i < 2; i++) {
      await expect(trainer.step(batch)).rejects.toMatchObject({ code: 'BACKEND', message });
      await expect(trainer.parameters()).rejects.toMatchObject({ code: 'BACKEND', message });
    }
    await expect(create(small)).rejects.toMatchObject({ code: 'BACKEND', message });
    const moved = await Trainer.resume(path, { provider: 'cpu' });
    open.push(moved);
    expect(await moved.parameters()).toEqual(before);
    expect(Number.isFinite((await moved.step(batch)).loss)).toBe(true);
    await trainer.close();
  } finally {
    rmSync(lost, { force: true });
  }
  // In another process the card would be there again; in this one no error means anything else any more.
  expect(await (await Trainer.resume(path)).parameters()).toEqual(before);
});

test('two trainers on one card', async () => {
  const [one, two] = await Promise.all([create(small), create(small, { seed: 5 })]);
  const [a, b] = await Promise.all([one.parameters(), two.parameters()]);
  expect(a.get('fc.weight')?.data).not.toEqual(b.get('fc.weight')?.data);
});

test('a checkpoint says provider and precision, and moves to the processor', async () => {
  const path = join(work, 'cuda.safetensors');
  const trainer = await create(small, { precision: 'tf32' });
  const weights = await trainer.parameters();
  await trainer.save(path);
  expect((await readCheckpoint(path)).arithmetic).toEqual({
    engine: 'native',
    provider: 'cuda',
    precision: 'tf32',
  });
  const again = await Trainer.resume(path);
  open.push(again);
  expect([again.provider, again.settings.precision]).toEqual(['cuda', 'tf32']);
  expect(await again.parameters()).toEqual(weights);
  const moved = await Trainer.resume(path, { provider: 'cpu' });
  open.push(moved);
  expect([moved.provider, moved.settings.precision]).toEqual(['cpu', 'fp32']);
  expect(Number.isFinite((await moved.step(batch)).loss)).toBe(true);
});

const data = join(work, 'data');
const train = (env: NodeJS.ProcessEnv, ...more: string[]) =>
  start(
    [
      'train',
      '--data',
      data,
      '--out',
      join(work, 'out'),
      '--model',
      'resnet',
      '--layers',
      '1',
      '--width',
      '4',
      '--stem',
    ].concat(['cifar', '--batch', '6', '--epochs', '1', '--no-test', ...more]),
    env,
  ).ended;
beforeAll(() => colourFolder(data, { train: 6 }));
beforeEach(() => rmSync(join(work, 'out'), { recursive: true, force: true }));

test('a card without enough memory: what to do', async () => {
  const { code, stderr } = await train({ FAKE_CUDA_BYTES: '40000' }, '--provider', 'cuda');
  expect(code).toBe(1);
  expect(stderr).toMatch(/Failed to allocate memory[\s\S]*A smaller batch takes less memory/);
});

test('auto takes CUDA first', async () => {
  const { stderr } = await train({}, '--provider', 'auto');
  expect(stderr).toContain('Training runs on the provider "cuda"');
});

describe('what is missing is named with what brings it', () => {
  const { SALIENCYMIX_ORT: ort = '', LD_LIBRARY_PATH: libraries = '' } = process.env;
  const folder = join(work, 'lib');
  const [fake] = libraries.split(':');

  async function reasonWithout(env: NodeJS.ProcessEnv): Promise<string | undefined> {
    const { stdout } = await start(['info', '--json'], env).ended;
    const { training } = JSON.parse(stdout) as { training: TrainingInfo };
    return training.providers.find(({ name }) => name === 'cuda')?.reason;
  }

  test.each([
    ['libcuda.so.1', /libcuda\.so\.1 not found, brought by NVIDIA's driver/],
    ['libcublasLt.so.13', /libcublasLt\.so\.13 not found, brought by the CUDA libraries/],
    ['libcudnn.so.9', /libcudnn\.so\.9 not found, brought by cuDNN 9/],
  ])('%s', async (name, message) => {
    rmSync(folder, { recursive: true, force: true });
    cpSync(fake, folder, { recursive: true });
    rmSync(join(folder, name));
    expect(await reasonWithout({ LD_LIBRARY_PATH: folder })).toMatch(message);
  });

  test('the provider itself', async () => {
    const bare = join(work, 'ort');
    mkdirSync(bare);
    cpSync(join(ort, 'libonnxruntime.so.1'), join(bare, 'libonnxruntime.so.1'));
    expect(await reasonWithout({ SALIENCYMIX_ORT: bare })).toMatch(
      /providers_cuda\.so are not in .*: onnxruntime-node's install step fetches it/,
    );
  });

  test('nothing', async () => {
    expect(await reasonWithout({})).toBeUndefined();
    expect(readFileSync(join(ort, 'libonnxruntime.so.1')).length).toBeGreaterThan(1e6);
  });
});
