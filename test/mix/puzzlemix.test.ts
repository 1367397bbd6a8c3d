/** PuzzleMix as the mixer has it; its energy, cut and transport are tested in test/native. */
import { applyPlan, createMixer, type MixPlan, oneOf } from '../../src';
import { classNumbers, noise } from '../batches';

const CLASSES = 4;
const SHAPE = [6, 32, 32, 3] as const;
const labels = classNumbers(6, CLASSES);

type Masked = Extract<MixPlan['samples'][number], { kind: 'masked' }>;
const maskedOf = ({ samples }: MixPlan) => {
  expect(new Set(samples.map(({ kind }) => kind))).toEqual(new Set(['masked']));
  return samples as Masked[];
};

test('grid and lambda are drawn for each batch, and the label is the mean of the mask', async () => {
  const mixer = createMixer({ method: 'puzzlemix', classes: CLASSES, seed: 3 });
  const grids = new Set<number>();
  for (let batch = 0; batch < 12; batch++) {
    const { plan, labels: soft } = await mixer.mix(noise(batch, SHAPE), labels, { batch });
    const samples = maskedOf(plan);
    const [{ mask }] = samples;
    grids.add(mask.rows);
    for (const [i, sample] of samples.entries()) {
      expect([sample.mask.rows, sample.mask.cols]).toEqual([mask.rows, mask.rows]);
      const mean = sample.mask.weights.reduce((sum, weight) => sum + weight, 0) / mask.rows ** 2;
      expect(sample.lambda).toBeCloseTo(mean, 12);
      expect(sample.mask.weights.every((weight) => [0, 0.5, 1].includes(weight))).toBe(true);
      if (labels[sample.source] !== labels[i])
        expect(soft[i * CLASSES + labels[sample.source]]).toBeCloseTo(1 - mean, 6);
    }
  }
  expect([...grids].every((grid) => [2, 4, 8, 16].includes(grid))).toBe(true);
  expect(grids.size).toBeGreaterThan(2);
});

test('lambda decides how much is left of the target: the masks follow it', async () => {
  const pairs = [];
  for (let seed = 0; seed < 20; seed++) {
    const flat = { data: new Uint8Array(2 * 16 * 16 * 3).fill(9), shape: [2, 16, 16, 3] } as const;
    // The plan of mixup has the same draw of lambda for its first sample.
    const [{ lambda }] = (await createMixer({ method: 'mixup', seed, per: 'batch' }).plan(flat)).samples;
    const maps = new Float32Array(2 * 16 * 16).fill(1);
    const [{ lambda: share }] = (await createMixer({ method: 'puzzlemix', seed }).plan(flat, { maps }))
      .samples;
    pairs.push([lambda, share]);
  }
  const far = pairs.filter(([lambda, share]) => Math.abs(lambda - share) > 0.5);
  expect(far).toEqual([]);
  const sides = pairs.filter(([lambda]) => Math.abs(lambda - 0.5) > 0.25);
  expect(sides.length).toBeGreaterThan(4);
  for (const [lambda, share] of sides) expect(Math.sign(share - 0.5)).toBe(Math.sign(lambda - 0.5));
});

test('what is salient in either image is seen', async () => {
  const batch = noise(2, [2, 32, 32, 3]);
  // The first image is salient on the left, the second on the right.
  const maps = Float32Array.from({ length: 2 * 1024 }, (_, i) => Number(i % 32 < 16 === i < 1024));
  const found: number[] = [];
  for (let seed = 0; seed < 30; seed++) {
    const { samples } = await createMixer({ method: 'puzzlemix', seed }).plan(batch, { maps });
    const [first] = samples as Masked[];
    if (first.source === 0 || first.lambda < 0.4 || first.lambda > 0.6) continue;
    const { rows, weights } = first.mask;
    const left = weights.filter((_, i) => i % rows < rows / 2);
    found.push(left.reduce((sum, weight) => sum + weight, 0) / left.length);
  }
  expect(found.length).toBeGreaterThan(3);
  for (const share of found) expect(share).toBe(1);
});

