import { applyPlan, createMixer, type ImageBatch, type MaskBatch, type MixPlan } from '../../src';
import { classNumbers, noise } from '../batches';

const SHAPE = [5, 24, 31, 3] as const;
const labels = classNumbers(5, 3);
const methods = ['saliencymix', 'cutmix', 'cutout', 'mixup', 'none'] as const;

test.each(methods)('%s: a plan saved as JSON and read back gives the same images', async (method) => {
  const batch = noise(1, SHAPE);
  const mixer = createMixer({ method, seed: 7, classes: 3, probability: 0.8 });
  const { images, plan } = await mixer.mix(batch, labels, { batch: 2 });
  expect(await mixer.plan(batch, { batch: 2 })).toEqual(plan);
  const restored = JSON.parse(JSON.stringify(plan)) as MixPlan;
  const again = await applyPlan(restored, batch);
  expect(again).toEqual({ data: images.data, shape: [...SHAPE] });
  const floats = await applyPlan(restored, batch, { output: { layout: 'NCHW', dtype: 'float32' } });
  expect(floats).toMatchObject({ shape: [5, 3, 24, 31], layout: 'NCHW', dtype: 'float32' });
  expect(floats.data[31 + 2]).toBeCloseTo(images.data[(31 + 2) * 3] / 255, 6);
});

/** As this package wrote plans before they had a version: the kind shows in the fields, and the anchor is called peak. */
test('a plan of version 1 gives what it gave', async () => {
  const batch = noise(1, [2, 8, 8, 3]);
  const from = { top: 0, left: 2, bottom: 4, right: 6 };
  const to = { top: 3, left: 1, bottom: 7, right: 5 };
  const base = { target: 0, source: 1, lambda: 0.75, method: 'saliencymix' };
  const samples = [
    { ...base, mixed: true, from, to, peak: [2, 4] },
    { ...base, mixed: true, method: 'mixup' },
    { ...base, mixed: true, to, peak: [5, 3], fill: 9, method: 'cutout' },
    { ...base, mixed: false, lambda: 1 },
  ];
  const old = JSON.stringify({ height: 8, width: 8, count: 2, samples });
  const { data } = await applyPlan(JSON.parse(old) as MixPlan, batch);
  const at = (image: number, row: number, col: number, c: number) =>
    batch.data[((image * 8 + row) * 8 + col) * 3 + c];
  const inside = (row: number, col: number) => row >= 3 && row < 7 && col >= 1 && col < 5;
  const expected = [
    (row: number, col: number, c: number) =>
      inside(row, col) ? at(1, row - 3, col + 1, c) : at(0, row, col, c),
    (row: number, col: number, c: number) =>
      Math.floor(0.75 * at(0, row, col, c) + 0.25 * at(1, row, col, c) + 0.5),
    (row: number, col: number, c: number) => (inside(row, col) ? 9 : at(0, row, col, c)),
    (row: number, col: number, c: number) => at(0, row, col, c),
  ].flatMap((value) => Array.from({ length: 192 }, (_, i) => value((i / 24) | 0, ((i / 3) | 0) % 8, i % 3)));
  expect([...data]).toEqual(expected);
  const masks: MaskBatch = { data: new Uint8Array(128), shape: [2, 8, 8] };
  await expect(applyPlan(JSON.parse(old) as MixPlan, masks)).rejects.toThrow(/labels cannot be blended/);
});

