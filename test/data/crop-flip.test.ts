import { type CropFlip, drawCropFlips, drawCropFlip } from '../../src/data/crop-flip';
import { batches } from '../../src/data/batches';
import { hostInput } from '../../src/native/batch-input';
import { cropFlip } from '../../src/native/crop-flip';
import { Purpose, Stream } from '../../src/rng';
import type { ImageBatch } from '../../src/types';
import { jpeg, noise, png, sourceOf } from './fixtures';

const image = { pixels: noise(5, 4), height: 5, width: 4 };

/** The definition, pixel by pixel: (row, column) shows (row + dy, column + dx), mirrored afterwards, zero outside. */
function defined({ data, shape: [, height, width] }: ImageBatch, draws: readonly CropFlip[]): Uint8Array {
  const out = new Uint8Array(data.length);
  draws.forEach(({ dy, dx, flip }, i) => {
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        const [y, x] = [row + dy, (flip ? width - 1 - column : column) + dx];
        if (y < 0 || y >= height || x < 0 || x >= width) continue;
        const from = ((i * height + y) * width + x) * 3;
        out.set(data.subarray(from, from + 3), ((i * height + row) * width + column) * 3);
      }
    }
  });
  return out;
}

/** What is under test, for a whole batch; what lies around the result must stay. */
async function applied(images: ImageBatch, draws: readonly CropFlip[], threads: number): Promise<Uint8Array> {
  const { length } = images.data;
  const around = new Uint8Array(length + 64).fill(77);
  const numbers = Int32Array.from(draws.flatMap(({ dy, dx, flip }) => [dy, dx, Number(flip)]));
  await cropFlip(hostInput(images), numbers, { images: around.subarray(32, 32 + length) }, { threads });
  expect(around.every((value, i) => (i >= 32 && i < 32 + length) || value === 77)).toBe(true);
  return around.slice(32, 32 + length);
}

function imagesOf(count: number, height: number, width: number): ImageBatch {
  return { data: noise(count * height, width, 7), shape: [count, height, width, 3] };
}

/** Shifts up to a little more than the image. */
function randomDraws({ shape: [count, height, width] }: ImageBatch): CropFlip[] {
  return Array.from({ length: count }, (_, sample) => {
    const stream = new Stream(height + width, Purpose.augment, { epoch: 0, batch: count, sample });
    const shift = (side: number) => stream.below(2 * side + 5) - side - 2;
    return { dy: shift(height), dx: shift(width), flip: stream.below(2) === 1 };
  });
}

test('every shift and flip, shifts beyond the image too, agree with the definition', async () => {
  const draws: CropFlip[] = [];
  for (let dy = -7; dy <= 7; dy++) {
    for (let dx = -7; dx <= 7; dx++) draws.push({ dy, dx, flip: false }, { dy, dx, flip: true });
  }
  const images = imagesOf(draws.length, 5, 4);
  expect(await applied(images, draws, 1)).toEqual(defined(images, draws));
});

const SHAPES = [
  [1, 1, 1],
  [9, 1, 1],
  [12, 1, 40],
  [12, 40, 1],
  [40, 6, 6],
  [1, 33, 31],
  [2, 33, 31],
  [3, 48, 70],
  [64, 32, 32],
  [299, 8, 17],
  [300, 33, 31],
  [64, 80, 72], // more than is done at once, on the thread of the caller
] as const;

test.each(SHAPES)('%i images of %i × %i, on one thread and on two', async (count, height, width) => {
  const images = imagesOf(count, height, width);
  const draws = randomDraws(images);
  const expected = Buffer.from(defined(images, draws));
  for (const threads of [1, 2]) {
    expect(Buffer.compare(await applied(images, draws, threads), expected)).toBe(0);
  }
});

test('stops when asked to, and refuses memory of another size', async () => {
  const images = imagesOf(2, 5, 4);
  const [draws, result] = [new Int32Array(6), new Uint8Array(120)];
  const reason = new Error('enough');
  const input = hostInput(images);
  const aborted = { signal: AbortSignal.abort(reason) };
  await expect(cropFlip(input, draws, { images: result }, aborted)).rejects.toBe(reason);
  await expect(cropFlip(input, draws.subarray(3), { images: result })).rejects.toThrow(
    /draws must be 6 elements/,
  );
  await expect(cropFlip(input, draws, { images: result.subarray(1) })).rejects.toThrow(
    /images must be 120 elements/,
  );
});

