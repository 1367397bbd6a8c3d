/** GuidedMixup against the NumPy reference of golden/guided (see its README), and with maps that are given. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createMixer, type ImageBatch } from '../../src';
import { addon } from '../../src/native/load';
import { classNumbers, noise } from '../batches';

interface Golden {
  first?: number;
  values?: number[];
  count: number;
  height: number;
  width: number;
  channels: number;
  rows: number[];
  maps: string;
  largest: number[];
  partners: number[];
  shares: number[];
  pixelsSha256: string;
}
const path = join(__dirname, '..', 'golden', 'guided', 'expected.json');
const { batches } = JSON.parse(readFileSync(path, 'utf8')) as { batches: Record<string, Golden> };

/** lowbias32 */
function hash(i: number): number {
  let x = i >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}

/** The images as the README of the golden data has them. */
function imagesOf({ first = 0, values, count, height, width, channels }: Golden): ImageBatch {
  const shape = [count, height, width, channels] as const;
  const size = height * width * channels;
  const data = new Uint8Array(count * size);
  for (let i = 0; i < count; i++) {
    if (values) {
      data.fill(values[i], i * size, (i + 1) * size);
      continue;
    }
    const n = first + i;
    const h = (at: number) => hash((n << 20) + at);
    const s = Math.floor(Math.min(height, width) / 8);
    const row = Math.floor(height / 4) + (h(0xf0000) % (Math.floor(height / 2) + 1));
    const col = Math.floor(width / 4) + (h(0xf0001) % (Math.floor(width / 2) + 1));
    const radius = 1 + s + (h(0xf0002) % (s + 1));
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const disc = (y - row) ** 2 + (x - col) ** 2 <= radius ** 2 ? 100 : 0;
        for (let c = 0; c < channels; c++) {
          const at = (y * width + x) * channels + c;
          data[i * size + at] = ((x * (1 + (n % 3)) + 2 * y + 40 * c + 17 * n) % 128) + disc + (h(at) % 16);
        }
      }
    }
  }
  return { data, shape };
}

describe.each(Object.entries(batches))('%s', (_, golden) => {
  const batch = imagesOf(golden);
  const { count, height, width, channels, rows } = golden;

  test('the images are those of the reference', () => {
    const sha = createHash('sha256').update(batch.data).digest('hex');
    expect(sha.slice(0, 16)).toBe(golden.pixelsSha256);
  });

  test.each([1, 3])('maps, on %i threads', async (threads) => {
    const maps = new Float32Array(count * height * width);
    await addon().guidedMaps({ data: batch.data, count, height, width, channels, threads, maps });
    const bytes = Buffer.from(golden.maps, 'base64');
    let at = 0;
    let worst = 0;
    for (let i = 0; i < count; i++) {
      for (const row of rows) {
        for (let x = 0; x < width; x++, at += 4) {
          const [wanted, found] = [bytes.readFloatLE(at), maps[(i * height + row) * width + x]];
          worst = Math.max(worst, Math.abs(found - wanted) / wanted);
        }
      }
      const largest = maps
        .subarray(i * height * width, (i + 1) * height * width)
        .reduce((a, b) => Math.max(a, b));
      worst = Math.max(worst, Math.abs(largest - golden.largest[i]) / golden.largest[i]);
    }
    expect(at).toBe(bytes.length);
    expect(worst).toBeLessThan(1e-6);
  });

  test('pairs and shares of the mixer', async () => {
    const { samples } = await createMixer({ method: 'guidedmixup', seed: 5 }).plan(batch);
    expect(samples.map(({ source }) => source)).toEqual(golden.partners);
    for (const [i, { lambda }] of samples.entries()) expect(lambda).toBeCloseTo(golden.shares[i], 7);
  });
});

/** A map with one share of saliency on the left half, the rest on the right. */
const halves = (left: number) =>
  Float32Array.from({ length: 4 * 8 }, (_, i) => (i % 8 < 4 ? left : 1 - left));

/** A map of 4 × 8 blurred by a Gaussian of 7 weights, sigma 3, mirrored beyond the borders; of sum 1. */
function blurred(map: Float32Array): number[] {
  const weights = [-3, -2, -1, 0, 1, 2, 3].map((k) => Math.exp((-k * k) / 18));
  const sum = weights.reduce((x, y) => x + y);
  const mirrored = (i: number, length: number) => (i < 0 ? -i : i < length ? i : 2 * (length - 1) - i);
  const taps = weights.map((weight, k) => ({ weight: weight / sum, k: k - 3 }));
  const around = (at: (k: number) => number) => taps.reduce((all, { weight, k }) => all + weight * at(k), 0);
  const positions = Array.from({ length: 32 }, (_, i) => [Math.floor(i / 8), i % 8]);
  const across = positions.map(([y, x]) => around((k) => map[8 * y + mirrored(x + k, 8)]));
  const both = positions.map(([y, x]) => around((k) => across[8 * mirrored(y + k, 4) + x]));
  const total = both.reduce((x, y) => x + y);
  return both.map((value) => value / total);
}

test('maps that are given are blurred, and pixels are shared by them', async () => {
  const batch = noise(1, [2, 4, 8, 3]);
  const given = [halves(0.75), halves(0.25).map((one) => 10 * one)];
  const maps = Float32Array.from(given.flatMap((map) => [...map]));
  const mixed = await createMixer({ method: 'guidedmixup', classes: 2 }).mix(batch, classNumbers(2, 2), {
    maps,
  });
  const [first, second] = mixed.plan.samples;
  if (first.kind !== 'masked' || second.kind !== 'masked') throw new Error('not masked');
  const [own, other] = given.map(blurred);
  const wanted = own.map((value, i) => value / (value + other[i]));
  for (const [i, weight] of first.mask.weights.entries()) expect(weight).toBeCloseTo(wanted[i], 6);
  for (const [i, weight] of second.mask.weights.entries()) expect(weight).toBeCloseTo(1 - wanted[i], 6);
  expect(wanted[0]).toBeGreaterThan(0.7);
  expect(wanted[3]).toBeLessThan(0.6);
  for (const label of mixed.labels) expect(label).toBeCloseTo(0.5, 6);
  const share = first.mask.weights[0];
  expect(mixed.images.data[0]).toBe(
    Math.floor(share * batch.data[0] + (1 - share) * batch.data[4 * 8 * 3] + 0.5),
  );
});

test('with "gradient" for saliency, maps must be given; without, its own are found', async () => {
  const batch = noise(1, [3, 8, 8, 3]);
  const labels = classNumbers(3, 3);
  const mixer = createMixer({ method: 'guidedmixup', saliency: 'gradient', classes: 3 });
  await expect(mixer.mix(batch, labels)).rejects.toThrow(/Trainer.saliency makes them.* for maps/);
  const maps = Float32Array.from({ length: 3 * 64 }, (_, i) => (i * 7) % 11);
  const own = createMixer({ method: 'guidedmixup', classes: 3 });
  const [gradient, given, found] = [
    await mixer.mix(batch, labels, { maps }),
    await own.mix(batch, labels, { maps }),
    await own.mix(batch, labels),
  ];
  expect(gradient.images.data).toEqual(given.images.data);
  expect(found.images.data).not.toEqual(given.images.data);
});

test.each([1, 2, 3, 7])('a batch of %i: one cycle of all', async (count) => {
  const batch = noise(count, [count, 9, 12, 1]);
  const { samples } = await createMixer({ method: 'guidedmixup' }).plan(batch);
  let at = 0;
  const seen = samples.map(() => (at = samples[at].source));
  expect(new Set(seen).size).toBe(count);
  expect(seen.at(-1)).toBe(0);
});
