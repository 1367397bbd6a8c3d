/** Changed colours: against a reference of each method in float64, from the definition; draws; what is refused. */
import {
  applyPlan,
  createMixer,
  type ImageBatch,
  type MixerOptions,
  type MixPlan,
  uploadBatch,
} from '../../src';
import { colourOptions, drawColours } from '../../src/mix/colours';
import { parse } from '../../src/option';
import { classNumbers, noise } from '../batches';

const MEAN = [0.485, 0.456, 0.406];
const STD = [0.229, 0.224, 0.225];
const output = { layout: 'NCHW', dtype: 'float32', mean: MEAN, std: STD } as const;
const usual = { jitter: 0.4, lighting: 0.1 };
const slots = (count: number) => Array.from({ length: count }, (_, i) => i);
const drawnFor = (count: number, options = usual) =>
  drawColours(options, 8, { epoch: 1, batch: 2 }, slots(count))!;

/** The images in [0, 1] with their colours, NHWC: brightness, contrast, saturation, light, one after the other. */
function coloured({ data, shape: [count, height, width] }: ImageBatch, colours: Float64Array): Float64Array {
  const v = Float64Array.from(data, (byte) => byte / 255);
  const each = height * width * 3;
  for (let image = 0; image < count; image++) {
    const own = v.subarray(image * each, (image + 1) * each);
    const grey = (i: number) => 0.299 * own[i] + 0.587 * own[i + 1] + 0.114 * own[i + 2];
    const others = [
      () => () => 0,
      () => {
        let sum = 0;
        for (let i = 0; i < each; i += 3) sum += grey(i);
        return () => sum / (each / 3);
      },
      () => grey,
    ];
    for (const [step, other] of others.entries()) {
      const of = other();
      const share = colours[image * 6 + step];
      for (let i = 0; i < each; i += 3) {
        const to = of(i);
        for (let c = 0; c < 3; c++) own[i + c] += share * (to - own[i + c]);
      }
    }
    for (let i = 0; i < each; i++) own[i] += colours[image * 6 + 3 + (i % 3)];
  }
  return v;
}

/** The largest difference of mixed values, NCHW normalised, from those of `expected`: NHWC in [0, 1], NaN where it is not known. */
function worstOf(
  found: Float32Array,
  expected: Float64Array,
  [count, height, width]: readonly number[],
): number {
  let worst = 0;
  const area = height * width;
  for (let at = 0; at < found.length; at++) {
    const [image, c, p] = [Math.floor(at / (3 * area)), Math.floor(at / area) % 3, at % area];
    const value = expected[(image * area + p) * 3 + c];
    if (!Number.isNaN(value)) worst = Math.max(worst, Math.abs(found[at] - (value - MEAN[c]) / STD[c]));
  }
  expect(found).toHaveLength(count * area * 3);
  return worst;
}

const shape = [6, 16, 24, 3] as const;
const [, HEIGHT, WIDTH] = shape;
const batch = noise(5, shape);
const labels = classNumbers(6, 3);
const each = HEIGHT * WIDTH * 3;

const methods: MixerOptions[] = [
  { method: 'none' },
  { method: 'mixup', alpha: 1 },
  { method: 'cutmix' },
  { method: 'saliencymix' },
  { method: 'resizemix' },
  { method: 'cutout', length: 9, fill: 'mean' },
  { method: 'cutout', length: 9, fill: 40 },
  { method: 'guidedmixup' },
  { method: 'puzzlemix', saliency: 'fine-grained' },
];

/** For each pixel of mixed images from which image and pixel it was moved: of images whose bytes say that. */
async function originsOf(
  plan: MixPlan,
): Promise<(i: number, pixel: number) => [image: number, pixel: number]> {
  const data = Uint8Array.from({ length: 6 * each }, (_, i) => {
    const pixel = Math.floor((i % each) / 3);
    return [pixel & 255, pixel >> 8, Math.floor(i / each)][i % 3];
  });
  const shown = (await applyPlan(plan, { data, shape })).data;
  return (i, pixel) => {
    const [low, high, image] = shown.subarray(i * each + 3 * pixel);
    return [image, low + 256 * high];
  };
}

