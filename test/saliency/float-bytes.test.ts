/** Saliency as the authors' released code finds it: OpenCV reads the bytes of normalised float32 pixels. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createMixer, type ImageBatch, saliency, uploadBatch } from '../../src';
import { classNumbers, noise } from '../batches';
import { goldenBatch, goldenSets } from '../golden';
import { pythonWith } from '../python';

const method = 'float-bytes';

interface Made {
  images: Record<string, { sha256: string; peak: [number, number] }>;
}

test('maps and peaks of OpenCV for the golden images, to the bit', async () => {
  const file = resolve(__dirname, '..', 'golden', 'saliency', 'float-bytes.json');
  const { images: made } = JSON.parse(readFileSync(file, 'utf8')) as Made;
  const [synthetic] = goldenSets;
  const found: Made['images'] = {};
  for (const image of synthetic.images) {
    const { maps, peaks } = await saliency(await goldenBatch(synthetic, image), { method });
    const bytes = new Uint8Array(maps.buffer, maps.byteOffset, maps.byteLength);
    const sha256 = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
    found[image.id] = { sha256, peak: [peaks[0], peaks[1]] };
  }
  expect(found).toEqual(made);
});

const python = pythonWith('cv2.saliency', 'numpy');

/** Reads uint8 pixels from its input, and writes OpenCV's maps of their normalised float32 values. */
const OPENCV = `
import json, sys
import cv2, numpy
shape, mean, std = json.loads(sys.argv[1])
n, h, w, c = shape
pixels = numpy.frombuffer(sys.stdin.buffer.read(), numpy.uint8).reshape(shape)
single = lambda values: numpy.array(values[:c]).astype(numpy.float32)
pixels = (pixels.astype(numpy.float32) / numpy.float32(255) - single(mean)) / single(std)
detector = cv2.saliency.StaticSaliencyFineGrained_create()
for image in pixels if c == 3 else pixels[..., 0]:
    sys.stdout.buffer.write(detector.computeSaliency(numpy.ascontiguousarray(image))[1].tobytes())
`;

function mapsOfOpenCV({ data, shape }: ImageBatch, mean: readonly number[], std: readonly number[]) {
  const asked = JSON.stringify([shape, mean, std]);
  const { stdout, stderr } = spawnSync(python as string, ['-c', OPENCV, asked], {
    input: data,
    maxBuffer: 2 ** 28,
  });
  if (stdout.length === 0) throw new Error(String(stderr));
  return new Float32Array(stdout.buffer.slice(stdout.byteOffset, stdout.byteOffset + stdout.length));
}

/** Images of one value, of large values only, and of noise. */
function images(seed: number, shape: ImageBatch['shape']): ImageBatch {
  const { data } = noise(seed, shape);
  const each = data.length / shape[0];
  data.fill(seed, 0, each);
  for (let i = each; i < 2 * each; i++) data[i] |= 0xf0;
  return { data, shape };
}

const OPENCV_SHAPES = [
  [60, 32, 32, 3],
  [4, 64, 48, 3],
  [3, 224, 224, 3],
  [3, 1, 1, 3],
  [3, 1, 2, 3],
  [3, 2, 1, 1],
  [4, 1, 9, 3],
  [4, 9, 1, 3],
  [4, 7, 8, 3],
  [4, 33, 17, 3],
  [3, 300, 5, 1],
] as const;

(python ? test : test.skip).each(OPENCV_SHAPES)('%i × %i × %i × %i: maps of OpenCV', async (...shape) => {
  for (const [mean, std] of [
    [[125.3, 123.0, 113.9].map((v) => v / 255), [63.0, 62.1, 66.7].map((v) => v / 255)],
    [
      [0.485, 0.456, 0.406],
      [0.229, 0.224, 0.225],
    ],
    [
      [0, 1, 0.5],
      [1, 1e-3, 1],
    ],
  ]) {
    const batch = images(shape[1], shape);
    const { maps } = await saliency(batch, { method, mean, std });
    expect(maps).toEqual(mapsOfOpenCV(batch, mean, std));
  }
});

