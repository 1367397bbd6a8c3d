/** Which part of an image is shown: random boxes and centres as torchvision has them, the same however images are read. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type BatchOptions, openDataset } from '../../src';
import { batches } from '../../src/data/batches';
import { decode, framed } from '../../src/data/codec';
import { cropOfSlot, drawResizedCrops } from '../../src/data/resized-crop';
import type { DatasetSource, RawImage } from '../../src/data/source';
import { goldenBatch, goldenSets } from '../golden';
import { failure, jpeg, noise, png, putShownMasks, sourceOf, temporaryFolder } from './fixtures';

const root = temporaryFolder();

interface Case {
  image: string;
  size: [number, number];
  ratio: [number, number];
  place: [number, number];
  tries: [number, number][];
  sha256: string;
  shorter: number;
  centreSha256: string;
}

const golden = JSON.parse(
  readFileSync(resolve(__dirname, '..', 'golden', 'framing', 'index.json'), 'utf8'),
) as { cases: Case[] };

const hashOf = (pixels: Uint8Array) => createHash('sha256').update(pixels).digest('hex').slice(0, 16);

test('boxes and centres are the very pixels of torchvision', async () => {
  const [synthetic] = goldenSets;
  const wrong: string[] = [];
  for (const { image, size, ratio, place, tries, sha256, shorter, centreSha256 } of golden.cases) {
    const { data, shape } = await goldenBatch(synthetic, synthetic.images.find(({ id }) => id === image)!);
    const [, height, width, channels] = shape;
    const pixels =
      channels === 3 ? data : Uint8Array.from({ length: 3 * data.length }, (_, i) => data[Math.floor(i / 3)]);
    const whole = { pixels, height, width };
    const crops = Float64Array.from([...ratio, ...place, ...tries.flat()]);
    if (hashOf((await framed(whole, size, { crops })).pixels) !== sha256) wrong.push(`${image}: box`);
    if (hashOf((await framed(whole, size, { shorter })).pixels) !== centreSha256)
      wrong.push(`${image}: centre`);
  }
  expect(golden.cases).toHaveLength(53);
  expect(wrong).toEqual([]);
});

/** The batches of an epoch as one array of pixels for each slot's id. */
async function pixelsOf(source: DatasetSource, options: BatchOptions): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for await (const { images, ids } of batches({ source }, options)) {
    const each = images.data.length / ids.length;
    for (const [i, id] of ids.entries())
      found.set(id, hashOf(images.data.subarray(i * each, (i + 1) * each)));
  }
  return found;
}

const cropped = { resizedCrop: true, cropArea: [0.2, 0.9], cropRatio: [0.5, 2] } as const;

test.each([{ augment: cropped }, { resize: 40 }])(
  'JPEG files by the addon, by sharp, and decoded images: the same pixels with %j',
  async (framing) => {
    const files = await Promise.all(
      Array.from({ length: 7 }, (_, i) => jpeg(noise(37 + i, 53, i + 1), 37 + i, 53)),
    );
    const raw = await Promise.all(files.map((file) => decode(file, undefined, 'file')));
    const pngs = await Promise.all(raw.map(({ pixels, height, width }) => png(pixels, height, width)));
    const options = { ...framing, size: 32, batch: 3, seed: 9, epoch: 2 } as const;
    const native = await pixelsOf(
      sourceOf(7, async (i) => files[i]),
      options,
    );
    expect(native.size).toBe(7);
    expect(
      await pixelsOf(
        sourceOf(7, async (i) => pngs[i]),
        options,
      ),
    ).toEqual(native);
    expect(
      await pixelsOf(
        sourceOf(7, async (i) => raw[i]),
        options,
      ),
    ).toEqual(native);
    const later = await pixelsOf(
      sourceOf(7, async (i) => raw[i]),
      { ...options, epoch: 3 },
    );
    expect([...later].filter(([id, pixels]) => native.get(id) === pixels)).toHaveLength(
      'resize' in framing ? 7 : 0,
    );
    expect(
      await pixelsOf(
        sourceOf(7, async (i) => raw[i]),
        { size: 32, batch: 3, seed: 9 },
      ),
    ).not.toEqual(native);
  },
);

test('an image of the size of the batch is framed, too, and so is one that all must have', async () => {
  const raw = { pixels: noise(32, 32), height: 32, width: 32 };
  const file = await jpeg(raw.pixels, 32, 32);
  const own = await decode(file, undefined, 'file');
  const crops = drawResizedCrops(
    { resizedCrop: true, cropArea: cropped.cropArea, cropRatio: cropped.cropRatio },
    1,
    { epoch: 0, batch: 0 },
    1,
  );
  const expected = hashOf((await framed(own, [32, 32], { crops })).pixels);
  expect(expected).not.toBe(hashOf(own.pixels));
  for (const size of [32, 'keep', 'auto'] as const) {
    const options = { augment: cropped, size, seed: 1 };
    expect([
      ...(
        await pixelsOf(
          sourceOf(1, async () => file),
          options,
        )
      ).values(),
    ]).toEqual([expected]);
    const decoded = sourceOf(1, async () => own);
    expect([...(await pixelsOf(decoded, options)).values()]).toEqual([expected]);
  }
  const others = sourceOf(2, async (i) => ({ pixels: noise(8 + i, 8), height: 8 + i, width: 8 }));
  const kept = batches({ source: others }, { augment: cropped, size: 'keep' }).next();
  expect(await failure(kept)).toMatchObject({ code: 'DATA' });
});

