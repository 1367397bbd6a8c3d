/** Batches that are brought to a backend's memory and augmented there: the bytes of those that stay here. */
import { openDataset } from '../../src';
import { batches } from '../../src/data/batches';
import { noise, sourceOf } from './fixtures';

const SIDE = 24;
const source = sourceOf(10, async (index) =>
  index === 4 ? new Uint8Array(1) : { pixels: noise(SIDE, SIDE, index), height: SIDE, width: SIDE },
);
const plan = { batch: 4, size: SIDE, seed: 6, epoch: 3, onBad: 'skip' } as const;

test.each([
  undefined,
  { crop: 3, flip: true },
  { randaugment: { operations: 3 }, crop: 2 },
  { autoaugment: { policy: 'cifar10', convention: 'official' }, flip: true },
] as const)('%j', async (augment) => {
  const here = [];
  for await (const batch of batches({ source }, { ...plan, augment })) here.push(batch);
  let seen = 0;
  for await (const { images, ...rest } of batches({ source }, { ...plan, augment, device: 'cpu' })) {
    const { images: wanted, ...others } = here[seen++];
    expect(images).toMatchObject({ backend: 'cpu', dtype: 'uint8', layout: 'NHWC', shape: wanted.shape });
    expect(Buffer.compare((await images.download()).data, wanted.data)).toBe(0);
    expect(rest).toEqual(others);
    images.free();
  }
  expect(seen).toBe(here.length);
});

test('masks stay here, moved as the images are', async () => {
  const demo = await openDataset({ path: 'demo', demo: { count: 6 } });
  const options = { size: 32, masks: true, augment: { crop: 4, flip: true } } as const;
  const masks = [];
  for await (const batch of demo.batches({ ...options, device: 'cpu' })) masks.push(batch.masks);
  for await (const batch of demo.batches(options)) expect(batch.masks).toEqual(masks.shift());
  expect(masks).toEqual([]);
});

test('auto is a backend, as for uploadBatch', async () => {
  const { value } = await batches({ source }, { ...plan, device: 'auto' }).next();
  expect(value?.images).toMatchObject({
    backend: expect.stringMatching(/^(cuda|cpu)$/) as unknown,
    dtype: 'uint8',
  });
});

test('a device that is not there is an error before anything is read', async () => {
  await expect(batches({ source }, { device: 'tpu' }).next()).rejects.toMatchObject({
    code: 'BACKEND',
    message: expect.stringContaining('"cpu"') as unknown,
  });
});
