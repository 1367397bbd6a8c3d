/** Random images of odd sizes, through random operations, against Pillow itself where there is one. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { applyImageOperation, type ImageBatch, type ImageOperation, imageOperationNames } from '../../src';
import { awkwardShape, noise } from '../batches';
import { pythonWith } from '../python';

const python = pythonWith('PIL');

interface Job {
  operation: ImageOperation;
  magnitude: number;
  batch: ImageBatch;
  fill: [number, number, number];
}

/** Of a usual size, of an unusual one, and those at which something begins or ends. */
function magnitudesOf(operation: ImageOperation, random: number): number[] {
  const between = (low: number, high: number) => low + random * (high - low);
  if (/Shear/.test(operation)) return [between(-0.3, 0.3), between(-3, 3), 0, 1, -0.5, 1e-6, 4000];
  if (/Translate/.test(operation)) return [between(-12, 12), between(-50, 50), 0.99, -0.99, 1e6];
  if (operation === 'Rotate')
    return [between(-30, 30), between(-400, 400), 0, 45, 90, 180, 270, -90, 360, 1e-9];
  if (operation === 'Posterize') return [0, 1, 2, 3, 4, 5, 6, 7, 8, between(0, 8)];
  if (operation === 'Solarize') return [0, 1, 128, 255, 256, 300, -1, between(0, 256)];
  return [between(-0.9, 0.9), between(-4, 4), between(0, 0.1), -1, 0, 1, 50];
}

/** Noise, or noise of few values, of little contrast, or of a gradient under it. */
function imageOf(seed: number, shape: ImageBatch['shape']): ImageBatch {
  const { data } = noise(seed, shape);
  const [, , width, channels] = shape;
  const kinds = [
    (v: number) => v,
    (v: number) => (v & 1) * 200 + 7,
    (v: number) => 90 + (v >> 5),
    (v: number, i: number) => Math.min(255, (v >> 4) + Math.floor(((i / channels) % width) * 5)),
    () => 77,
  ];
  const kind = kinds[seed % kinds.length];
  return { data: data.map((v, i) => kind(v, i)), shape };
}

function jobsOf(operation: ImageOperation): Job[] {
  return Array.from({ length: 40 }, (_, seed) => {
    const [, height, width, channels] = seed % 8 === 7 ? [1, 97, 131, 3] : awkwardShape(seed + 3);
    const batch = imageOf(seed, [1, height, width, channels]);
    const fill: Job['fill'] = seed % 2 === 0 ? [0, 0, 0] : [seed, 255 - seed, 128];
    return magnitudesOf(operation, (seed + 0.5) / 40).map((magnitude) => ({
      operation,
      magnitude,
      batch,
      fill,
    }));
  }).flat();
}

/** The pixels that Pillow gives for each job. */
function pillow(jobs: readonly Job[]): Uint8Array[] {
  const folder = mkdtempSync(join(tmpdir(), 'saliencymix-pillow-'));
  try {
    const [list, pixels, out] = ['jobs.json', 'pixels', 'out'].map((name) => join(folder, name));
    const lines = jobs.map(({ operation, magnitude, fill, batch: { shape } }) => {
      const [, height, width, channels] = shape;
      return { operation, magnitude, fill, height, width, channels };
    });
    writeFileSync(list, JSON.stringify(lines));
    writeFileSync(pixels, Buffer.concat(jobs.map(({ batch }) => batch.data)));
    const script = resolve(__dirname, 'pillow.py');
    const done = spawnSync(python!, [script, list, pixels, out], { encoding: 'utf8' });
    expect(done.stderr).toBe('');
    const all = readFileSync(out);
    let at = 0;
    return jobs.map(({ batch }) => all.subarray(at, (at += batch.data.length)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

(python ? test.each(imageOperationNames) : test.skip.each(imageOperationNames))('%s', async (operation) => {
  const jobs = jobsOf(operation);
  const expected = pillow(jobs);
  const wrong: string[] = [];
  for (const [i, { magnitude, batch, fill }] of jobs.entries()) {
    const { data } = await applyImageOperation(batch, operation, magnitude, { fill });
    if (Buffer.compare(data, expected[i]) !== 0) wrong.push(`${magnitude} of ${batch.shape.join('×')}`);
  }
  expect(wrong).toEqual([]);
});
