/** What must hold for every method, scheme and rule, over awkward shapes. */
import {
  type Box,
  createMixer,
  type ImageBatch,
  type MixerOptions,
  mixMethodNames,
  type MixPlan,
  saliency,
  schemeNames,
} from '../../src';
import { mixMethods } from '../../src/mix';
import type { MixKind } from '../../src/mix/kinds';
import { awkwardShape, classNumbers, fitting, noise } from '../batches';

const CLASSES = 5;
const area = (box: Box) => (box.bottom - box.top) * (box.right - box.left);
const inside = (box: Box, row: number, col: number) =>
  row >= box.top && row < box.bottom && col >= box.left && col < box.right;

/** Values of one channel: of the batch's images, and of a mixed image, given the target's value. */
type ValueAt = (image: number, row: number, col: number) => number;
type Shown = (own: number, row: number, col: number) => number;
type Sample = MixPlan['samples'][number];

type Sides = readonly [height: number, width: number];

/** What a pixel of the mixed image shows, by the kind of its sample. A new kind of mixing says it here once more. */
const shownBy: {
  [K in MixKind]: (sample: Extract<Sample, { kind: K }>, at: ValueAt, sides: Sides) => Shown;
} = {
  keep: () => (own) => own,
  blend:
    ({ source, lambda }, at) =>
    (own, row, col) =>
      Math.floor(lambda * own + (1 - lambda) * at(source, row, col) + 0.5),
  erase:
    ({ to, fill }) =>
    (own, row, col) =>
      inside(to, row, col) ? (fill as number) : own,
  cut:
    ({ to, fill }) =>
    (own, row, col) =>
      inside(to, row, col) ? (fill as number) : own,
  paste:
    ({ source, from, to }, at) =>
    (own, row, col) =>
      inside(to, row, col) ? at(source, row - to.top + from.top, col - to.left + from.left) : own,
  resize: ({ source, from, to }, at) => {
    const tall = (from.bottom - from.top) / (to.bottom - to.top);
    const wide = (from.right - from.left) / (to.right - to.left);
    const nearest = (i: number, scale: number) => Math.floor(i * scale + 1e-9);
    return (own, row, col) =>
      inside(to, row, col)
        ? at(source, from.top + nearest(row - to.top, tall), from.left + nearest(col - to.left, wide))
        : own;
  },
  masked({ target, source, mask, moves }, at, [h, w]) {
    const [tall, wide] = moves ? [h / moves.rows, w / moves.cols] : [h, w];
    const movedOf =
      (image: number, cells = [-1]) =>
      (row: number, col: number) => {
        const place = Math.floor(row / tall) * (moves?.cols ?? 1) + Math.floor(col / wide);
        const from = cells[place] < 0 ? place : cells[place];
        const [top, left] = [
          Math.floor(from / (moves?.cols ?? 1)) * tall,
          (from % (moves?.cols ?? 1)) * wide,
        ];
        return at(image, top + (row % tall), left + (col % wide));
      };
    const [ofTarget, ofSource] = [movedOf(target, moves?.target), movedOf(source, moves?.source)];
    return (_, row, col) => {
      const cell = Math.floor((row * mask.rows) / h) * mask.cols + Math.floor((col * mask.cols) / w);
      const weight = mask.weights[cell];
      return Math.floor(weight * ofTarget(row, col) + (1 - weight) * ofSource(row, col) + 0.5);
    };
  },
};

/** Every output pixel as the plan says, from the inputs alone. */
function expectedPixels(plan: MixPlan, { data, shape }: ImageBatch): Uint8Array {
  const [, h, w, c] = shape;
  const result: number[] = [];
  for (const sample of plan.samples) {
    const shown = Array.from({ length: c }, (_, channel) => {
      const at: ValueAt = (image, row, col) => data[((image * h + row) * w + col) * c + channel];
      const show = shownBy[sample.kind] as (sample: Sample, at: ValueAt, sides: Sides) => Shown;
      const shownAt = show(sample, at, [h, w]);
      return (row: number, col: number) => shownAt(at(sample.target, row, col), row, col);
    });
    for (let row = 0; row < h; row++) {
      for (let col = 0; col < w; col++) for (const value of shown) result.push(value(row, col));
    }
  }
  return Uint8Array.from(result);
}

