/** What labels follow: the area, or what the mixed image shows of what is salient, or of an object. */
import {
  applyPlan,
  createMixer,
  type ImageBatch,
  type MaskBatch,
  type MixerOptions,
  type MixPlan,
  oneOf,
  saliency,
  uploadBatch,
} from '../../src';
import { awkwardShape, classNumbers, noise } from '../batches';

type Sample = MixPlan['samples'][number];

const CLASSES = 4;

/** A box of ones in each image; none in the images whose number divides by five. */
function boxMasks([count, height, width]: readonly number[], value = 1): MaskBatch {
  const data = new Uint8Array(count * height * width);
  for (let i = 0; i < count; i++) {
    if (i % 5 === 4) continue;
    const [top, left] = [(i * 7) % height, (i * 5) % width];
    for (let row = top; row < Math.min(height, top + 1 + height / 3); row++) {
      for (let col = left; col < Math.min(width, left + 1 + width / 3); col++)
        data[(i * height + row) * width + col] = value;
    }
  }
  return { data, shape: [count, height, width] };
}

/** The image and pixel that a pixel of a mixed image shows. */
function shownAt(sample: Sample, row: number, col: number): [image: number, row: number, col: number] {
  const { target, source, to, from, kind } = sample;
  const pastes = kind === 'paste' || kind === 'resize';
  if (!pastes || row < to.top || row >= to.bottom || col < to.left || col >= to.right)
    return [target, row, col];
  const { from: part } = sample as Sample & { from: NonNullable<typeof from> };
  const of = (i: number, whole: number, shown: number) => Math.floor((i * whole) / shown);
  return [
    source,
    part.top + of(row - to.top, part.bottom - part.top, to.bottom - to.top),
    part.left + of(col - to.left, part.right - part.left, to.right - to.left),
  ];
}

/** The rule, written out over the pixels of one mixed image. */
function expectedWeight(sample: Sample, values: ArrayLike<number>, height: number, width: number): number {
  const { target, source, kind, lambda } = sample;
  if (kind !== 'paste' && kind !== 'resize') return lambda;
  const at = (image: number, row: number, col: number) => values[(image * height + row) * width + col];
  let [ofTarget, ofSource, seenOfTarget, seenOfSource] = [0, 0, 0, 0];
  for (let row = 0; row < height; row++) {
    for (let col = 0; col < width; col++) {
      ofTarget += at(target, row, col);
      ofSource += at(source, row, col);
      const { to } = sample;
      const covered = row >= to.top && row < to.bottom && col >= to.left && col < to.right;
      if (covered) seenOfSource += at(...shownAt(sample, row, col));
      else seenOfTarget += at(target, row, col);
    }
  }
  const share = (seen: number, of: number) => (of > 0 ? seen / of : 0);
  const [t, s] = [share(seenOfTarget, ofTarget), share(seenOfSource, ofSource)];
  return t + s > 0 ? t / (t + s) : lambda;
}

/** A sample as the area's rule has it. */
function withoutRule(sample: Sample): Sample {
  const copy = { ...sample };
  delete copy.labelLambda;
  return copy;
}

function expectWeights(
  plan: MixPlan,
  soft: Float32Array,
  labels: Int32Array,
  values: ArrayLike<number>,
): number {
  let changed = 0;
  plan.samples.forEach((sample, i) => {
    const weight = expectedWeight(sample, values, plan.height, plan.width);
    expect(sample.labelLambda ?? sample.lambda).toBeCloseTo(weight, 12);
    if (sample.labelLambda !== undefined) changed++;
    const row = Array<number>(CLASSES).fill(0);
    row[labels[sample.target]] += weight;
    row[labels[sample.source]] += 1 - weight;
    row.forEach((one, k) => expect(soft[i * CLASSES + k]).toBeCloseTo(one, 6));
  });
  return changed;
}

const variants: MixerOptions[] = [
  { method: 'saliencymix' },
  { method: 'saliencymix', scheme: 'salient-to-salient', box: 'clip', probability: 0.7, ties: 'random' },
  { method: 'cutmix', saliency: 'sobel' },
  { method: 'resizemix', saliency: 'spectral-residual' },
  { preset: 'released-exact', probability: 1 },
  { method: 'mixup' },
  { method: 'cutout', length: 8 },
  { method: 'none' },
];

test.each(variants)('%j: by the definition, pixel by pixel', async (options) => {
  let [bySaliency, byMask] = [0, 0];
  for (let seed = 0; seed < 8; seed++) {
    const shape = seed < 4 ? awkwardShape(seed) : ([6, 24, 31, 3] as const);
    const batch = noise(seed, shape);
    const labels = classNumbers(shape[0], CLASSES);
    const common = { ...options, seed, classes: CLASSES };
    const area = await createMixer(common).mix(batch, labels);
    const method = options.preset === undefined ? (options.saliency as 'sobel' | undefined) : 'float-bytes';
    const { maps } = await saliency(batch, { method });
    const salient = await createMixer({ ...common, labelRule: 'saliency' }).mix(batch, labels);
    bySaliency += expectWeights(salient.plan, salient.labels, labels, maps);
    const masks = boxMasks(shape);
    const masked = await createMixer({ ...common, labelRule: 'mask' }).mix(batch, labels, { masks });
    byMask += expectWeights(masked.plan, masked.labels, labels, masks.data);
    // Only labels follow the rule.
    for (const { images, plan } of [salient, masked]) {
      expect(images.data).toEqual(area.images.data);
      expect(plan.samples.map(withoutRule)).toEqual(area.plan.samples);
      expect((await applyPlan(JSON.parse(JSON.stringify(plan)) as MixPlan, batch)).data).toEqual(images.data);
    }
  }
  const showsParts = !['mixup', 'cutout', 'none'].includes(options.method ?? '');
  expect([bySaliency > 0, byMask > 0]).toEqual([showsParts, showsParts]);
});

