/** What training on ImageNet needs: random boxes, changed colours, and tests at the centre of a larger image. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createMixer, openDataset } from '../../src';
import { DeviceBatch } from '../../src/device/batch';
import { drawColours } from '../../src/mix/colours';
import { cam, evaluate, robustness, Trainer, type TrainOptions } from '../../src/train';
import { learningBatches } from '../../src/train/batches';
import { drawSamples } from '../../src/train/run-report';
import { parseTraining, resolveSettings, type TrainSettings } from '../../src/train/train-settings';
import { closing, workFolder } from './fixtures';
import { data, lossesOf, network, runsIn } from './small-runs';

const work = workFolder();

const usual = { resizedCrop: true, jitter: 0.4, lighting: 0.1, size: 24, seed: 6, batch: 8 } as const;

/** What a run has of settings, and its data, which is closed afterwards. */
async function withSettings<T>(
  options: Partial<TrainOptions>,
  use: (settings: TrainSettings, dataset: Awaited<ReturnType<typeof openDataset>>) => Promise<T>,
): Promise<T> {
  const dataset = await openDataset(data);
  try {
    const parsed = parseTraining({
      data,
      out: 'unused',
      test: false,
      model: 'resnet',
      ...network,
      ...options,
    });
    return await use((await resolveSettings(parsed, dataset, undefined)).settings, dataset);
  } finally {
    await dataset.close();
  }
}

/** Digests of pixels, which are slow to compare one by one. */
interface Seen {
  images: string;
  clean?: string;
  labels: Float32Array;
}

const digest = (pixels: Float32Array) =>
  createHash('sha256')
    .update(Buffer.from(pixels.buffer, pixels.byteOffset, pixels.byteLength))
    .digest('hex');

const imagesOf = async (images: Float32Array | DeviceBatch) =>
  images instanceof DeviceBatch ? ((await images.download()).data as Float32Array) : images;

/** The batches of epoch 1 from a number on; with saliency by a network the red plane. */
const epochOf = (options: Partial<TrainOptions>, { from = 0, threads = 2, onDevice = false } = {}) =>
  withSettings(options, async (settings, dataset) => {
    const how = {
      threads,
      backend: 'cpu',
      strict: true,
      onDevice,
      saliencyOf: async ({ images }: { images: Float32Array | DeviceBatch }) => {
        const all = await imagesOf(images);
        const area = settings.size[0] * settings.size[1];
        return Float32Array.from({ length: all.length / 3 }, (_, i) =>
          Math.abs(all[Math.floor(i / area) * 3 * area + (i % area)]),
        );
      },
    };
    const seen: Seen[] = [];
    for await (const { images, clean, labels } of learningBatches(dataset, settings, { epoch: 1, from }, how))
      seen.push({
        images: digest(await imagesOf(images)),
        ...(clean && { clean: digest(await imagesOf(clean.images)) }),
        labels,
      });
    return seen;
  });

test.each([
  {},
  { mixer: { method: 'mixup' as const } },
  { mixer: { method: 'puzzlemix' as const }, cleanWeight: 1 },
  { mixer: { method: 'guidedmixup' as const } },
  { manifoldMixup: true as const },
])('batches are the same from any number on, on any threads, and on a backend: %j', async (more) => {
  const options = { ...usual, ...more };
  const whole = await epochOf(options);
  expect(whole).toHaveLength(5);
  expect(await epochOf(options, { from: 3, threads: 1 })).toEqual(whole.slice(3));
  expect(await epochOf(options, { onDevice: true })).toEqual(whole);
  for (const other of [{ jitter: 0 }, { lighting: 0 }, { resizedCrop: false }, { seed: 7 }])
    expect((await epochOf({ ...options, ...other }))[0].images).not.toBe(whole[0].images);
  if (!('cleanWeight' in more)) return;
  // The clean images have the same colours.
  const { clean: plain } = (await epochOf({ ...options, jitter: 0, lighting: 0 }))[0];
  expect(whole[0].clean).not.toBe(plain);
});

test('a batch has the colours of its slots, changed before it is mixed', () =>
  withSettings({ ...usual, mixer: { method: 'cutmix', probability: 1 } }, async (settings, dataset) => {
    const { augment, mean, std, seed, size } = settings;
    const [first] = await epochOf({ ...usual, mixer: { method: 'cutmix', probability: 1 } });
    for await (const { images, labels, slots } of dataset.batches({
      augment,
      size,
      batch: 8,
      seed,
      epoch: 1,
    })) {
      const colours = drawColours({ jitter: 0.4, lighting: 0.1 }, seed, { epoch: 1, batch: 0 }, slots.of);
      const mixer = createMixer({ method: 'cutmix', probability: 1, classes: dataset.classes.length, seed });
      const output = { layout: 'NCHW', dtype: 'float32', mean, std } as const;
      const mixed = await mixer.mix(images, labels, { epoch: 1, batch: 0, slots, colours, output });
      expect(first.images).toBe(digest(mixed.images.data));
      expect(first.labels).toEqual(mixed.labels);
      break;
    }
  }));

