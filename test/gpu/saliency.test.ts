/** Saliency through the public API, on the card and on the CPU. */
import { backends, createMixer, type SaliencyResult, saliency } from '../../src';
import { addon } from '../../src/native/load';
import { awkwardShape, classNumbers, noise } from '../batches';
import { compareWithGolden, goldenMethods, goldenSets } from '../golden';
import { auto, backend, cpu, lackedMethods, level, methods, onCard, same } from './under-test';

const toleranceOf = (method: string) =>
  addon()
    .methods()
    .find(({ name }) => name === method)?.tolerance;

/** [row, column] of the first pixel of image i that is larger than all others, or smaller. */
function extreme({ maps, shape }: SaliencyResult, i: number, sign: 1 | -1): number[] {
  const [, height, width] = shape;
  const map = maps.subarray(i * height * width, (i + 1) * height * width);
  const at = map.reduce((best, value, p) => (sign * value > sign * map[best] ? p : best), 0);
  return [Math.floor(at / width), at % width];
}

test.each(methods)('%s: the maps of the CPU, and their peaks and lows', async (method) => {
  const shapes = Array.from({ length: 40 }, (_, seed) => awkwardShape(seed));
  for (const shape of [...shapes, [3, 225, 223, 3], [300, 32, 32, 3], [1, 768, 1024, 3]] as typeof shapes) {
    const batch = noise(shape[1] + shape[2], shape);
    const there = await saliency(batch, { method, backend });
    const here = await saliency(batch, { method, backend: cpu });
    expect(there).toMatchObject({ backend, level, shape: here.shape });
    const worst = here.maps.reduce((most, value, p) => Math.max(most, Math.abs(value - there.maps[p])), 0);
    expect(worst).toBeLessThanOrEqual(toleranceOf(method) as number);
    for (let i = 0; i < shape[0]; i++) {
      expect([...there.peaks.subarray(2 * i, 2 * i + 2)]).toEqual(extreme(there, i, 1));
      expect([...there.lows.subarray(2 * i, 2 * i + 2)]).toEqual(extreme(there, i, -1));
    }
    const into = new Float32Array(there.maps.length + 3).fill(7);
    const again = await saliency(batch, { method, backend, into });
    expect(same(again.maps, there.maps)).toBe(true);
    expect([...into.subarray(-3)]).toEqual([7, 7, 7]);
  }
});

test('what it lacks is refused by name', async () => {
  if (onCard) expect(methods).toEqual(['fine-grained', 'spectral-residual', 'frequency-tuned', 'sobel']);
  for (const method of lackedMethods) {
    const refusal = { code: 'BACKEND', message: expect.stringContaining(`it lacks ${method};`) as string };
    await expect(saliency(noise(1, [1, 4, 4, 3]), { method, backend })).rejects.toMatchObject(refusal);
    expect(() => createMixer({ saliency: method, backend })).toThrow(`it lacks ${method};`);
    expect(await saliency(noise(1, [8, 512, 512, 3]), { method })).toMatchObject({ backend: cpu });
  }
});

describe.each(goldenSets)('golden set $name', (set) => {
  test.each(goldenMethods)('$method within $tolerance', async (method) => {
    const { wrong, decided } = await compareWithGolden(set, method, { backend });
    expect(wrong).toEqual([]);
    expect(decided).toBeGreaterThan(set.images.length / 2);
  });
});

describe('auto', () => {
  // The card, where there is one of a kind that was tested: 'auto' takes it for what is worth the trip.
  const first = backends().find((listed) => listed.available && listed.auto)?.name as string;
  const large = noise(1, [8, 512, 512, 3]);
  const small = noise(1, [8, 64, 64, 3]);
  const mixing = { classes: 2, backend: 'auto' } as const;

  test('is the card for saliency of a large batch, and says so', async () => {
    if (onCard) expect(first).toBe(auto ? 'cuda' : cpu);
    expect((await saliency(large, { backend: 'auto' })).backend).toBe(first);
    expect((await saliency(large)).backend).toBe(first);
    const mixed = await createMixer(mixing).mix(large, classNumbers(8, 2));
    expect(mixed.backend).toBe(first);
    if (onCard && auto) expect(mixed.level).toMatch(/^sm_\d+$/);
  });

  test('is the CPU for small ones and for mixing alone', async () => {
    expect((await saliency(small)).backend).toBe(cpu);
    expect((await createMixer(mixing).mix(small, classNumbers(8, 2))).backend).toBe(cpu);
    const cutmix = createMixer({ ...mixing, method: 'cutmix' });
    expect((await cutmix.mix(large, classNumbers(8, 2))).backend).toBe(cpu);
  });
});
