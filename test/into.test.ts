/** Results in memory that the caller gives: the same bytes, no other memory, and nothing that would overwrite an input. */
import { type CallOptions, createMixer, type ImageBatch, saliency } from '../src';
import { classNumbers, noise } from './batches';

const batch = noise(5, [4, 17, 13, 3]);
const labels = classNumbers(4, 2);
const mixer = createMixer({ classes: 2, seed: 2 });

test.each([
  [{}, Uint8Array],
  [{ layout: 'NCHW', dtype: 'float32' }, Float32Array],
  [{ dtype: 'float16' }, Uint16Array],
] as const)('mixed images as %j', async (output, type) => {
  const plain = await mixer.mix(batch, labels, { batch: 0, output });
  const into = new type(batch.data.length).fill(77);
  const { images } = await mixer.mix(batch, labels, { batch: 0, output, into } as CallOptions);
  expect(images.data).toBe(into);
  expect(into).toEqual(plain.images.data);
  // The memory of a result serves the next one.
  const again = await mixer.mix(batch, labels, { batch: 1, output, into } as CallOptions);
  const other = await mixer.mix(batch, labels, { batch: 1, output });
  expect(again.images.data).toBe(into);
  expect(into).toEqual(other.images.data);
});

test('a view in the middle of a buffer: what lies around it stays', async () => {
  const whole = new Uint8Array(batch.data.length + 20).fill(9);
  const into = whole.subarray(7, 7 + batch.data.length);
  await mixer.mix(batch, labels, { batch: 0, into });
  expect(into).toEqual((await mixer.mix(batch, labels, { batch: 0 })).images.data);
  expect([...whole.subarray(0, 7), ...whole.subarray(7 + batch.data.length)]).toEqual(Array(20).fill(9));
});

test('longer memory, as for a short last batch: its beginning is taken, the rest stays', async () => {
  const whole = new Float32Array(batch.data.length + 5).fill(9);
  const output = { layout: 'NCHW', dtype: 'float32' } as const;
  const { images } = await mixer.mix(batch, labels, { batch: 0, output, into: whole });
  expect([images.data.buffer, images.data.length]).toEqual([whole.buffer, batch.data.length]);
  expect(images.data).toEqual((await mixer.mix(batch, labels, { batch: 0, output })).images.data);
  expect([...whole.subarray(batch.data.length)]).toEqual(Array(5).fill(9));
  // What lies behind the part that is used may be an input.
  const both = new Uint8Array(2 * batch.data.length);
  const inside: ImageBatch = { data: both.subarray(batch.data.length), shape: batch.shape };
  inside.data.set(batch.data);
  const mixed = await mixer.mix(inside, labels, { batch: 0, into: both });
  expect(mixed.images.data).toEqual((await mixer.mix(batch, labels, { batch: 0 })).images.data);
});

test('saliency maps', async () => {
  const { maps } = await saliency(batch);
  const into = new Float32Array(maps.length).fill(-1);
  const found = await saliency(batch, { into });
  expect(found.maps).toBe(into);
  expect(into).toEqual(maps);
});

test.each([
  ['another type', () => new Float32Array(batch.data.length)],
  ['too short a one', () => new Uint8Array(batch.data.length - 1)],
  ['no array', () => batch.data.length],
])('%s is refused', async (_, into) => {
  const call = mixer.mix(batch, labels, { into: into() as Uint8Array });
  await expect(call).rejects.toMatchObject({ code: 'ARGUMENT' });
  await expect(call).rejects.toThrow(`a Uint8Array of ${batch.data.length} values or more for into`);
});

test('memory of the batch itself is refused, or any part of it', async () => {
  const size = batch.data.length;
  const whole = new Uint8Array(2 * size);
  const inside: ImageBatch = { data: whole.subarray(0, size), shape: batch.shape };
  const overlapping = mixer.mix(inside, labels, { into: whole.subarray(size - 1, 2 * size - 1) });
  await expect(overlapping).rejects.toThrow('apart from the inputs for into');
  await mixer.mix(inside, labels, { into: whole.subarray(size) });
});
