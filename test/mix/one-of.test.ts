import { createMixer, oneOf } from '../../src';
import { classNumbers, noise } from '../batches';

const batch = noise(1, [64, 12, 12, 3]);
const labels = classNumbers(64, 4);

test('each sample is drawn by one of the methods, in proportion to the weights', async () => {
  const mixer = oneOf(
    [
      [{ method: 'saliencymix' }, 3],
      [{ method: 'mixup', alpha: 0.2 }, 1],
      [{ method: 'none' }, 0],
    ],
    { seed: 5, classes: 4 },
  );
  const counts: Record<string, number> = {};
  for (let number = 0; number < 20; number++) {
    const { plan } = await mixer.mix(batch, labels, { batch: number });
    for (const { method } of plan.samples) counts[method] = (counts[method] ?? 0) + 1;
  }
  expect(Object.keys(counts).toSorted()).toEqual(['mixup', 'saliencymix']);
  expect(Math.abs(counts.saliencymix / 1280 - 0.75)).toBeLessThan(0.04);
});

test('a sample is what its own method would have drawn', async () => {
  const first = { method: 'saliencymix', saliency: 'frequency-tuned', box: 'clip' } as const;
  const second = { method: 'cutmix' } as const;
  const { samples } = await oneOf(
    [
      [first, 1],
      [second, 1],
    ],
    { seed: 5 },
  ).plan(batch, { batch: 3 });
  const alone = await Promise.all(
    [first, second].map((options) => createMixer({ ...options, seed: 5 }).plan(batch, { batch: 3 })),
  );
  samples.forEach((sample, i) => {
    expect(sample).toEqual(alone[sample.method === 'saliencymix' ? 0 : 1].samples[i]);
  });
  expect(new Set(samples.map(({ method }) => method)).size).toBe(2);
});

test('per batch: one method for the whole batch', async () => {
  const mixer = oneOf(
    [
      [{ method: 'cutmix' }, 1],
      [{ method: 'cutout' }, 1],
    ],
    { seed: 5, per: 'batch' },
  );
  const seen = new Set<string>();
  for (let number = 0; number < 12; number++) {
    const { samples } = await mixer.plan(batch, { batch: number });
    expect(new Set(samples.map(({ method }) => method)).size).toBe(1);
    seen.add(samples[0].method);
  }
  expect(seen.size).toBe(2);
});

test('settings of the whole mixer may stand in an entry', async () => {
  const inEntries = oneOf([
    [{ method: 'cutmix', seed: 9, classes: 4 }, 1],
    [{ method: 'mixup' }, 1],
  ]);
  const shared = oneOf(
    [
      [{ method: 'cutmix' }, 1],
      [{ method: 'mixup' }, 1],
    ],
    { seed: 9, classes: 4 },
  );
  expect(await inEntries.mix(batch, labels, { batch: 0 })).toEqual(
    await shared.mix(batch, labels, { batch: 0 }),
  );
});

test.each([
  [() => oneOf([]), /a list of \[mixer options, weight\]/],
  [() => oneOf([[{ method: 'cutmix' }, -1]]), /weight of entries\[0\]/],
  [() => oneOf([[{ method: 'cutmix' }, 0]]), /at least one above 0 for weights/],
  [
    () => oneOf([[{ methd: 'cutmix' } as never, 1]]),
    /Unknown option "methd" in entries\[0\] \(did you mean "method"\?\)/,
  ],
  [
    () =>
      oneOf([
        [{ seed: 1 }, 1],
        [{ seed: 2 }, 1],
      ]),
    /one value for all entries \(1\) for seed but received 2/,
  ],
  [() => oneOf([{ method: 'cutmix' } as never]), /\[mixer options, weight\]/],
])('refuses wrong entries (%#)', (make, message) => {
  expect(make).toThrow(message);
});
