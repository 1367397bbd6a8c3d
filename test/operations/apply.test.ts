import { applyImageOperation, type ImageBatch, imageOperationNames } from '../../src';
import { addon } from '../../src/native/load';
import { noise } from '../batches';

const batch = noise(5, [6, 9, 11, 3]);

const imageAt = ({ data, shape }: ImageBatch, i: number): ImageBatch => {
  const [, ...sides] = shape;
  const length = sides.reduce((product, side) => product * side);
  return { data: data.slice(i * length, (i + 1) * length), shape: [1, ...sides] };
};

test('native code and this table have the same operations, and Cutout, which only policies use', () => {
  expect(addon().imageOperations()).toEqual([...imageOperationNames, 'Cutout']);
});

test('a magnitude for each image is the same as each image by itself', async () => {
  const magnitudes = [-40, -3.5, 0, 12, 100, 359];
  for (const given of [magnitudes, Float32Array.from(magnitudes)]) {
    const all = await applyImageOperation(batch, 'Rotate', given);
    expect(all.shape).toEqual(batch.shape);
    for (const [i, magnitude] of magnitudes.entries()) {
      const one = await applyImageOperation(imageAt(batch, i), 'Rotate', magnitude);
      expect(imageAt(all, i)).toEqual(one);
    }
  }
});

test('the result is new memory, and the batch stays as it was', async () => {
  const before = batch.data.slice();
  const { data } = await applyImageOperation(batch, 'Invert', 0);
  expect(data).toEqual(before.map((v) => 255 - v));
  expect(batch.data).toEqual(before);
});

test.each(imageOperationNames)('%s: the same bytes on any number of threads', async (operation) => {
  const large = noise(8, [7, 70, 61, 3]);
  const [one, ...others] = await Promise.all(
    [1, 2, 5].map((threads) => applyImageOperation(large, operation, 3, { threads, fill: 'mean' })),
  );
  for (const other of others) expect(Buffer.compare(other.data, one.data)).toBe(0);
});

test('the result may go into memory that is given, apart from the batch', async () => {
  const into = new Uint8Array(batch.data.length + 5);
  const { data } = await applyImageOperation(batch, 'Invert', 0, { into });
  expect([data.buffer, data.length]).toEqual([into.buffer, batch.data.length]);
  expect(data[0]).toBe(255 - batch.data[0]);
  await expect(applyImageOperation(batch, 'Invert', 0, { into: batch.data })).rejects.toThrow(
    /apart from the inputs/,
  );
  await expect(applyImageOperation(batch, 'Invert', 0, { into: into.subarray(9) })).rejects.toThrow(
    /for into/,
  );
});

test('what is left open is black, a gray, a colour or the mean', async () => {
  const [open, gray] = [noise(1, [1, 2, 2, 3]), noise(2, [1, 2, 2, 1])];
  const shown = async (fill?: Parameters<typeof applyImageOperation>[3]) =>
    Array.from((await applyImageOperation(open, 'TranslateX', 5, fill)).data.subarray(0, 3));
  expect(await shown()).toEqual([0, 0, 0]);
  expect(await shown({ fill: 'black' })).toEqual([0, 0, 0]);
  expect(await shown({ fill: 7 })).toEqual([7, 7, 7]);
  expect(await shown({ fill: [1, 2, 255] })).toEqual([1, 2, 255]);
  expect(await shown({ fill: 'mean' })).toEqual([125, 123, 114]);
  const { data } = await applyImageOperation(gray, 'TranslateY', -2, { fill: 9 });
  expect(Array.from(data)).toEqual([9, 9, 9, 9]);
});

test('the magnitude is ignored where the operation has none', async () => {
  const first = await applyImageOperation(batch, 'Equalize', 0);
  expect(await applyImageOperation(batch, 'Equalize', Number.NaN)).toEqual(first);
});

test.each<[string, unknown[], RegExp]>([
  ['a wrong name', ['shearx', 0], /one of "Identity", .* for operation .*did you mean "ShearX"/],
  ['an operation that only policies have', ['Cutout', 4], /one of "Identity"/],
  ['a magnitude that is not finite', ['Rotate', Infinity], /a finite number \(degrees\) for magnitude/],
  ['no number', ['Rotate', '3'], /a finite number \(degrees\) for magnitude/],
  ['too few bits', ['Posterize', -1], /a number from 0 to 8 \(bits.*\) for magnitude but received -1/],
  ['too many bits', ['Posterize', 8.5], /a number from 0 to 8/],
  [
    'a wrong one in a list',
    ['ShearY', [0, 0, 0, Number.NaN, 0, 0]],
    /magnitude \(image 3\) but received NaN/,
  ],
  ['too few magnitudes', ['ShearY', [0, 0]], /one number, or 6, one per image/],
  ['a wrong colour', ['Rotate', 0, { fill: [0, 0, 256] }], /fill\[2\] but received 256/],
  ['a wrong name of a colour', ['Rotate', 0, { fill: 'white' }], /one of "black", "mean" for fill/],
  ['a wrong option', ['Rotate', 0, { filled: 0 }], /Unknown option "filled".*did you mean "fill"/],
])('refuses %s', async (_, given, message) => {
  const call = applyImageOperation as (...all: unknown[]) => Promise<ImageBatch>;
  await expect(call(batch, ...given)).rejects.toMatchObject({
    code: 'ARGUMENT',
    message: expect.stringMatching(message) as string,
  });
});

test('refuses what is no batch, and stops when asked to', async () => {
  const bad = { data: new Uint8Array(5), shape: [1, 2, 2, 3] } as const;
  await expect(applyImageOperation(bad, 'Invert', 0)).rejects.toThrow(/12 bytes for the shape/);
  const signal = AbortSignal.abort(new Error('enough'));
  await expect(applyImageOperation(batch, 'Invert', 0, { signal })).rejects.toThrow('enough');
});
