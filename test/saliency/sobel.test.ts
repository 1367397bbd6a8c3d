/** Sobel maps against their definition, written out pixel by pixel: the same floats, for every shape. */
import { type ImageBatch, saliency } from '../../src';
import { noise } from '../batches';

const ACROSS = [
  [-1, 0, 1],
  [-2, 0, 2],
  [-1, 0, 1],
];
const DOWN = [
  [-1, -2, -1],
  [0, 0, 0],
  [1, 2, 1],
];

/** reflect-101: -1 is 1, n is n − 2; of an axis of length 1 there is only 0. */
const mirrored = (i: number, length: number) =>
  Math.max(0, Math.min(Math.abs(i), 2 * (length - 1) - Math.abs(i)));

function definition({ data, shape: [, height, width, channels] }: ImageBatch): Float32Array {
  const gray = (row: number, col: number) => {
    const at = (mirrored(row, height) * width + mirrored(col, width)) * channels;
    const [r, g, b] = channels === 3 ? data.subarray(at, at + 3) : [data[at], data[at], data[at]];
    return channels === 3 ? (9798 * r + 19235 * g + 3735 * b + 16384) >> 15 : r;
  };
  const gradient = (kernel: number[][], row: number, col: number) => {
    let sum = 0;
    for (let y = 0; y < 3; y++) {
      for (let x = 0; x < 3; x++) sum += kernel[y][x] * gray(row + y - 1, col + x - 1);
    }
    return sum;
  };
  const lengths = Float32Array.from({ length: height * width }, (_, i) => {
    const [gx, gy] = [ACROSS, DOWN].map((kernel) => gradient(kernel, Math.floor(i / width), i % width));
    return Math.sqrt(gx * gx + gy * gy);
  });
  const most = Math.max(...lengths);
  return lengths.map((value) => (most === 0 ? 0 : value / most));
}

const sides = [1, 2, 3, 4, 7, 33];
const shapes = sides.flatMap((height) =>
  sides.flatMap((width) => [1, 3].map((channels) => [1, height, width, channels] as const)),
);

test.each(shapes)('%d image of %d × %d × %d', async (...shape) => {
  const batch = noise(shape[1] * 64 + shape[2], shape);
  const { maps, peaks, lows } = await saliency(batch, { method: 'sobel' });
  const expected = definition(batch);
  expect(maps).toEqual(expected);
  const [, height, width] = shape;
  const firstOf = (value: number) => {
    const at = expected.indexOf(value);
    return Int32Array.of(Math.floor(at / width), at % width);
  };
  expect(peaks).toEqual(firstOf(Math.max(...expected)));
  expect(lows).toEqual(firstOf(Math.min(...expected)));
  // An axis of length 1 or 2 is the same on both sides of a pixel.
  expect(Math.max(...maps)).toBe(height < 3 && width < 3 ? 0 : 1);
});

test('of an image without edges all zero, its first pixel both peak and low', async () => {
  const flat = { data: new Uint8Array(2 * 5 * 6 * 3).fill(200), shape: [2, 5, 6, 3] as const };
  const { maps, peaks, lows } = await saliency(flat, { method: 'sobel' });
  expect(maps).toEqual(new Float32Array(60));
  expect([peaks, lows]).toEqual([new Int32Array(4), new Int32Array(4)]);
});