/** Which image each pixel came from: a map of source numbers, mixed with the images. */
test('label maps move with their images, in 8 and 32 bits', async () => {
  const batch = noise(2, SHAPE);
  const plan = await createMixer({ seed: 3, scheme: 'salient-to-nonsalient' }).plan(batch);
  const [n, h, w] = SHAPE;
  const owner = (i: number) => Math.floor(i / (h * w));
  const wide: MaskBatch = {
    data: Int32Array.from({ length: n * h * w }, (_, i) => 1_000_000 * (owner(i) + 1)),
    shape: [n, h, w],
  };
  const bytes: MaskBatch = {
    data: Uint8Array.from({ length: n * h * w }, (_, i) => owner(i) + 1),
    shape: [n, h, w],
  };
  const mixedWide = await applyPlan(plan, wide);
  const mixedBytes = await applyPlan(plan, bytes);
  expect(mixedWide.shape).toEqual([n, h, w]);
  expect(mixedBytes.data).toBeInstanceOf(Uint8Array);
  plan.samples.forEach(({ target, source, to }, i) => {
    for (let p = 0; p < h * w; p++) {
      const [row, col] = [Math.floor(p / w), p % w];
      const pasted = to && row >= to.top && row < to.bottom && col >= to.left && col < to.right;
      const expected = (pasted ? source : target) + 1;
      expect(mixedBytes.data[i * h * w + p]).toBe(expected);
      expect(mixedWide.data[i * h * w + p]).toBe(1_000_000 * expected);
    }
  });
});

test('erased pixels of a label map get `fill`', async () => {
  const batch = noise(2, SHAPE);
  const plan = await createMixer({ method: 'cutout', seed: 3, fill: 77 }).plan(batch);
  const [n, h, w] = SHAPE;
  const masks: MaskBatch = { data: new Int32Array(n * h * w).fill(5), shape: [n, h, w, 1] };
  const mixed = await applyPlan(plan, masks, { fill: -1 });
  expect(mixed.shape).toEqual([n, h, w, 1]);
  const erased = plan.samples.reduce(
    (sum, { to }) => sum + (to ? (to.bottom - to.top) * (to.right - to.left) : 0),
    0,
  );
  expect(mixed.data.filter((v) => v === -1)).toHaveLength(erased);
  expect(mixed.data.filter((v) => v === 5)).toHaveLength(n * h * w - erased);
});

test('`fill` also stands in for the plan’s on images, and so on label maps of four dimensions', async () => {
  const batch = noise(2, [2, 8, 8, 1]);
  const plan = await createMixer({ method: 'cutout', seed: 3, fill: 77 }).plan(batch);
  const blank: ImageBatch = { data: new Uint8Array(128), shape: [2, 8, 8, 1] };
  const count = async (options: object, value: number) =>
    (await applyPlan(plan, blank, options)).data.filter((v) => v === value).length;
  const erased = plan.samples.reduce(
    (sum, { to }) => sum + (to ? (to.bottom - to.top) * (to.right - to.left) : 0),
    0,
  );
  expect(erased).toBeGreaterThan(0);
  expect([await count({}, 77), await count({ fill: 255 }, 255)]).toEqual([erased, erased]);
  await expect(applyPlan(plan, blank, { fill: 256 })).rejects.toThrow(/from 0 to 255 for fill/);
});

