/** Which provider is taken, and what is said where there is none: in processes of their own, with and without a driver. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Trainer } from '../../src/train';
import { createModel } from '../../src/train';
import type { TrainingInfo } from '../../src/train/engine';
import { colourFolder } from '../cli/colours';
import { start, workFolder } from '../cli/fixtures';

const work = workFolder();
/** Vulkan's loader finds no driver. */
const NO_DRIVER = { VK_ICD_FILENAMES: '/nowhere', VK_DRIVER_FILES: '/nowhere' };
const isSoftware = /swiftshader|lvp/.test(process.env.VK_ICD_FILENAMES ?? '');

async function providersOf(env: NodeJS.ProcessEnv) {
  const { stdout } = await start(['info', '--json'], env).ended;
  const { training } = JSON.parse(stdout) as { training: TrainingInfo };
  return training.providers;
}

test('info says where training can compute', async () => {
  const [cpu, webgpu, cuda] = await providersOf({});
  expect(cpu).toEqual({ name: 'cpu', available: true });
  expect(webgpu).toMatchObject({ name: 'webgpu', available: true });
  expect(webgpu.reason).toEqual(
    isSoftware ? expect.stringContaining('computes on the processor') : undefined,
  );
  expect(cuda).toMatchObject({ name: 'cuda', available: false });
});

test('info says why there is no WebGPU', async () => {
  const [, webgpu] = await providersOf(NO_DRIVER);
  expect(webgpu).toMatchObject({ name: 'webgpu', available: false });
  expect(webgpu.reason).toMatch(/WebGPU adapter.*\(vkCreateInstance: Found no drivers!\)/);
});

const data = join(work, 'data');
const train = (out: string, env: NodeJS.ProcessEnv, ...more: string[]) =>
  start(
    [
      'train',
      '--data',
      data,
      '--out',
      join(work, out),
      ...more,
      '--model',
      'resnet',
      '--layers',
      '1',
      '--width',
      '4',
    ].concat(['--stem', 'cifar', '--batch', '6', '--epochs', '1', '--learning-rate', '0.01', '--no-test']),
    env,
  ).ended;
beforeAll(() => colourFolder(data, { train: 12 }));

const providerOf = (out: string) =>
  (JSON.parse(readFileSync(join(work, out, 'run.json'), 'utf8')) as { environment: { provider: string } })
    .environment.provider;

test('a run on WebGPU, and run.json says so', async () => {
  const { code, stderr } = await train('webgpu', {}, '--provider', 'webgpu');
  expect([code, stderr]).toEqual([0, expect.not.stringContaining('rror')]);
  expect(providerOf('webgpu')).toBe('webgpu');
});

test('auto takes a graphics card, else the processor, and says what it took', async () => {
  const { code, stderr } = await train('auto', {}, '--provider', 'auto');
  expect(code).toBe(0);
  expect(stderr).toContain(`Training runs on the provider "${isSoftware ? 'cpu' : 'webgpu'}"`);
  expect(providerOf('auto')).toBe(isSoftware ? 'cpu' : 'webgpu');
});

test('without a driver: an error before anything is written, and the processor goes on working', async () => {
  const { code, stderr } = await train('never', NO_DRIVER, '--provider', 'webgpu');
  expect(code).toBe(1);
  expect(stderr).toMatch(/no WebGPU to train on: .*Vulkan driver.*provider 'cpu' trains without/);
  expect(existsSync(join(work, 'never'))).toBe(false);
  expect((await train('cpu', NO_DRIVER, '--provider', 'cpu')).code).toBe(0);
});

test('a run on WebGPU is not gone on with without one, unless on the processor', async () => {
  const args = ['--resume', '--epochs', '1'];
  const without = await train('webgpu', NO_DRIVER, ...args);
  expect([without.code, without.stderr]).toEqual([1, expect.stringMatching(/no WebGPU to train on/)]);
  const moved = await train('webgpu', NO_DRIVER, ...args, '--provider', 'cpu');
  expect([moved.code, moved.stderr]).toEqual([0, expect.stringMatching(/goes on on "cpu"/)]);
});

const model = createModel('resnet', { layers: [1], width: 4, stem: 'cifar', classes: 3 });
const options = { batch: 2, image: [8, 8], optimizer: { name: 'sgd' } } as const;

test('what cannot be together is refused', async () => {
  await expect(
    Trainer.create(model, { ...options, provider: 'webgpu', engine: 'native' }),
  ).rejects.toMatchObject({ code: 'ARGUMENT', argument: 'engine' });
  await expect(
    Trainer.create(model, { ...options, provider: 'webgpu', precision: 'tf32' }),
  ).rejects.toMatchObject({ code: 'ARGUMENT', argument: 'precision' });
  await expect(Trainer.create(model, { ...options, provider: 'metal' as 'cpu' })).rejects.toMatchObject({
    code: 'ARGUMENT',
  });
});