test('by hand: half of the target’s object is covered, all of the source’s is seen', async () => {
  // The masks are laid out around the plan's own boxes.
  const batch: ImageBatch = { data: new Uint8Array(2 * 64), shape: [2, 8, 8, 1] };
  const mixer = createMixer({ method: 'cutmix', labelRule: 'mask', seed: 1, classes: 2 });
  const free = { data: new Uint8Array(2 * 64), shape: [2, 8, 8] } as const;
  const { samples } = await mixer.plan(batch, { masks: free, batch: 0 });
  const [{ to, from, source, target, lambda, labelLambda }] = samples;
  expect([target, source, labelLambda]).toEqual([0, 1, undefined]); // nothing to be seen of either: the area
  const { top, left } = to as NonNullable<typeof to>;
  const data = new Uint8Array(2 * 64);
  const outside = to?.top === 0 && to.left === 0 ? 63 : 0;
  data[top * 8 + left] = 1;
  data[outside] = 9;
  const inSource = 64 + (from as NonNullable<typeof from>).top * 8 + (from as NonNullable<typeof from>).left;
  data[inSource] = 255;
  const masks: MaskBatch = { data, shape: [2, 8, 8] };
  const { plan, labels } = await mixer.mix(batch, Int32Array.of(0, 1), { masks, batch: 0 });
  expect(plan.samples[0].lambda).toBe(lambda);
  expect(plan.samples[0].labelLambda).toBeCloseTo(0.5 / 1.5, 15);
  expect(labels[0]).toBeCloseTo(1 / 3, 6);
  // As int32 of any values, and with a last side of one.
  const wide: MaskBatch = { data: Int32Array.from(data, (v) => v * -70_000), shape: [2, 8, 8, 1] };
  expect((await mixer.mix(batch, Int32Array.of(0, 1), { masks: wide, batch: 0 })).labels).toEqual(labels);
});

test('the same bytes on any number of threads, in the memory of a backend, and among several choices', async () => {
  const batch = noise(7, [9, 20, 31, 3]);
  const labels = classNumbers(9, CLASSES);
  const masks = boxMasks(batch.shape);
  for (const labelRule of ['saliency', 'mask'] as const) {
    const common = { labelRule, seed: 3, classes: CLASSES } as const;
    const call = { batch: 4, masks };
    const results = await Promise.all(
      [1, 2, 7].map((threads) => createMixer({ ...common, threads }).mix(batch, labels, call)),
    );
    for (const result of results) expect(result).toEqual(results[0]);
    expect(await createMixer(common).plan(batch, call)).toEqual(results[0].plan);
    const there = await uploadBatch(batch, { backend: 'cpu' });
    const mixed = await createMixer(common).mix(there, labels, call);
    expect(mixed.labels).toEqual(results[0].labels);
    there.free();
    mixed.images.free();
  }
  const entries = [
    [{ labelRule: 'mask' }, 1],
    [{ method: 'resizemix', labelRule: 'saliency' }, 1],
    [{ method: 'cutmix' }, 1],
  ] as const;
  const { plan, labels: soft } = await oneOf(entries, { seed: 2, classes: CLASSES }).mix(batch, labels, {
    masks,
  });
  const { maps } = await saliency(batch);
  const seen = new Set<string>();
  plan.samples.forEach((sample, i) => {
    seen.add(sample.method);
    const values = { saliencymix: masks.data, resizemix: maps, cutmix: undefined }[sample.method];
    const weight = values ? expectedWeight(sample, values, 20, 31) : sample.lambda;
    expect(sample.labelLambda ?? sample.lambda).toBeCloseTo(weight, 12);
    if (labels[sample.target] !== labels[sample.source])
      expect(soft[i * CLASSES + labels[sample.target]]).toBeCloseTo(weight, 6);
  });
  expect(seen.size).toBe(3);
});

test('masks are checked; only the rule that needs them asks for them', async () => {
  const batch = noise(1, [3, 8, 8, 3]);
  const labels = classNumbers(3, CLASSES);
  const mixer = createMixer({ labelRule: 'mask', classes: CLASSES });
  const refused = (masks: unknown) => mixer.mix(batch, labels, { masks: masks as MaskBatch });
  await expect(refused(undefined)).rejects.toThrow(
    /masks of the 3 images of 8 × 8 .* for masks but received/,
  );
  await expect(refused(boxMasks([2, 8, 8]))).rejects.toThrow(/for masks\.shape but received \[2, 8, 8\]/);
  await expect(refused({ data: new Float32Array(192), shape: [3, 8, 8] })).rejects.toThrow(/for masks\.data/);
  await expect(mixer.plan(batch)).rejects.toThrow(/for masks/);
  await createMixer({ classes: CLASSES }).mix(batch, labels, { masks: boxMasks([3, 8, 8]) });
  expect(() => createMixer({ labelRule: 'masks' } as never)).toThrow(/for labelRule .*did you mean "mask"/);
  expect(() => createMixer({ method: 'cutmix', labelRule: 'saliency', saliency: 'learned' })).toThrow(
    /for saliencyModel/,
  );
  const plan = await createMixer({ classes: CLASSES }).plan(batch);
  const samples = plan.samples.map((sample) => ({ ...sample, labelLambda: 2 }));
  await expect(applyPlan({ ...plan, samples }, batch)).rejects.toThrow(/for plan\.samples\.labelLambda/);
});