test('draws dy, dx, flip in that order from the stream of its address', () => {
  const at = { epoch: 1, batch: 2, sample: 3 };
  const stream = new Stream(9, Purpose.augment, at);
  const expected = { dy: stream.below(9) - 4, dx: stream.below(9) - 4, flip: stream.uniform() < 0.5 };
  expect(drawCropFlip({ flip: true, crop: 4 }, 9, at)).toEqual(expected);
  expect(drawCropFlip({ crop: 4 }, 9, at)).toEqual({ ...expected, flip: false });
  expect(drawCropFlip({ flip: true }, 9, at)).toEqual({ dy: 0, dx: 0, flip: expected.flip });
});

test('draws reach both ends and are even', () => {
  const draws = Array.from({ length: 4000 }, (_, sample) =>
    drawCropFlip({ flip: true, crop: 1 }, 0, { epoch: 0, batch: 0, sample }),
  );
  for (const side of [-1, 0, 1]) {
    expect(draws.filter(({ dy }) => dy === side).length / 4000).toBeCloseTo(1 / 3, 1);
    expect(draws.filter(({ dx }) => dx === side).length / 4000).toBeCloseTo(1 / 3, 1);
  }
  expect(draws.filter(({ flip }) => flip).length / 4000).toBeCloseTo(0.5, 1);
});

test('a batch has the draws of its images', () => {
  const draws = drawCropFlips({ flip: true, crop: 3 }, 6, { epoch: 1, batch: 2 }, 5);
  const each = [0, 1, 2, 3, 4].map((sample) =>
    drawCropFlip({ flip: true, crop: 3 }, 6, { epoch: 1, batch: 2, sample }),
  );
  expect(Array.from(draws)).toEqual(each.flatMap(({ dy, dx, flip }) => [dy, dx, Number(flip)]));
});

test('the iterator draws by epoch, batch and slot, and holes shift nothing', async () => {
  const source = sourceOf(6, async (index) => (index === 1 ? new Uint8Array(0) : image));
  const augment = { flip: true, crop: 2 };
  const options = { batch: 3, shuffle: false, augment, seed: 5, epoch: 4, onBad: 'skip' } as const;
  for await (const { batch, slots, images } of batches({ source }, { ...options, size: 'keep' })) {
    expect(slots.of).toEqual(batch === 0 ? [0, 2] : [0, 1, 2]);
    slots.of.forEach((sample, i) => {
      const one: ImageBatch = { data: image.pixels, shape: [1, 5, 4, 3] };
      const draws = [drawCropFlip(augment, 5, { epoch: 4, batch, sample })];
      expect(images.data.subarray(i * 60, (i + 1) * 60)).toEqual(defined(one, draws));
    });
  }
});

test('files decoded natively, files decoded otherwise, ready pixels and holes come to the same', async () => {
  const pixels = noise(20, 24);
  const kinds = [
    await jpeg(pixels, 20, 24),
    await png(pixels, 20, 24),
    { pixels: noise(9, 8), height: 9, width: 8 },
    new Uint8Array(3),
    { pixels: noise(13, 11, 5), height: 13, width: 11 }, // already of the size
  ];
  const source = sourceOf(23, async (index) => kinds[index % kinds.length]);
  const augment = { flip: true, crop: 3 };
  const options = { batch: 10, size: [13, 11] as const, seed: 8, epoch: 2, onBad: 'skip' } as const;
  const asTheyAre: ImageBatch[] = [];
  for await (const { images } of batches({ source }, options)) asTheyAre.push(images);
  expect(asTheyAre).toHaveLength(3);
  for await (const { batch, images, slots } of batches({ source }, { ...options, augment })) {
    const draws = slots.of.map((sample) => drawCropFlip(augment, 8, { epoch: 2, batch, sample }));
    expect(images.data).toEqual(defined(asTheyAre[batch], draws));
  }
});

test('a whole batch is drawn as its samples are one by one', () => {
  const [options, at] = [
    { flip: true, crop: 6 },
    { epoch: 3, batch: 5 },
  ];
  const draws = drawCropFlips(options, 12, at, 40);
  for (let sample = 0; sample < 40; sample++) {
    const { dy, dx, flip } = drawCropFlip(options, 12, { ...at, sample });
    expect([...draws.subarray(3 * sample, 3 * sample + 3)]).toEqual([dy, dx, Number(flip)]);
  }
});