test('settings say what was asked for, and nothing else', async () => {
  const of = (options: Partial<TrainOptions>) => withSettings(options, async (settings) => settings);
  const plain = await of({ size: 24 });
  expect(Object.keys(plain).filter((name) => ['jitter', 'lighting', 'testResize'].includes(name))).toEqual(
    [],
  );
  expect(plain.augment).toEqual({ crop: 4, flip: true });
  const { augment, jitter, lighting, testResize } = await of({ ...usual, testResize: 28 });
  expect([jitter, lighting, testResize]).toEqual([0.4, 0.1, 28]);
  expect(augment).toEqual({
    crop: 0,
    flip: true,
    resizedCrop: true,
    cropArea: [0.08, 1],
    cropRatio: [3 / 4, 4 / 3],
  });
  expect((await of({ ...usual, crop: 2 })).augment.crop).toBe(2);
});

test.each([
  [{ testResize: 23, size: 24 }, /at least 24, the longer side of size for testResize/],
  [{ cropArea: [0.5, 1] as const }, /nothing without resizedCrop for cropArea/],
  [{ resizedCrop: true, cropRatio: [2, 1] as const }, /the smaller number first for cropRatio/],
  [{ jitter: 1.5 }, /jitter/],
  [{ lighting: -0.1 }, /lighting/],
])('%j is refused', async (options, message) => {
  await expect(withSettings(options, async () => undefined)).rejects.toThrow(message);
});

test('the samples of the report are those that are trained on, clamped to bytes', () =>
  withSettings(usual, async (settings, dataset) => {
    const [changed, again] = [await drawSamples(dataset, settings), await drawSamples(dataset, settings)];
    const plain = await drawSamples(dataset, { ...settings, jitter: undefined, lighting: undefined });
    expect(Buffer.compare(changed!, again!)).toBe(0);
    expect(Buffer.compare(changed!, plain!)).not.toBe(0);
  }));

test('a run that is stopped goes on to the same bits', async () => {
  const run = runsIn(work, { ...usual, mixer: { probability: 1 }, flip: true });
  const whole = await run('whole');
  const stop = new AbortController();
  const stopped = run('stopped', {
    signal: stop.signal,
    onProgress: ({ epoch, done }) => epoch === 1 && done >= 16 && stop.abort(),
  });
  await expect(stopped).rejects.toThrow();
  await run('stopped', { mode: 'resume' });
  expect(lossesOf(join(work, 'stopped'))).toEqual(lossesOf(join(work, 'whole')));
  const weights = (name: string) => readFileSync(join(work, name, 'model.onnx'));
  expect(weights('stopped').equals(weights('whole'))).toBe(true);
  expect(whole.settings.augment.resizedCrop).toBe(true);
  await expect(run('whole', { mode: 'resume', jitter: 0.3 })).rejects.toThrow(
    /jitter was 0\.4 and is now 0\.3/,
  );
});

test('all that score a model see the centre that it was tested on', async () => {
  const test = { path: 'demo', demo: { count: 24, size: 40, seed: 9 } } as const;
  const run = runsIn(work, { size: 24, test, epochs: 1, testResize: 36 });
  await run('centre');
  const lines = readFileSync(join(work, 'centre', 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n');
  const { testLoss } = lines.map((line) => JSON.parse(line) as { kind: string; testLoss: number }).at(-1)!;
  const checkpoint = join(work, 'centre', 'checkpoint.safetensors');
  const lossBy = async (options: object, model = checkpoint) =>
    (await evaluate({ model, data: test, ...options })).loss;
  expect(await lossBy({})).toBeCloseTo(testLoss, 5);
  expect(await lossBy({}, join(work, 'centre', 'model.onnx'))).toBeCloseTo(testLoss, 5);
  expect(await lossBy({ testResize: 36, batch: 5 })).toBeCloseTo(testLoss, 5);
  // Without it the images just cover 24 pixels: other images, and another loss.
  expect(Math.abs((await lossBy({ testResize: 24 })) - testLoss)).toBeGreaterThan(1e-4);
  await expect(lossBy({ testResize: 23 })).rejects.toMatchObject({
    code: 'ARGUMENT',
    argument: 'testResize',
  });
  const { clean } = await robustness({ model: checkpoint, data: test, measures: ['calibration'] });
  const { top1Error } = await evaluate({ model: checkpoint, data: test });
  expect(clean.top1Error).toBe(top1Error);
  await expectCamLogits(checkpoint, test);
});

/** The logits of class activation maps are those of the centre. */
async function expectCamLogits(
  checkpoint: string,
  test: { path: string; demo: { count: number; size: number; seed: number } },
): Promise<void> {
  const { images } = await cam({ model: checkpoint, images: test, count: 4, out: join(work, 'cam.png') });
  const dataset = await openDataset(test);
  const trainer = closing(await Trainer.resume(checkpoint));
  const mixer = createMixer({ method: 'none', classes: dataset.classes.length });
  const output = {
    layout: 'NCHW',
    dtype: 'float32',
    mean: [0.485, 0.456, 0.406],
    std: [0.229, 0.224, 0.225],
  } as const;
  for await (const { images: loaded, labels, ids } of dataset.batches({ size: 24, resize: 36, batch: 4 })) {
    expect(images.map(({ id }) => id)).toEqual(ids);
    const { images: floats } = await mixer.mix(loaded, labels, { output });
    const logits = await trainer.predict(floats.data);
    images.forEach((image, i) =>
      image.logits.forEach((logit, k) =>
        expect(logit).toBeCloseTo(logits[i * dataset.classes.length + k], 4),
      ),
    );
    break;
  }
  await dataset.close();
}
