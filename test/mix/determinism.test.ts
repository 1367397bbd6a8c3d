/** Same seed, same bytes: whatever the threads, the order of calls, or what runs beside. */
import { createMixer, saliency } from '../../src';
import { classNumbers, noise } from '../batches';

const batches = Array.from({ length: 6 }, (_, i) => noise(i, [9, 32, 32, 3]));
const labels = classNumbers(9, 3);
const options = { seed: 42, classes: 3, ties: 'random', scheme: 'salient-to-salient' } as const;

test('any number of threads', async () => {
  const results = await Promise.all(
    [1, 2, 3, 16].map((threads) => createMixer({ ...options, threads }).mix(batches[0], labels)),
  );
  for (const result of results) expect(result).toEqual(results[0]);
  const maps = await Promise.all(
    [1, 2, 7].map((threads) => saliency(batches[0], { threads, method: 'spectral-residual' })),
  );
  for (const map of maps) expect(map).toEqual(maps[0]);
});

test('calls at once, or in any order', async () => {
  const mixer = createMixer(options);
  const inOrder = [];
  for (const [batch, images] of batches.entries())
    inOrder.push(await mixer.mix(images, labels, { batch, epoch: 1 }));
  const atOnce = await Promise.all(
    batches.map((images, batch) => mixer.mix(images, labels, { batch, epoch: 1 })),
  );
  expect(atOnce).toEqual(inOrder);
  const backwards = [];
  for (const batch of [5, 4, 3, 2, 1, 0])
    backwards.unshift(await createMixer(options).mix(batches[batch], labels, { batch, epoch: 1 }));
  expect(backwards).toEqual(inOrder);
});

test('an omitted epoch is 0, an omitted batch counts the mixer’s calls', async () => {
  const counting = createMixer(options);
  for (let batch = 0; batch < 3; batch++) {
    expect(await counting.mix(batches[batch], labels)).toEqual(
      await createMixer(options).mix(batches[batch], labels, { batch, epoch: 0 }),
    );
  }
  // A call that was refused does not count.
  await expect(counting.mix(batches[0], labels.subarray(1))).rejects.toThrow();
  expect(await counting.plan(batches[3])).toEqual(await createMixer(options).plan(batches[3], { batch: 3 }));
});

test('explicit options win over the preset', async () => {
  const released = await createMixer({ preset: 'released', seed: 1 }).plan(batches[0], { batch: 4 });
  const own = { preset: 'released', per: 'sample', box: 'shift', probability: 1, seed: 1 } as const;
  const paper = await createMixer({ seed: 1 }).plan(batches[0], { batch: 4 });
  expect(await createMixer(own).plan(batches[0], { batch: 4 })).toEqual(paper);
  expect(await createMixer({ preset: 'paper', seed: 1 }).plan(batches[0], { batch: 4 })).toEqual(paper);
  expect(released).not.toEqual(paper);
  const spelled = { per: 'batch', box: 'clip', probability: 0.5, seed: 1 } as const;
  expect(await createMixer(spelled).plan(batches[0], { batch: 4 })).toEqual(released);
});

test('epoch, batch and seed each change the draw', async () => {
  const plan = (seed: number, epoch: number, batch: number) =>
    createMixer({ ...options, seed }).plan(batches[0], { epoch, batch });
  const plans = await Promise.all([plan(42, 0, 0), plan(42, 1, 0), plan(42, 0, 1), plan(43, 0, 0)]);
  expect(new Set(plans.map((p) => JSON.stringify(p))).size).toBe(4);
});

test('a plan that was drawn once is pinned', async () => {
  const { samples } = await createMixer({ seed: 2026, classes: 3 }).plan(batches[0], { epoch: 1, batch: 2 });
  expect(samples[0]).toMatchSnapshot();
});

test('a missing image shifts nobody: the others keep their draws, its users take the next that is there', async () => {
  const whole = noise(3, [8, 16, 16, 3]);
  const slots = [0, 1, 3, 4, 7];
  const bytes = 16 * 16 * 3;
  const data = Uint8Array.from(
    slots.flatMap((slot) => [...whole.data.subarray(slot * bytes, (slot + 1) * bytes)]),
  );
  const full = await createMixer(options).plan(whole, { batch: 5 });
  const holed = await createMixer(options).plan(
    { data, shape: [5, 16, 16, 3] },
    { batch: 5, slots: { of: slots, count: 8 } },
  );
  let replaced = 0;
  holed.samples.forEach((sample, position) => {
    const before = full.samples[slots[position]];
    let source = before.source;
    while (!slots.includes(source)) source = (source + 1) % 8;
    if (source !== before.source) replaced++;
    expect(slots[sample.target]).toBe(before.target);
    expect(slots[sample.source]).toBe(source);
    if (source === before.source)
      expect({ ...sample, target: 0, source: 0 }).toEqual({ ...before, target: 0, source: 0 });
  });
  expect(replaced).toBeGreaterThan(0);
});
