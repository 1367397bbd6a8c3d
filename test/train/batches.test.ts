import { join } from 'node:path';
import { openDataset } from '../../src/data/dataset';
import { DeviceBatch } from '../../src/device/batch';
import { type LearningBatch, learningBatches } from '../../src/train/batches';
import type { Images, TrainingBatch } from '../../src/train/batch';
import type { TrainOptions } from '../../src/train/train-options';
import { parseTraining, resolveSettings } from '../../src/train/train-settings';
import { colourFolder } from '../cli/colours';
import { workFolder } from '../cli/fixtures';

const data = join(workFolder(), 'data');
beforeAll(() => colourFolder(data, { train: 50 }));

const given: TrainOptions = {
  data,
  out: 'unused',
  batch: 16,
  labelSmoothing: 0.1,
  mixer: { alpha: 1 },
  seed: 3,
  test: false,
};

async function epochOf(epoch: number, from: number, threads = 2, more: Partial<TrainOptions> = {}) {
  const options = parseTraining({ ...given, ...more });
  const dataset = await openDataset(options.data);
  const { settings } = await resolveSettings(options, dataset, undefined);
  const all = [];
  for await (const { images, labels, batch } of learningBatches(
    dataset,
    settings,
    { epoch, from },
    { threads, backend: 'cpu', strict: false },
  ))
    all.push({
      images: Buffer.from((images as Float32Array).buffer).toString('base64'),
      labels: [...labels],
      batch,
      count: (images as Float32Array).length / (3 * 16 * 16),
    });
  await dataset.close();
  return all;
}

test('an epoch has every batch, the last one short, and labels that sum to 1', async () => {
  const batches = await epochOf(0, 0);
  expect(batches.map(({ count }) => count)).toEqual([16, 16, 16, 2]);
  for (const { labels } of batches) {
    for (let i = 0; i < labels.length; i += 3) {
      const row = labels.slice(i, i + 3);
      expect(row.reduce((a, b) => a + b)).toBeCloseTo(1, 5);
      expect(Math.min(...row)).toBeGreaterThanOrEqual(0.0333);
    }
  }
});

test('entered anywhere, with any threads, it goes on with the same bytes', async () => {
  const whole = await epochOf(4, 0);
  expect(await epochOf(4, 2, 1)).toEqual(whole.slice(2));
  expect(await epochOf(4, 4)).toEqual([]);
});

test('another epoch, another seed, no shift and no mirror: other bytes', async () => {
  const [first] = await epochOf(0, 0);
  const others = [
    await epochOf(1, 0),
    await epochOf(0, 0, 2, { seed: 4 }),
    await epochOf(0, 0, 2, { crop: 0, flip: false }),
  ];
  for (const [other] of others) expect(other.images).not.toBe(first.images);
});

test('maps of the network decide, of batches here and on a backend, and a batch is freed where they fail', async () => {
  const options = parseTraining({ ...given, mixer: { saliency: 'gradient', box: 'clip' } });
  const dataset = await openDataset(options.data);
  const { settings } = await resolveSettings(options, dataset, undefined);
  const how = { threads: 2, backend: 'cpu', strict: false };
  const at = { epoch: 0, from: 0 };
  const asked: Images[] = [];
  const saliencyOf = async ({ images, labels }: TrainingBatch<Images>) => {
    asked.push(images);
    const pixels =
      images instanceof DeviceBatch ? (await (images as DeviceBatch<'float32'>).download()).data : images;
    const [count, area] = [labels.length / settings.classes.length, settings.size[0] * settings.size[1]];
    // The red plane.
    return Float32Array.from(
      { length: count * area },
      (_, i) => pixels[Math.floor(i / area) * 3 * area + (i % area)],
    );
  };
  const here = learningBatches(dataset, settings, at, { ...how, saliencyOf });
  const there = learningBatches(dataset, settings, at, { ...how, saliencyOf, onDevice: true });
  const wanted = (await here.next()).value as LearningBatch;
  const found = (await there.next()).value as LearningBatch;
  expect((await (found.images as DeviceBatch<'float32'>).download()).data).toEqual(wanted.images);
  expect(asked.map((images) => images instanceof DeviceBatch)).toEqual([false, true]);
  await expect((asked[1] as DeviceBatch).download()).rejects.toMatchObject({ code: 'ARGUMENT' }); // freed
  const failing = learningBatches(dataset, settings, at, {
    ...how,
    onDevice: true,
    saliencyOf: () => Promise.reject(new Error('no maps')),
  });
  await expect(failing.next()).rejects.toThrow('no maps');
  for (const one of [here, there]) await one.return();
  await dataset.close();
});

test('on a backend, its bytes are those of batches in this process', async () => {
  const options = parseTraining({ ...given, randaugment: {} });
  const dataset = await openDataset(options.data);
  const { settings } = await resolveSettings(options, dataset, undefined);
  const how = { threads: 2, backend: 'cpu', strict: false };
  const at = { epoch: 1, from: 1 };
  const here = learningBatches(dataset, settings, at, how);
  let seen = 0;
  for await (const { images, ...batch } of learningBatches(dataset, settings, at, {
    ...how,
    onDevice: true,
  })) {
    const { images: wanted, ...others } = (await here.next()).value as LearningBatch;
    expect(images).toBeInstanceOf(DeviceBatch);
    const found = await (images as DeviceBatch<'float32'>).download();
    expect(found.data).toEqual(wanted);
    expect(batch).toEqual(others);
    seen++;
  }
  expect((await here.next()).done).toBe(true);
  expect(seen).toBe(3);
  await dataset.close();
});
