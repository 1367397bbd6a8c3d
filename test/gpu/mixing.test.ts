/** Mixing through the public API, on the card and on the CPU: plans, labels and pixels to the bit. */
import {
  applyPlan,
  createMixer,
  type ImageBatch,
  type MaskBatch,
  type Mixer,
  mixMethodNames,
  type MixerOptions,
  oneOf,
  type OutputFormat,
  schemeNames,
} from '../../src';
import { classNumbers, noise } from '../batches';
import { backend, cpu, level, methods, same } from './under-test';

const normalized = { mean: [0.5, 0.4, 0.3], std: [0.2, 0.3, 0.4] };
const outputs: OutputFormat[] = (['NHWC', 'NCHW'] as const).flatMap((layout) => [
  { layout, dtype: 'uint8' },
  { layout, dtype: 'float16', ...normalized },
  { layout, dtype: 'float32', ...normalized },
]);
const gray = { mean: [0.5], std: [0.2] };

/** Of 16 · k pixels, which are mixed 16 bytes at a time, and of others. */
const batches = [
  noise(5, [6, 17, 13, 3]),
  noise(6, [6, 32, 32, 3]),
  noise(7, [5, 12, 20, 1]),
  noise(8, [4, 113, 112, 3]),
];

async function compare(there: Mixer, here: Mixer, batch: ImageBatch, output: OutputFormat) {
  const labels = classNumbers(batch.shape[0], 3);
  const form = output.mean && batch.shape[3] === 1 ? { ...output, ...gray } : output;
  const call = { epoch: 1, batch: 2, output: form };
  const found = await there.mix(batch, labels, call);
  const expected = await here.mix(batch, labels, call);
  expect(found).toMatchObject({ backend, level });
  expect(found.plan).toEqual(expected.plan);
  expect(found.labels).toEqual(expected.labels);
  expect(found.images).toMatchObject({ ...expected.images, data: expect.anything() as unknown });
  expect(same(found.images.data, expected.images.data)).toBe(true);
  expect(await there.plan(batch, { epoch: 1, batch: 2 })).toEqual(expected.plan);
  for (const where of [backend, cpu]) {
    const applied = await applyPlan(found.plan, batch, { output: form, backend: where });
    expect(same(applied.data, expected.images.data)).toBe(true);
  }
}

async function compareOptions(options: MixerOptions, output: OutputFormat) {
  const both = { classes: 3, ...options };
  for (const batch of batches)
    await compare(createMixer({ ...both, backend }), createMixer({ ...both, backend: cpu }), batch, output);
}

describe.each(mixMethodNames)('%s', (method) => {
  test.each(outputs)('to $dtype $layout', async (output) => {
    for (const [seed, scheme] of schemeNames.entries()) {
      await compareOptions({ method, scheme, seed, ties: seed % 2 ? 'random' : 'first' }, output);
    }
    await compareOptions({ method, seed: 9, preset: 'released', fill: 77 }, output);
  });
});

// The maps of these are equal but for their last bits, so the peaks may differ; what is made of them may not.
test.each(methods)('placed by %s: the images and labels of the plan', async (saliency) => {
  for (const scheme of schemeNames) {
    const mixer = createMixer({ saliency, scheme, classes: 3, seed: 4, ties: 'random', backend });
    for (const batch of batches) {
      const labels = classNumbers(batch.shape[0], 3);
      const { plan, images } = await mixer.mix(batch, labels, { batch: 3 });
      expect(await mixer.plan(batch, { batch: 3 })).toEqual(plan);
      const applied = await applyPlan(plan, batch, { backend: cpu });
      expect(same(applied.data, images.data)).toBe(true);
    }
  }
});

test('one of several sets of options', async () => {
  const entries = [
    [{ method: 'saliencymix' }, 1],
    [{ method: 'saliencymix', scheme: 'nonsalient-to-salient' }, 1],
    [{ method: 'mixup' }, 1],
    [{ method: 'cutout', fill: 7 }, 1],
  ] as const;
  const options = { classes: 3, seed: 4 };
  const there = oneOf(entries, { ...options, backend });
  const here = oneOf(entries, { ...options, backend: cpu });
  for (const output of outputs) await compare(there, here, noise(2, [32, 16, 15, 3]), output);
});

test('label maps, in 8 and 32 bits', async () => {
  const [n, h, w] = [6, 40, 37];
  const pixels = noise(3, [n, h, w, 3]);
  for (const method of ['saliencymix', 'cutmix', 'cutout', 'none'] as const) {
    const plan = await createMixer({ method, seed: 2, backend }).plan(pixels);
    const wide = { data: Int32Array.from(pixels.data.subarray(0, n * h * w), (v) => (v - 99) * 65_537) };
    const masks: MaskBatch[] = [
      { ...wide, shape: [n, h, w] },
      { ...wide, shape: [n, h, w, 1] },
      { data: pixels.data.slice(0, n * h * w), shape: [n, h, w] },
    ];
    for (const mask of masks) {
      const fill = mask.data instanceof Int32Array ? -70_000 : 200;
      const there = await applyPlan(plan, mask, { backend, fill });
      expect(there).toEqual(await applyPlan(plan, mask, { backend: cpu, fill }));
    }
  }
});