describe('detection boxes', () => {
  const box = (top: number, left: number, bottom: number, right: number) => ({ top, left, bottom, right });
  const plan = (sample: object): MixPlan => ({
    version: 2,
    height: 20,
    width: 20,
    count: 2,
    samples: [
      {
        target: 0,
        source: 1,
        lambda: 0.75,
        mixed: true,
        kind: 'paste',
        method: 'saliencymix',
        to: box(5, 5, 15, 15),
        from: box(0, 0, 10, 10),
        ...sample,
      },
      { target: 1, source: 0, lambda: 1, mixed: false, kind: 'keep', method: 'saliencymix' },
    ],
  });
  const apply = async (targets: object[], sources: object[], options = {}, sample = {}) =>
    (await applyPlan(plan(sample), [targets, sources] as never, options)) as unknown as object[][];

  test('a target’s box keeps the smallest box around what is visible', async () => {
    const [mixed, untouched] = await apply(
      [
        box(0, 0, 4, 4), // beside the patch
        box(5, 5, 15, 15), // under it
        box(0, 6, 10, 14), // its lower half covered, all columns
        box(6, 0, 14, 10), // its right half covered, all rows
        box(0, 0, 10, 10), // a corner covered: an L remains
        box(6, 6, 16, 16), // a corner remains visible all around: 10 % and more
      ],
      [],
    );
    expect(mixed).toEqual([
      box(0, 0, 4, 4),
      box(0, 6, 5, 14),
      box(6, 0, 14, 5),
      box(0, 0, 10, 10),
      box(6, 6, 16, 16),
    ]);
    expect(untouched).toEqual([]);
  });

  test('a source’s box is cut to the patch, moved with it, and keeps what else it carries', async () => {
    const [mixed, untouched] = await apply([], [{ ...box(2, 3, 6, 14), label: 'cat' }, box(11, 11, 19, 19)]);
    expect(mixed).toEqual([{ ...box(7, 8, 11, 15), label: 'cat' }]);
    expect(untouched).toEqual([{ ...box(2, 3, 6, 14), label: 'cat' }, box(11, 11, 19, 19)]);
  });

  test('boxes below the visibility threshold are dropped', async () => {
    const target = [box(5, 5, 15, 16)]; // 1 of 11 columns visible
    expect(await apply(target, [], { minVisibility: 0.05 })).toEqual([[box(5, 15, 15, 16)], []]);
    expect(await apply(target, [])).toEqual([[], []]); // 0.09 < 0.1
    const source = [box(0, 8, 4, 16)]; // a quarter inside the patch
    expect((await apply([], source, { minVisibility: 0.25 }))[0]).toEqual([box(5, 13, 9, 15)]);
    expect((await apply([], source, { minVisibility: 0.26 }))[0]).toEqual([]);
  });

  test('a patch that is resized to nothing shows no box of its source', async () => {
    const [from, to] = [
      { top: 0, left: 0, bottom: 8, right: 8 },
      { top: 1, left: 0, bottom: 3, right: 0 },
    ];
    const sample = { target: 0, source: 1, lambda: 1, kind: 'resize', mixed: true, method: 'x', from, to };
    const empty = { version: 2, height: 8, width: 8, count: 2, samples: [sample] } as MixPlan;
    const own = { top: 1, left: 1, bottom: 2, right: 2 };
    const theirs = { top: 0, left: 0, bottom: 8, right: 8 };
    expect(await applyPlan(empty, [[own], [theirs]])).toEqual([[own]]);
  });

  test('erased boxes go, blended images keep the boxes of both', async () => {
    const targets = [box(6, 6, 10, 10)];
    const sources = [box(1, 1, 2, 2)];
    expect((await apply(targets, sources, {}, { kind: 'erase', from: undefined }))[0]).toEqual([]);
    expect((await apply(targets, sources, {}, { kind: 'blend', from: undefined, to: undefined }))[0]).toEqual(
      [...targets, ...sources],
    );
  });

  test('wrong boxes are refused with the image they belong to', async () => {
    await expect(apply([], [box(5, 0, 1, 1)])).rejects.toThrow(
      /top ≤ bottom and left ≤ right for boxes \(image 1\)/,
    );
    await expect(applyPlan(plan({}), [[]] as never)).rejects.toThrow(/2 lists of boxes, one per image/);
  });
});

