/** The cuda backend of this build, on a machine with or without a card: it is listed, and never silently another one. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { backends, createMixer, saliency, uploadBatch } from '../../src/index';

const ROOT = resolve(__dirname, '..', '..');
const CLI = resolve(ROOT, 'bin', 'saliencymix.js');
const batch = { data: new Uint8Array(2 * 8 * 8 * 3).fill(9), shape: [2, 8, 8, 3] as const };

const names = backends().map(({ name }) => name);
const [cuda, cpu] = ['cuda', 'cpu'].map((wanted) => backends()[names.indexOf(wanted)]);
const withoutCard = cuda.available ? describe.skip : describe;

test('it stands before the CPU in the order of preference', () => {
  expect(names.indexOf('cuda')).toBe(0);
  expect(names.indexOf('cpu')).toBe(names.length - 1);
  expect(cpu.available).toBe(true);
  expect(cuda.available).toBe(cuda.reason === undefined);
});

withoutCard('where it cannot be used', () => {
  const refusal = { code: 'BACKEND', message: `Unusable backend "cuda": not available here: ${cuda.reason}` };

  test('the reason says what is missing: a driver, a card, or the code', () => {
    expect(cuda.reason).toMatch(/no NVIDIA driver|no NVIDIA graphics card|no CUDA code|compute capability/);
    expect(cuda.levels).toEqual([]);
  });

  test('every call that asks for it is refused with the reason', async () => {
    await expect(saliency(batch, { backend: 'cuda' })).rejects.toMatchObject(refusal);
    await expect(uploadBatch(batch, { backend: 'cuda' })).rejects.toMatchObject(refusal);
    expect(() => createMixer({ backend: 'cuda', classes: 2 })).toThrow(refusal.message);
  });

  test("'auto' goes on with the CPU and says so", async () => {
    const large = { data: new Uint8Array(1024 * 1024), shape: [1, 1024, 1024, 1] as const };
    expect(await saliency(large)).toMatchObject({ backend: 'cpu', level: cpu.level });
    const onDevice = await uploadBatch(batch);
    expect(onDevice.backend).toBe('cpu');
    onDevice.free();
  });

  test('the command line prints one line and leaves nothing behind', () => {
    const out = resolve(tmpdir(), `saliencymix-cuda-${process.pid}`);
    const { status, stderr } = spawnSync(
      process.execPath,
      [CLI, 'augment', 'demo', '--out', out, '--backend', 'cuda'],
      {
        encoding: 'utf8',
      },
    );
    expect(status).not.toBe(0);
    expect(stderr).toContain(cuda.reason);
    expect(existsSync(out)).toBe(false);
  });

  test('info names the reason', () => {
    expect(execFileSync(process.execPath, [CLI, 'info'], { encoding: 'utf8' })).toContain(
      `not available: ${cuda.reason}`,
    );
  });
});
