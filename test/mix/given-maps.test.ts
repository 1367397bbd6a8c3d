/** Maps that are given with a batch: they decide in place of those that a mixer would find. */
import {
  type Box,
  createMixer,
  type MixerOptions,
  oneOf,
  saliency,
  schemeNames,
  uploadBatch,
} from '../../src';
import { awkwardShape, classNumbers, noise } from '../batches';

const CLASSES = 5;
const mixerOf = (options: MixerOptions) => createMixer({ classes: CLASSES, seed: 3, ...options });
const bytes = (data: Uint8Array) => Buffer.from(data);

describe.each(['fine-grained', 'spectral-residual', 'float-bytes'] as const)('%s', (method) => {
  test.each(schemeNames)('its own maps give the same mix: %s', async (scheme) => {
    const batch = noise(1, [5, 40, 33, 3]);
    const labels = classNumbers(5, CLASSES);
    const { maps } = await saliency(batch, { method });
    for (const more of [{}, { ties: 'random' }, { labelRule: 'saliency' }] as const) {
      const wanted = await mixerOf({ saliency: method, scheme, ...more }).mix(batch, labels, { batch: 2 });
      // Any other method: it is not asked.
      const found = await mixerOf({ saliency: 'sobel', scheme, ...more }).mix(batch, labels, {
        batch: 2,
        maps,
      });
      expect(bytes(found.images.data).equals(bytes(wanted.images.data))).toBe(true);
      expect([found.labels, found.plan]).toEqual([wanted.labels, wanted.plan]);
    }
  });
});

test('the pixel that a map marks is in the patch, in memory of this process and of a backend', async () => {
  for (let seed = 0; seed < 6; seed++) {
    const shape = awkwardShape(seed);
    const [count, height, width] = shape;
    const maps = new Float32Array(count * height * width);
    const marked = Array.from({ length: count }, (_, i) => (i * 7 + seed * 13) % (height * width));
    marked.forEach((pixel, i) => (maps[i * height * width + pixel] = 1));
    const batch = noise(seed, shape);
    const labels = classNumbers(count, CLASSES);
    const mixer = mixerOf({ saliency: 'gradient', box: 'clip' });
    const here = await mixer.mix(batch, labels, { batch: 0, maps });
    const uploaded = await uploadBatch(batch, { backend: 'cpu' });
    const there = await mixer.mix(uploaded, labels, { batch: 0, maps });
    expect(bytes((await there.images.download()).data).equals(bytes(here.images.data))).toBe(true);
    expect(await mixer.plan(batch, { batch: 0, maps })).toEqual(here.plan);
    for (const sample of here.plan.samples) {
      if (sample.kind !== 'paste') throw new Error(sample.kind);
      const pixel = marked[sample.source];
      const [row, column] = [Math.floor(pixel / width), pixel % width];
      const { top, left, bottom, right } = sample.from;
      const isEmpty = top === bottom || left === right;
      expect(isEmpty || (top <= row && row < bottom && left <= column && column < right)).toBe(true);
    }
  }
});

test('of several choices those have the maps whose saliency is the gradient', async () => {
  const batch = noise(3, [32, 20, 24, 3]);
  const labels = classNumbers(32, CLASSES);
  const maps = new Float32Array(32 * 20 * 24);
  for (let i = 0; i < 32; i++) maps[i * 480 + 5 * 24 + 7] = 1;
  const choices = oneOf(
    [
      [{ saliency: 'gradient', box: 'clip' }, 1],
      [{ saliency: 'sobel', box: 'clip', scheme: 'salient-to-salient' }, 1],
    ],
    { classes: CLASSES, seed: 3 },
  );
  const own = await saliency(batch, { method: 'sobel' });
  const { plan } = await choices.mix(batch, labels, { batch: 0, maps });
  const inside = ({ top, left, bottom, right }: Box, at: ArrayLike<number>) =>
    top === bottom || left === right || (top <= at[0] && at[0] < bottom && left <= at[1] && at[1] < right);
  const peakOf = (image: number) => own.peaks.subarray(2 * image, 2 * image + 2);
  const counts = { given: 0, found: 0 };
  for (const sample of plan.samples) {
    if (sample.kind !== 'paste') throw new Error(sample.kind);
    const isSame = JSON.stringify(sample.from) === JSON.stringify(sample.to);
    if (isSame) counts.given += Number(inside(sample.from, [5, 7]));
    else counts.found += Number(inside(sample.from, peakOf(sample.source)));
  }
  // A box of the other scheme may lie at the same place in both images.
  expect(counts.given + counts.found).toBeGreaterThanOrEqual(31);
  expect(Math.min(counts.given, counts.found)).toBeGreaterThan(5);
});

test('what is wrong is refused', async () => {
  const batch = noise(1, [2, 8, 8, 3]);
  const labels = classNumbers(2, CLASSES);
  const mixer = mixerOf({ saliency: 'gradient' });
  const mix = (maps?: unknown) => mixer.mix(batch, labels, { maps: maps as Float32Array });
  await expect(mix()).rejects.toThrow(
    /2 × 8 × 8 values \(saliency is "gradient": Trainer.saliency makes them\) for maps/,
  );
  for (const maps of [new Float32Array(127), new Float64Array(128), 'maps', new Float32Array(128).fill(NaN)])
    await expect(mix(maps)).rejects.toMatchObject({ code: 'ARGUMENT', argument: 'maps' });
  expect((await mix(new Float32Array(128))).shape).toEqual([2, CLASSES]);
  // Who looks for nothing needs none.
  for (const method of ['cutmix', 'none'] as const)
    expect((await mixerOf({ saliency: 'gradient', method }).mix(batch, labels)).shape).toEqual([2, CLASSES]);
});