function checkSample(sample: MixPlan['samples'][number], h: number, w: number, options: MixerOptions): void {
  const { to, from, lambda, kind, mixed, target, source } = sample;
  expect(lambda).toBeGreaterThanOrEqual(0);
  expect(lambda).toBeLessThanOrEqual(1);
  if (kind === 'keep') expect(lambda).toBe(1);
  // An image is not mixed with itself.
  expect(mixed).toBe(['erase', 'cut'].includes(kind) || (kind !== 'keep' && target !== source));
  for (const box of [to, from]) {
    if (!box) continue;
    expect(box.top >= 0 && box.left >= 0 && box.bottom <= h && box.right <= w).toBe(true);
    expect(box.top <= box.bottom && box.left <= box.right).toBe(true);
  }
  if (to && from) expect(lambda).toBe(1 - area(to) / (h * w));
  if (sample.kind === 'paste' && to && from) {
    expect([to.bottom - to.top, to.right - to.left]).toEqual([
      from.bottom - from.top,
      from.right - from.left,
    ]);
    const [row, col] = sample.anchor as [number, number];
    if (area(from) > 0) expect(inside(from, row, col)).toBe(true);
    if (options.box !== 'clip' && area(from) > 0) {
      // Size kept: the same proportion on both axes, up to rounding down.
      const share = Math.sqrt(1 - lambda);
      expect(Math.abs((from.bottom - from.top) / h - (from.right - from.left) / w)).toBeLessThanOrEqual(
        1 / h + 1 / w,
      );
      expect(share).toBeGreaterThan(0);
    }
  }
}

const variants: MixerOptions[] = [
  ...mixMethodNames.map((method) => ({ method })),
  ...mixMethodNames.map((method) => ({ method, box: 'clip' as const, alpha: 0.3, probability: 0.6 })),
  ...schemeNames.map((scheme) => ({ scheme, ties: 'random' as const })),
  ...schemeNames.map((scheme) => ({ scheme, box: 'clip' as const, per: 'batch' as const })),
  { method: 'cutout', fill: 9, per: 'batch' },
  { method: 'cutout', fill: 9, length: 8 },
  { method: 'mixup', per: 'batch', alpha: 2 },
];

test.each(variants)('%j', async (options) => {
  const lambdas: number[] = [];
  for (let seed = 0; seed < 14; seed++) {
    const method = mixMethods[options.method ?? 'saliencymix'];
    const batch = noise(seed, fitting(awkwardShape(seed), method));
    const before = batch.data.slice();
    const [n, h, w, c] = batch.shape;
    const labels = classNumbers(n, CLASSES);
    const mixed = await createMixer({ ...options, seed, classes: CLASSES }).mix(batch, labels);

    expect(mixed.plan).toMatchObject({ height: h, width: w, count: n });
    expect(mixed.plan.samples.map(({ target }) => target)).toEqual([...labels.keys()]);
    for (const sample of mixed.plan.samples) checkSample(sample, h, w, options);
    lambdas.push(...mixed.plan.samples.map(({ lambda }) => lambda));
    if (!['cutout', 'none'].includes(options.method ?? '')) {
      expect(mixed.plan.samples.map(({ source }) => source).toSorted((a, b) => a - b)).toEqual([
        ...labels.keys(),
      ]);
    }

    expect(mixed.images).toMatchObject({ shape: [n, h, w, c], layout: 'NHWC', dtype: 'uint8' });
    expect(mixed.images.data).toEqual(expectedPixels(mixed.plan, batch));
    expect(batch.data).toEqual(before);

    expect(mixed.shape).toEqual([n, CLASSES]);
    mixed.plan.samples.forEach(({ target, source, lambda }, i) => {
      const row = mixed.labels.subarray(i * CLASSES, (i + 1) * CLASSES);
      expect(row.reduce((sum, v) => sum + v, 0)).toBeCloseTo(1, 6);
      const own = labels[target] === labels[source] ? 1 : lambda;
      expect(row[labels[target]]).toBeCloseTo(own, 6);
    });
  }
  // Whether anything of a source is ever shown.
  expect(Math.min(...lambdas) < 1).toBe(mixMethods[options.method ?? 'saliencymix'].hasSource);
});

test('the anchors are the peaks and lows that saliency() gives', async () => {
  const batch = noise(3, [6, 33, 40, 3]);
  const { peaks, lows } = await saliency(batch);
  const point = (points: Int32Array, i: number) => [points[2 * i], points[2 * i + 1]];
  for (const scheme of schemeNames) {
    const { samples } = await createMixer({ scheme, seed: 1 }).plan(batch);
    const anchors = scheme.startsWith('salient') ? peaks : lows;
    for (const { source, anchor } of samples) expect(anchor).toEqual(point(anchors, source));
  }
});

