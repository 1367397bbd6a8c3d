import { createMixer, type OutputFormat } from '../../src';
import { classNumbers, noise } from '../batches';

const MEAN = [0.4914, 0.4822, 0.4465];
const STD = [0.247, 0.2435, 0.2616];

async function both(output: OutputFormat, shape: readonly [number, number, number, number] = [3, 9, 7, 3]) {
  const batch = noise(1, shape);
  const labels = classNumbers(shape[0], 2);
  const mixer = createMixer({ classes: 2, seed: 3 });
  const { images } = await mixer.mix(batch, labels, { batch: 0, output });
  const plain = await mixer.mix(batch, labels, { batch: 0 });
  return { images, plain: plain.images };
}

function halfToNumber(bits: number): number {
  const magnitude =
    (bits >> 10) & 31 ? (1024 + (bits & 1023)) * 2 ** (((bits >> 10) & 31) - 25) : (bits & 1023) * 2 ** -24;
  return bits & 0x8000 ? -magnitude : magnitude;
}

test('NCHW uint8 is a transposition', async () => {
  const { images, plain } = await both({ layout: 'NCHW' });
  expect(images.shape).toEqual([3, 3, 9, 7]);
  const [n, h, w, c] = plain.shape;
  for (let i = 0; i < n; i++) {
    for (let p = 0; p < h * w; p++) {
      for (let k = 0; k < c; k++)
        expect(images.data[(i * c + k) * h * w + p]).toBe(plain.data[(i * h * w + p) * c + k]);
    }
  }
});

test.each(['NHWC', 'NCHW'] as const)('%s float32 is (v/255 − mean)/std', async (layout) => {
  const { images, plain } = await both({ layout, dtype: 'float32', mean: MEAN, std: STD });
  expect(images.data).toBeInstanceOf(Float32Array);
  const [n, h, w, c] = plain.shape;
  let worst = 0;
  for (let i = 0; i < plain.data.length; i++) {
    const k = i % c;
    const p = Math.floor(i / c) % (h * w);
    const image = Math.floor(i / (c * h * w));
    const at = layout === 'NHWC' ? i : (image * c + k) * h * w + p;
    worst = Math.max(worst, Math.abs(images.data[at] - (plain.data[i] / 255 - MEAN[k]) / STD[k]));
  }
  expect(n).toBe(3);
  expect(worst).toBeLessThan(1e-6);
});

test('float32 without mean and std is in [0, 1], both ends reached exactly', async () => {
  const batch = { data: Uint8Array.of(0, 255), shape: [1, 1, 2, 1] as const };
  const { images } = await createMixer({ method: 'none', classes: 1 }).mix(batch, Int32Array.of(0), {
    output: { dtype: 'float32' },
  });
  expect([...images.data]).toEqual([0, 1]);
});

test('float16 is the float32 rounded to nearest even, as bits', async () => {
  const output = { layout: 'NCHW', mean: MEAN, std: STD } as const;
  const single = await both({ ...output, dtype: 'float32' });
  const half = await both({ ...output, dtype: 'float16' });
  expect(half.images.data).toBeInstanceOf(Uint16Array);
  single.images.data.forEach((value, i) => {
    const got = halfToNumber(half.images.data[i]);
    const step = 2 ** (Math.floor(Math.log2(Math.max(Math.abs(value), 2 ** -14))) - 10);
    expect(Math.abs(got - value)).toBeLessThanOrEqual(step / 2);
  });
});

test('gray images have one mean and one std', async () => {
  const { images, plain } = await both({ dtype: 'float32', mean: [0.5], std: [0.25] }, [2, 4, 4, 1]);
  expect(images.shape).toEqual([2, 4, 4, 1]);
  plain.data.forEach((v, i) => expect(images.data[i]).toBeCloseTo((v / 255 - 0.5) / 0.25, 6));
});

test.each([
  [{ layout: 'CHW' }, /one of "NHWC", "NCHW" for output\.layout but received "CHW"/],
  [{ dtype: 'float64' }, /output\.dtype but received "float64" \(did you mean "float32"\?\)/],
  [{ mean: MEAN }, /"float32" or "float16" where mean or std is given/],
  [{ dtype: 'float32', mean: [0.5] }, /3 numbers from 0 to 1 .*, one per channel for output\.mean/],
  [{ dtype: 'float32', mean: [123.675, 116.28, 103.53] }, /means of pixels of 0 to 255 divided by 255\)/],
  [{ dtype: 'float32', std: [1, 0, 1] }, /3 positive numbers, one per channel for output\.std/],
  [{ dtype: 'float32', means: MEAN }, /Unknown option "means" in output \(did you mean "mean"\?\)/],
])('%j is refused', async (output, message) => {
  await expect(both(output as OutputFormat)).rejects.toThrow(message);
});
