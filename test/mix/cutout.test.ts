/** Cutout as published: a square of a fixed length around any pixel, filled with the mean. */
import { applyPlan, createMixer, type MaskBatch, type MixPlan, uploadBatch } from '../../src';
import { classNumbers, noise } from '../batches';

type Box = NonNullable<MixPlan['samples'][number]['to']>;

const MEAN = [0.4, 0.5, 0.6];
const STD = [0.2, 0.25, 0.3];
const SHAPES = [
  [6, 32, 32, 3],
  [5, 1, 1, 3],
  [4, 1, 50, 1],
  [4, 33, 7, 3],
  [3, 5, 300, 3],
] as const;

const within = (box: Box, row: number, col: number) =>
  row >= box.top && row < box.bottom && col >= box.left && col < box.right;

test('every pixel is as often the centre, rows and columns from clip(y − ⌊L/2⌋) to clip(y + ⌊L/2⌋)', async () => {
  const side = 8;
  const batch = noise(1, [64, side, side, 1]);
  for (const [length, half] of [
    [1, 0],
    [4, 2],
    [5, 2],
    [16, 8],
    [17, 8],
    [100, 50],
  ]) {
    const mixer = createMixer({ method: 'cutout', length, seed: 4 });
    // The square of length L around y takes rows y − ⌊L/2⌋ … y + ⌊L/2⌋ − 1: so many there must be for each y.
    const expected = new Map<string, number>();
    const found = new Map<string, number>();
    const rounds = 60;
    for (let y = 0; y < side; y++) {
      const rows = `${Math.max(0, y - half)}-${Math.min(side, y + half)}`;
      expected.set(rows, (expected.get(rows) ?? 0) + (rounds * 64) / side);
    }
    for (let number = 0; number < rounds; number++) {
      const { samples } = await mixer.plan(batch, { batch: number });
      for (const { to, kind, lambda } of samples) {
        const { top, bottom } = to as Box;
        found.set(`${top}-${bottom}`, (found.get(`${top}-${bottom}`) ?? 0) + 1);
        expect([kind, lambda]).toEqual(['cut', 1]);
      }
    }
    expect([...found.keys()].toSorted()).toEqual([...expected.keys()].toSorted());
    for (const [rows, times] of expected)
      expect(Math.abs((found.get(rows) as number) - times)).toBeLessThan(4 * Math.sqrt(times));
  }
});

test.each(SHAPES)(
  '%i × %i × %i × %i: the mean is 0 after normalisation, and nothing else',
  async (...shape) => {
    const batch = noise(2, shape);
    const [count, height, width, channels] = shape;
    const mixer = createMixer({ method: 'cutout', length: 8, fill: 'mean', seed: 2, classes: 3 });
    const [mean, std] = [MEAN.slice(0, channels), STD.slice(0, channels)];
    const labels = classNumbers(count, 3);
    const plain = createMixer({ method: 'none', classes: 3 });
    for (const layout of ['NHWC', 'NCHW'] as const) {
      for (const dtype of ['float32', 'float16'] as const) {
        const output = { layout, dtype, mean, std };
        const { images, plan, labels: soft } = await mixer.mix(batch, labels, { output, batch: 1 });
        const own = await plain.mix(batch, labels, { output });
        const expected = own.images.data.map((value, at) => {
          const image = Math.floor(at / (height * width * channels));
          const rest = at % (height * width * channels);
          const pixel = layout === 'NCHW' ? rest % (height * width) : Math.floor(rest / channels);
          const to = plan.samples[image].to as Box;
          return within(to, Math.floor(pixel / width), pixel % width) ? 0 : value;
        });
        expect(images.data).toEqual(expected);
        expect(soft).toEqual(own.labels);
        const saved = JSON.parse(JSON.stringify(plan)) as MixPlan;
        expect((await applyPlan(saved, batch, { output })).data).toEqual(expected);
      }
    }
  },
);