test('the same for any number of threads, and a plan that was saved gives the same bytes', async () => {
  const batch = noise(4, SHAPE);
  const [one, three] = await Promise.all(
    [1, 3].map((threads) =>
      createMixer({ method: 'puzzlemix', classes: CLASSES, seed: 1, threads, probability: 0.5 }).mix(
        batch,
        labels,
      ),
    ),
  );
  expect(three.images.data).toEqual(one.images.data);
  expect(three.plan).toEqual(one.plan);
  const saved = JSON.parse(JSON.stringify(one.plan)) as MixPlan;
  expect(new Set(saved.samples.map(({ kind }) => kind))).toEqual(new Set(['masked', 'keep']));
  expect((await applyPlan(saved, batch)).data).toEqual(one.images.data);
  const output = { dtype: 'float32', layout: 'NCHW', mean: [0.5, 0.4, 0.3], std: [0.2, 0.2, 0.2] } as const;
  const floats = await createMixer({ method: 'puzzlemix', seed: 1, probability: 0.5, classes: CLASSES }).mix(
    batch,
    labels,
    { output },
  );
  expect((await applyPlan(saved, batch, { output })).data).toEqual(floats.images.data);
  const value = one.images.data[3 * (32 * 5 + 7) + 1];
  expect(floats.images.data[32 * 32 + 32 * 5 + 7]).toBeCloseTo((value / 255 - 0.4) / 0.2, 5);
});

describe('refused', () => {
  const batch = noise(1, [4, 32, 32, 3]);
  const refused = (promise: Promise<unknown>, message: RegExp) =>
    expect(promise).rejects.toMatchObject({
      code: 'ARGUMENT',
      message: expect.stringMatching(message) as string,
    });

  test('images with odd sides', async () => {
    const odd = noise(1, [2, 31, 32, 3]);
    await refused(createMixer({ method: 'puzzlemix' }).plan(odd), /even sides for "puzzlemix"/);
  });

  test('beside other methods, sample by sample', async () => {
    const entries = [
      [{ method: 'puzzlemix' }, 1],
      [{ method: 'cutmix' }, 1],
    ] as const;
    expect(() => oneOf(entries)).toThrow(
      /per.*"puzzlemix" mixes whole batches|"puzzlemix" mixes whole batches.*per/,
    );
    const mixer = oneOf(entries, { per: 'batch', classes: 2 });
    const kinds = new Set<string>();
    for (let number = 0; number < 12; number++)
      for (const { kind } of (await mixer.mix(batch, classNumbers(4, 2), { batch: number })).plan.samples)
        kinds.add(kind);
    expect(kinds).toEqual(new Set(['masked', 'paste']));
  });

  test.each(['saliency', 'mask'] as const)('labels by %s: they follow the masks', (labelRule) => {
    for (const method of ['puzzlemix', 'guidedmixup'] as const)
      expect(() => createMixer({ method, labelRule })).toThrow(/labelRule.*masks|masks.*labelRule/);
  });

  test('without the maps of a network, where they are asked for', async () => {
    const mixer = createMixer({ method: 'puzzlemix', saliency: 'gradient' });
    await refused(mixer.plan(batch), /Trainer\.saliency/);
  });

  const broken: [string, (sample: Masked) => void, RegExp][] = [
    ['too few weights', ({ mask }) => mask.weights.pop(), /mask\.weights/],
    ['weights with holes', ({ mask }) => Reflect.deleteProperty(mask.weights, '1'), /mask\.weights/],
    ['a weight above 1', ({ mask }) => (mask.weights[0] = 1.5), /mask\.weights/],
    [
      'cells that do not divide the image',
      ({ mask }) => (mask.rows = 5),
      /rows and cols that divide 32 × 32/,
    ],
    ['a cell that is not there', ({ moves }) => moves && (moves.target[0] = 4096), /moves\.target/],
    ['too few moves', ({ moves }) => moves?.source.pop(), /moves\.source/],
    ['no mask', (sample) => Reflect.deleteProperty(sample, 'mask'), /plan\.samples\.mask/],
    [
      'masks of several sizes',
      (sample) => (sample.mask = { rows: 1, cols: 1, weights: [1] }),
      /grids of one size/,
    ],
    ['another kind beside it', (sample) => Object.assign(sample, { kind: 'blend' }), /"masked" or "keep"/],
  ];
  test.each(broken)('a plan with %s', async (_, change, message) => {
    const plan = await createMixer({ method: 'puzzlemix', seed: 1 }).plan(batch);
    change((plan.samples as Masked[])[2]);
    await refused(applyPlan(plan, batch), message);
  });

  test('label maps', async () => {
    const plan = await createMixer({ method: 'puzzlemix', seed: 1 }).plan(batch);
    const masks = { data: new Int32Array(4 * 32 * 32), shape: [4, 32, 32] as const };
    await refused(applyPlan(plan, masks), /labels cannot be blended/);
  });
});