type Sample = MixPlan['samples'][number];
type Value = (image: number, pixel: number) => number;

/** The pixel of an image that is shown at another one, after its cells were moved. */
function movedTo(
  moves: Extract<Sample, { kind: 'masked' }>['moves'],
  side: 'target' | 'source',
  pixel: number,
): number {
  if (!moves) return pixel;
  const [h, w] = [HEIGHT / moves.rows, WIDTH / moves.cols];
  const [y, x] = [Math.floor(pixel / WIDTH), pixel % WIDTH];
  const at = Math.floor(y / h) * moves.cols + Math.floor(x / w);
  const from = moves[side][at] < 0 ? at : moves[side][at];
  return (Math.floor(from / moves.cols) * h + (y % h)) * WIDTH + (from % moves.cols) * w + (x % w);
}

/** The value of a mixed image at a pixel, of values of the images before they are mixed. */
function mixedValue(
  sample: Sample,
  value: Value,
  pixel: number,
  fill: number,
  origin: [number, number],
): number {
  const { target, source, lambda } = sample;
  const [y, x] = [Math.floor(pixel / WIDTH), pixel % WIDTH];
  if (sample.kind === 'blend') return lambda * value(target, pixel) + (1 - lambda) * value(source, pixel);
  if (sample.kind === 'cut') {
    const { top, left, bottom, right } = sample.to;
    return y >= top && y < bottom && x >= left && x < right ? fill : value(target, pixel);
  }
  if (sample.kind !== 'masked') return value(...origin);
  const { mask, moves } = sample;
  const row = Math.floor((y * mask.rows) / HEIGHT);
  const weight = mask.weights[row * mask.cols + Math.floor((x * mask.cols) / WIDTH)];
  const [t, s] = [movedTo(moves, 'target', pixel), movedTo(moves, 'source', pixel)];
  return weight * value(target, t) + (1 - weight) * value(source, s);
}

test.each(methods)('%j: each pixel has the colours of its own image', async (options) => {
  const colours = drawnFor(6);
  const made = { ...options, probability: 1, classes: 3, seed: 4 };
  const how = { batch: 0, output, colours };
  const mixer = createMixer({ ...made, threads: 2 });
  const { images, plan, labels: soft } = await mixer.mix(batch, labels, how);
  const without = await mixer.mix(batch, labels, { batch: 0, output });
  expect([plan, soft]).toEqual([without.plan, without.labels]);
  const own = coloured(batch, colours);
  const originOf = await originsOf(plan);
  const expected = own.map((_, at) => {
    const [i, pixel, c] = [Math.floor(at / each), Math.floor((at % each) / 3), at % 3];
    const fill = options.fill === 'mean' ? MEAN[c] : 40 / 255;
    const value: Value = (image, from) => own[image * each + 3 * from + c];
    return mixedValue(plan.samples[i], value, pixel, fill, originOf(i, pixel));
  });
  expect(worstOf(images.data, expected, shape)).toBeLessThan(2e-5);
  for (const threads of [1, 3])
    expect((await createMixer({ ...made, threads }).mix(batch, labels, how)).images.data).toEqual(
      images.data,
    );
  const resident = await uploadBatch(batch, { backend: 'cpu' });
  const there = await mixer.mix(resident, labels, how);
  expect((await there.images.download()).data).toEqual(images.data);
  resident.free();
});

const isBlend = ({ method }: MixerOptions) => ['mixup', 'guidedmixup', 'puzzlemix'].includes(method!);

test.each(['float32', 'float16'] as const)(
  'without a change the %s that there are without colours',
  async (dtype) => {
    const form = { ...output, dtype };
    const colours = new Float64Array(6 * 6);
    for (const options of methods.filter((one) => !isBlend(one))) {
      const mixer = createMixer({ ...options, probability: 1, classes: 3, seed: 4 });
      const plain = await mixer.mix(batch, labels, { batch: 0, output: form });
      const found = await mixer.mix(batch, labels, { batch: 0, output: form, colours });
      expect(found.images).toEqual(plain.images);
    }
  },
);