test('bytes, and numbers that have no mean subtracted, get the mean as the nearest byte', async () => {
  const batch = noise(3, [4, 16, 16, 3]);
  const labels = classNumbers(4, 2);
  const shown = async (options: object, output?: object) => {
    const mixer = createMixer({ method: 'cutout', length: 40, fill: 'mean', classes: 2, ...options });
    const { images } = await mixer.mix(batch, labels, { output });
    return Array.from(images.data.subarray(0, 3));
  };
  expect(await shown({})).toEqual([125, 123, 114]); // CIFAR's
  expect(await shown({ mean: [0, 1, 0.5] })).toEqual([0, 255, 128]);
  expect(await shown({ mean: [0, 1, 0.5] }, { dtype: 'float32' })).toEqual([0, 1, Math.fround(128 / 255)]);
  // CutMix's box takes the same fill; at a lambda near 0 it is nearly all of the image.
  const boxes = createMixer({ method: 'cutout', fill: 'mean', seed: 3 });
  const { samples } = await boxes.plan(batch);
  for (const { kind, fill } of samples) expect([kind, fill]).toEqual(['erase', [125, 123, 114]]);
});

test('the same bytes on any number of threads, and in the memory of a backend', async () => {
  const batch = noise(5, [40, 32, 32, 3]);
  const labels = classNumbers(40, 2);
  const output = { layout: 'NCHW', dtype: 'float32', mean: MEAN, std: STD } as const;
  const options = {
    method: 'cutout',
    length: 16,
    fill: 'mean',
    probability: 0.7,
    seed: 8,
    classes: 2,
  } as const;
  const results = await Promise.all(
    [1, 2, 5].map((threads) => createMixer({ ...options, threads }).mix(batch, labels, { output, batch: 3 })),
  );
  for (const result of results) expect(result).toEqual(results[0]);
  const there = await uploadBatch(batch, { backend: 'cpu' });
  const mixed = await createMixer(options).mix(there, labels, { output, batch: 3 });
  expect((await mixed.images.download()).data).toEqual(results[0].images.data);
  there.free();
  mixed.images.free();
});

test('label maps and detection boxes lose what the square covers', async () => {
  const batch = noise(6, [5, 20, 24, 3]);
  const plan = await createMixer({ method: 'cutout', length: 10, fill: 'mean', seed: 6 }).plan(batch);
  const masks: MaskBatch = { data: new Int32Array(5 * 480).fill(7), shape: [5, 20, 24] };
  const mixed = await applyPlan(plan, masks, { fill: -1 });
  const whole = { top: 0, left: 0, bottom: 20, right: 24 };
  const boxes = await applyPlan(
    plan,
    Array.from({ length: 5 }, () => [{ ...whole }]),
  );
  plan.samples.forEach(({ to }, i) => {
    const map = [...mixed.data.subarray(480 * i, 480 * (i + 1))];
    const covered = map.map((_, p) => within(to as Box, Math.floor(p / 24), p % 24));
    expect(map).toEqual(covered.map((is) => (is ? -1 : 7)));
    expect(boxes[i]).toEqual([whole]); // no square of 10 spans 20 rows or 24 columns
  });
});

test('lengths and fills that are none are refused', async () => {
  const refused = (options: object) => () => createMixer({ method: 'cutout', ...options });
  for (const length of [0, 1.5, -3, 'lamda', null])
    expect(refused({ length })).toThrow(/a whole number from 1 to 2147483647, or "lambda" for length/);
  for (const fill of [256, -1, 'median'])
    expect(refused({ fill })).toThrow(/a whole number from 0 to 255, or "mean" for fill/);
  expect(refused({ mean: [1, 2] })).toThrow(/3 numbers for mean/);
  const batch = noise(6, [2, 8, 8, 1]);
  const plan = await createMixer({ method: 'cutout', length: 4 }).plan(batch);
  for (const fill of [[1, 2], [1, 2, 256], -1, 'mean']) {
    const samples = plan.samples.map((sample) => ({ ...sample, fill }));
    await expect(applyPlan({ ...plan, samples } as never, batch)).rejects.toThrow(/for plan\.samples\.fill/);
  }
});