test('clip at two places: the anchors coincide, and each side is the smaller of what both allow', async () => {
  const batch = noise(8, [20, 24, 17, 3]);
  const { peaks, lows } = await saliency(batch);
  const { samples } = await createMixer({ scheme: 'salient-to-nonsalient', box: 'clip', seed: 4 }).plan(
    batch,
  );
  let bounded = 0;
  for (const { source, target, to, from, anchor } of samples) {
    if (!to || !from || area(to) === 0) continue;
    const ofTarget = [lows[2 * target], lows[2 * target + 1]];
    expect(anchor).toEqual([peaks[2 * source], peaks[2 * source + 1]]);
    const up = (anchor as number[])[0] - from.top;
    expect(ofTarget[0] - to.top).toBe(up);
    const left = (anchor as number[])[1] - from.left;
    expect(ofTarget[1] - to.left).toBe(left);
    if (up < from.bottom - (anchor as number[])[0]) {
      // Shorter above than below: one of the two anchors has only so many rows above it.
      expect(up).toBe(Math.min((anchor as number[])[0], ofTarget[0]));
      bounded++;
    }
  }
  expect(bounded).toBeGreaterThan(0);
});

test('per batch: one draw of mixing, lambda and box, from the anchors of the first pair', async () => {
  const batch = noise(5, [12, 32, 32, 3]);
  const { peaks } = await saliency(batch);
  let mixedBatches = 0;
  for (let number = 0; number < 20; number++) {
    const { samples } = await createMixer({ preset: 'released', seed: 2 }).plan(batch, { batch: number });
    const [first] = samples;
    expect(new Set(samples.map(({ kind }) => kind)).size).toBe(1);
    expect(new Set(samples.map(({ lambda }) => lambda)).size).toBe(1);
    for (const { to, from, anchor } of samples)
      expect([to, from, anchor]).toEqual([first.to, first.from, first.anchor]);
    if (first.kind === 'keep') continue;
    mixedBatches++;
    expect(first.anchor).toEqual([peaks[2 * first.source], peaks[2 * first.source + 1]]);
  }
  expect(mixedBatches).toBeGreaterThan(4);
  expect(mixedBatches).toBeLessThan(16);
});

test('per sample: probability is the share of mixed samples, lambda is uniform', async () => {
  const batch = noise(6, [64, 32, 32, 1]);
  const mixer = createMixer({ method: 'cutmix', probability: 0.3, seed: 3 });
  const samples = [];
  for (let number = 0; number < 30; number++)
    samples.push(...(await mixer.plan(batch, { batch: number })).samples);
  const mixed = samples.filter((sample) => sample.mixed);
  expect(Math.abs(mixed.length / samples.length - 0.3)).toBeLessThan(0.03);
  const mean = mixed.reduce((sum, { lambda }) => sum + lambda, 0) / mixed.length;
  expect(Math.abs(mean - 0.52)).toBeLessThan(0.04); // rounding the cut down keeps a little more of the target
});

test('ties: "first" is the first peak, "random" another of the tied ones, the same for the same seed', async () => {
  const flat: ImageBatch = { data: new Uint8Array(40 * 10 * 10), shape: [40, 10, 10, 1] };
  const first = await createMixer({ seed: 1 }).plan(flat);
  for (const { anchor } of first.samples) expect(anchor).toEqual([0, 0]);
  const random = await createMixer({ seed: 1, ties: 'random' }).plan(flat);
  const places = new Set(random.samples.map(({ anchor }) => String(anchor)));
  expect(places.size).toBeGreaterThan(20);
  expect(await createMixer({ seed: 1, ties: 'random' }).plan(flat)).toEqual(random);
  // Which of tied pixels is a stream of its own: pairing and lambda stay.
  expect(random.samples.map(({ source, lambda }) => [source, lambda])).toEqual(
    first.samples.map(({ source, lambda }) => [source, lambda]),
  );
});

test('soft and multi-label rows are mixed like class numbers', async () => {
  const batch = noise(7, [3, 16, 16, 3]);
  const labels = Float32Array.from([1, 1, 0, 0, 0.25, 0.75, 0, 0, 1]);
  const { plan, labels: mixed, shape } = await createMixer({ seed: 5 }).mix(batch, labels);
  expect(shape).toEqual([3, 3]);
  plan.samples.forEach(({ target, source, lambda }, i) => {
    for (let k = 0; k < 3; k++) {
      expect(mixed[i * 3 + k]).toBeCloseTo(
        lambda * labels[target * 3 + k] + (1 - lambda) * labels[source * 3 + k],
        6,
      );
    }
  });
});

test('a batch of one mixes with itself', async () => {
  const batch = noise(9, [1, 20, 20, 3]);
  const { images, plan, labels } = await createMixer({ classes: 2 }).mix(batch, Int32Array.of(1));
  expect(plan.samples[0]).toMatchObject({ target: 0, source: 0 });
  expect(images.data).toEqual(batch.data);
  expect([...labels]).toEqual([0, 1]);
});