const options = { preset: 'released-exact', classes: 3, seed: 5 } as const;
const labels = classNumbers(7, 3);

test('the preset: one map per batch, of the first source; clipped; half of the batches', async () => {
  const batch = noise(4, [7, 32, 32, 3]);
  const { peaks } = await saliency(batch, { method });
  const [exact, plain] = [createMixer(options), createMixer({ ...options, preset: 'released' })];
  let mixed = 0;
  let elsewhere = 0;
  for (let number = 0; number < 40; number++) {
    const { samples } = await exact.plan(batch, { batch: number });
    const other = (await plain.plan(batch, { batch: number })).samples;
    // Only the place differs from `released`: pairs and whether a batch is mixed are drawn alike.
    expect(samples.map(({ kind, source }) => [kind, source])).toEqual(
      other.map(({ kind, source }) => [kind, source]),
    );
    const [{ kind, source, anchor, to }] = samples;
    if (kind === 'keep') continue;
    mixed++;
    expect(anchor).toEqual([peaks[2 * source], peaks[2 * source + 1]]);
    for (const sample of samples) expect([sample.to, sample.anchor]).toEqual([to, anchor]);
    if (String(anchor) !== String(other[0].anchor)) elsewhere++;
  }
  expect(Math.abs(mixed - 20)).toBeLessThan(10);
  expect(elsewhere).toBe(mixed);
  const always = await createMixer({ ...options, probability: 1 }).plan(batch, { batch: 1 });
  expect(always.samples.every(({ kind }) => kind === 'paste')).toBe(true);
});

test('the same bytes on any number of threads, in the memory of a backend, per sample, and with into', async () => {
  const batch = noise(6, [7, 19, 21, 3]);
  for (const more of [
    { probability: 1 },
    { probability: 1, per: 'sample', scheme: 'salient-to-salient' },
  ] as const) {
    const mixers = [1, 2, 5].map((threads) => createMixer({ ...options, ...more, threads }));
    const results = await Promise.all(mixers.map((mixer) => mixer.mix(batch, labels, { batch: 2 })));
    for (const result of results) expect(result).toEqual(results[0]);
    const there = await uploadBatch(batch, { backend: 'cpu' });
    const mixed = await mixers[0].mix(there, labels, { batch: 2 });
    expect((await mixed.images.download()).data).toEqual(results[0].images.data);
    expect((await there.saliency({ method })).maps).toEqual((await saliency(batch, { method })).maps);
    there.free();
    mixed.images.free();
  }
  const into = new Float32Array(batch.data.length).fill(-1);
  const { maps } = await saliency(batch, { method, into });
  expect(maps.buffer).toBe(into.buffer);
  expect(maps).toEqual((await saliency(batch, { method })).maps);
});

test('mean and std decide the map, and are checked', async () => {
  const batch = noise(6, [2, 16, 16, 3]);
  const ofCifar = await saliency(batch, { method });
  const mean = [125.3, 123.0, 113.9].map((value) => value / 255);
  const std = [63.0, 62.1, 66.7].map((value) => value / 255);
  expect((await saliency(batch, { method, mean, std })).maps).toEqual(ofCifar.maps);
  const nearly = std.map((value) => value * (1 + 1e-6));
  expect((await saliency(batch, { method, std: nearly })).maps).not.toEqual(ofCifar.maps);
  for (const wrong of [{ mean: [1, 2, 0] }, { mean: [0.5] }, { std: [0, 1, 1] }, { std: 0.2 }]) {
    expect(() => createMixer({ ...options, ...wrong } as never)).toThrow(/for (mean|std)/);
    await expect(saliency(batch, { method, ...wrong } as never)).rejects.toThrow(/for (mean|std)/);
  }
});