describe('refuses', () => {
  const batch: ImageBatch = noise(4, [2, 8, 8, 3]);
  const good = () => createMixer({ seed: 1 }).plan(batch);

  test('a plan for other images', async () => {
    await expect(applyPlan(await good(), noise(4, [2, 8, 9, 3]))).rejects.toThrow(
      /Expected 2 images of 8 × 8 as in the plan for batch\.shape but received \[2, 8, 9, 3\]/,
    );
  });

  test('blended label maps', async () => {
    const plan = await createMixer({ method: 'mixup', seed: 1 }).plan(batch);
    const masks: MaskBatch = { data: new Uint8Array(128), shape: [2, 8, 8] };
    await expect(applyPlan(plan, masks)).rejects.toThrow(/labels cannot be blended/);
  });

  test.each([
    [{ source: 2 }, /a position from 0 to 1 for plan\.samples\.source \(image 0\) but received 2/],
    [{ lambda: 1.5 }, /a number from 0 to 1 for plan\.samples\.lambda but received 1\.5/],
    [{ kind: 'pastes' }, /one of .*"paste".* for plan\.samples\.kind but received "pastes"/],
    [{ kind: 'keep' }, /false where kind is "keep", else true for plan\.samples\.mixed \(image 0\)/],
    [{ mixed: 1 }, /true or false for plan\.samples\.mixed/],
    [
      { to: { top: 0, left: 0, bottom: 9, right: 1 } },
      /a box inside 8 × 8 for plan\.samples\.to \(image 0\)/,
    ],
    [{ to: { top: 3, left: 0, bottom: 2, right: 1 } }, /a box inside 8 × 8/],
    [{ to: { top: 0, left: 0, bottom: 1, right: 1 } }, /a box of the size of `to` for plan\.samples\.from/],
  ])('a plan with %j', async (wrong, message) => {
    const plan = await createMixer({ seed: 1, alpha: 8 }).plan(batch);
    Object.assign(plan.samples[0], wrong);
    await expect(applyPlan(plan, batch)).rejects.toThrow(message);
  });

  test.each([
    [{ version: 3 }, /a version that this package reads \(1 or 2\) for plan\.version but received 3/],
    [{ samples: [null] }, /Expected objects for plan\.samples \(image 0\)/],
  ])('a plan with %j as a whole', async (wrong, message) => {
    const plan = await createMixer({ seed: 1 }).plan(batch);
    await expect(applyPlan({ ...plan, ...wrong } as never, batch)).rejects.toThrow(message);
  });

  test.each([[null], [{}], [{ height: 8, width: 8, count: 2, samples: [] }]])(
    '%j as a plan',
    async (plan) => {
      await expect(applyPlan(plan as unknown as MixPlan, batch)).rejects.toThrow(/Expected a plan/);
    },
  );
});

test.each(['saliencymix', 'cutmix', 'mixup', 'resizemix'] as const)(
  '%s of an image with itself is not mixed, and its plan is applied all the same',
  async (method) => {
    const one = noise(4, [1, 9, 11, 3]);
    const scheme = 'salient-to-nonsalient';
    const mixer = createMixer({ method, scheme, classes: 3, seed: 2 });
    const { plan, images, labels: soft } = await mixer.mix(one, Int32Array.of(2));
    expect(plan.samples).toMatchObject([{ mixed: false, target: 0, source: 0 }]);
    expect(plan.samples[0].kind).not.toBe('keep');
    expect([...soft]).toEqual([0, 0, 1].map((share) => expect.closeTo(share, 6)));
    const read = JSON.parse(JSON.stringify(plan)) as MixPlan;
    expect((await applyPlan(read, one)).data).toEqual(images.data);
    // Earlier versions wrote true.
    const earlier = { ...read, samples: [{ ...read.samples[0], mixed: true }] } as MixPlan;
    expect((await applyPlan(earlier, one)).data).toEqual(images.data);
  },
);

test('a plan that calls the mix of two images unmixed is refused', async () => {
  const { samples, ...plan } = await createMixer({ method: 'cutmix', seed: 1 }).plan(noise(1, [8, 8, 8, 3]));
  const at = samples.findIndex(({ source, target }) => source !== target);
  const wrong = samples.map((sample, i) => (i === at ? { ...sample, mixed: false } : sample));
  await expect(applyPlan({ ...plan, samples: wrong } as MixPlan, noise(1, [8, 8, 8, 3]))).rejects.toThrow(
    /false where kind is "keep", else true for plan\.samples\.mixed/,
  );
});