test.each(methods.filter(isBlend))('%j is not rounded to bytes', async (options) => {
  const colours = new Float64Array(6 * 6);
  const mixer = createMixer({ ...options, probability: 1, classes: 3, seed: 4 });
  const { images: plain } = await mixer.mix(batch, labels, { batch: 0, output });
  const { images: found } = await mixer.mix(batch, labels, { batch: 0, output, colours });
  const worst = found.data.reduce((most, v, i) => Math.max(most, Math.abs(v - plain.data[i])), 0);
  expect(worst).toBeGreaterThan(0);
  expect(worst).toBeLessThan(0.5001 / (255 * 0.224));
});

test('draws: of their ranges, of a slot whatever the batch is, and each option on its own', () => {
  const colours = drawnFor(3000);
  const column = (k: number) => Array.from({ length: 3000 }, (_, i) => colours[6 * i + k]);
  const mean = (values: number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;
  for (const k of [0, 1, 2]) {
    const shares = column(k);
    expect([Math.min(...shares) < -0.39, Math.min(...shares) >= -0.4]).toEqual([true, true]);
    expect([Math.max(...shares) > 0.39, Math.max(...shares) < 0.4]).toEqual([true, true]);
    expect(Math.abs(mean(shares))).toBeLessThan(0.02);
  }
  // Covariances of the light: sums over the components of products of both entries and the square of 0.1 times its deviation.
  const light = [3, 4, 5].map(column);
  const components = [
    [-0.5675, 0.7192, 0.4009],
    [-0.5808, -0.0045, -0.814],
    [-0.5836, -0.6948, 0.4203],
  ];
  const deviations = [0.02175, 0.00188, 0.00045];
  for (let a = 0; a < 3; a++)
    for (let b = 0; b < 3; b++) {
      const expected = deviations.reduce((sum, d, k) => sum + components[a][k] * components[b][k] * d * d, 0);
      expect(mean(light[a].map((v, i) => v * light[b][i])) / expected).toBeCloseTo(1, 0);
      expect(mean(light[a].map((v, i) => v * light[b][i])) / expected).toBeGreaterThan(0.9);
    }
  const [jitter, lighting] = [
    drawnFor(5, { jitter: 0.4, lighting: 0 }),
    drawnFor(5, { jitter: 0, lighting: 0.1 }),
  ];
  for (let i = 0; i < 5 * 6; i++) expect((i % 6 < 3 ? jitter : lighting)[i]).toBe(colours[i]);
  const at = { epoch: 1, batch: 2 };
  expect(drawColours(usual, 8, at, [1, 4])).toEqual(
    Float64Array.of(...colours.subarray(6, 12), ...colours.subarray(24, 30)),
  );
  expect(drawColours({ jitter: 0, lighting: 0 }, 8, at, [0])).toBeUndefined();
});

test('what is refused', async () => {
  const mixer = createMixer({ classes: 3 });
  const colours = drawnFor(6);
  await expect(mixer.mix(batch, labels, { output, colours: colours.subarray(1) })).rejects.toThrow(
    /6 × 6 finite numbers/,
  );
  await expect(mixer.mix(batch, labels, { output, colours: colours.map(() => NaN) })).rejects.toThrow(
    /finite/,
  );
  await expect(mixer.mix(batch, labels, { colours })).rejects.toMatchObject({
    code: 'ARGUMENT',
    argument: 'output.dtype',
  });
  const grey = { data: new Uint8Array(6 * 16), shape: [6, 4, 4, 1] as const };
  await expect(mixer.mix(grey, labels, { output: { dtype: 'float32' }, colours })).rejects.toThrow(
    /one channel/,
  );
  for (const wrong of [{ jitter: -0.1 }, { jitter: 1.1 }, { lighting: -1 }, { jitter: NaN }])
    expect(() => parse(colourOptions, wrong, 'colours')).toThrow(/0 … 1|0 to 1|from 0/);
});