test.each([{ augment: cropped }, { resize: 31 }, { augment: cropped, size: 32 }])(
  'images that are read at once are framed as those that are read one by one: %j',
  async (framing) => {
    const raw = Array.from(
      { length: 20 },
      (_, i): RawImage => ({ pixels: noise(32, 32, i), height: 32, width: 32 }),
    );
    const single = sourceOf(20, async (i) => raw[i]);
    let bulk = 0;
    const source: DatasetSource = {
      ...single,
      read: () => Promise.reject(new Error('one by one')),
      bulk: {
        height: 32,
        width: 32,
        async read(indices, out) {
          bulk++;
          Array.from(indices, (index, i) => out.set(raw[index].pixels, i * 3072));
        },
      },
    };
    const options = { size: 20, batch: 8, seed: 2, ...framing };
    expect(await pixelsOf(source, options)).toEqual(await pixelsOf(single, options));
    expect(bulk).toBe(3);
  },
);

test('masks are cut as their images are', async () => {
  const data = join(root, 'masks');
  await putShownMasks(data, { count: 8, rows: 18, cols: 24 });
  const dataset = await openDataset(data);
  let shown = 0;
  for (const framing of [{ augment: { ...cropped, flip: true } }, { resize: 33 }]) {
    for (const size of [
      [30, 30],
      [16, 20],
    ] as const) {
      const options = { ...framing, size, batch: 5, masks: true, seed: 3 };
      for await (const { images, masks } of dataset.batches(options)) {
        const { data: found } = masks!;
        expect(found).toEqual(Uint8Array.from(found, (_, p) => (images.data[3 * p] > 127 ? 1 : 0)));
        shown += found.reduce((sum, v) => sum + v, 0);
      }
    }
  }
  expect(shown).toBeGreaterThan(1000);
  await dataset.close();
});

test('draws: shares of the area uniform, ratios in their logarithm, of a slot whatever the batch is', () => {
  const options = { resizedCrop: true, cropArea: [0.25, 0.75], cropRatio: [0.5, 2] } as const;
  const at = { epoch: 4, batch: 7 };
  const draws = drawResizedCrops(options, 11, at, 400);
  expect(cropOfSlot(drawResizedCrops(options, 11, at, 3), 2)).toEqual(cropOfSlot(draws, 2));
  expect(cropOfSlot(drawResizedCrops(options, 11, { ...at, batch: 8 }, 3), 2)).not.toEqual(
    cropOfSlot(draws, 2),
  );
  const numbers = (first: number) =>
    Array.from({ length: 400 }, (_, slot) =>
      Array.from(cropOfSlot(draws, slot)).filter((__, i) => i >= 4 && i % 2 === first),
    ).flat();
  const mean = (values: number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;
  const [areas, logs] = [numbers(0), numbers(1).map(Math.log2)];
  expect([areas.length, Math.min(...areas) >= 0.25, Math.max(...areas) <= 0.75]).toEqual([4000, true, true]);
  expect([Math.min(...logs) >= -1, Math.max(...logs) <= 1]).toEqual([true, true]);
  // Standard errors are 0.0023 and 0.0091.
  expect([Math.abs(mean(areas) - 0.5) < 0.01, Math.abs(mean(logs)) < 0.04]).toEqual([true, true]);
  expect(mean(logs.map((v) => v * v))).toBeCloseTo(1 / 3, 1);
});

test.each([
  [{ augment: { cropArea: [0.5, 1] } }, /nothing without resizedCrop for cropArea/],
  [
    { augment: { resizedCrop: true, cropArea: [0.9, 0.1] } },
    /the smaller number first for augment\.cropArea/,
  ],
  [{ augment: { resizedCrop: true, cropArea: [0, 1] } }, /augment\.cropArea/],
  [{ augment: { resizedCrop: true, cropArea: [0.1, 1.5] } }, /augment\.cropArea/],
  [
    { augment: { resizedCrop: true, cropRatio: [4 / 3, 3 / 4] } },
    /the smaller number first for augment\.cropRatio/,
  ],
  [{ augment: { resizedCrop: true, cropRatio: [0.5] } }, /2 numbers for augment\.cropRatio/],
  [{ resize: 31, size: 32 }, /at least 32, the longer side of size for resize/],
  [{ resize: 40, size: [16, 48] }, /at least 48/],
  [
    { resize: 64, size: 32, augment: { resizedCrop: true } },
    /nothing beside augment\.resizedCrop for resize/,
  ],
])('%j is refused', async (options, message) => {
  const source = sourceOf(1, async () => ({ pixels: noise(8, 8), height: 8, width: 8 }));
  const error = await failure(batches({ source }, options as BatchOptions).next());
  expect([error.code, error.message]).toEqual(['ARGUMENT', expect.stringMatching(message)]);
});
