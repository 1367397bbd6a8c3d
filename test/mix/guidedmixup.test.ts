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

test('with maps that are given, pixels are shared by them', async () => {
  const batch = noise(1, [2, 4, 8, 3]);
  const maps = Float32Array.from([...halves(0.75), ...halves(0.25).map((one) => 10 * one)]);
  const mixed = await createMixer({ method: 'guidedmixup', classes: 2 }).mix(batch, classNumbers(2, 2), {
    maps,
  });
  const [first, second] = mixed.plan.samples;
  if (first.kind !== 'masked' || second.kind !== 'masked') throw new Error('not masked');
  expect(first.mask.weights.slice(0, 8)).toEqual([0.75, 0.75, 0.75, 0.75, 0.25, 0.25, 0.25, 0.25]);
  expect(second.mask.weights.slice(0, 8)).toEqual([0.25, 0.25, 0.25, 0.25, 0.75, 0.75, 0.75, 0.75]);
  expect(Array.from(mixed.labels)).toEqual([0.5, 0.5, 0.5, 0.5]);
  const [own, other] = [batch.data[0], batch.data[4 * 8 * 3]];
  expect(mixed.images.data[0]).toBe(Math.floor(0.75 * own + 0.25 * other + 0.5));
});

test.each([1, 2, 3, 7])('a batch of %i: one cycle of all', async (count) => {
  const batch = noise(count, [count, 9, 12, 1]);
  const { samples } = await createMixer({ method: 'guidedmixup' }).plan(batch);
  let at = 0;
  const seen = samples.map(() => (at = samples[at].source));
  expect(new Set(seen).size).toBe(count);
  expect(seen.at(-1)).toBe(0);
});
