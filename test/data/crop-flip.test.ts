import { applyCropFlip, drawCropFlip } from '../../src/data/crop-flip';
import { batches } from '../../src/data/batches';
import { Purpose, Stream } from '../../src/rng';
import { noise, sourceOf } from './fixtures';

const image = { pixels: noise(5, 4), height: 5, width: 4 };

/** The definition, pixel by pixel. */
function slow(dy: number, dx: number, flip: boolean): Uint8Array {
  const { pixels, height, width } = image;
  const out = new Uint8Array(pixels.length);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const from = [row + dy, (flip ? width - 1 - column : column) + dx];
      if (from[0] < 0 || from[0] >= height || from[1] < 0 || from[1] >= width) continue;
      for (let channel = 0; channel < 3; channel++) {
        out[(row * width + column) * 3 + channel] = pixels[(from[0] * width + from[1]) * 3 + channel];
      }
    }
  }
  return out;
}

test('every shift and flip, shifts beyond the image too, agree with the definition', () => {
  for (let dy = -7; dy <= 7; dy++) {
    for (let dx = -7; dx <= 7; dx++) {
      for (const flip of [false, true]) {
        const out = new Uint8Array(image.pixels.length).fill(77);
        applyCropFlip(image, { dy, dx, flip }, out);
        expect(out).toEqual(slow(dy, dx, flip));
      }
    }
  }
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

test('the iterator draws by epoch, batch and slot, and holes shift nothing', async () => {
  const source = sourceOf(6, async (index) => (index === 1 ? new Uint8Array(0) : image));
  const augment = { flip: true, crop: 2 };
  const options = { batch: 3, shuffle: false, augment, seed: 5, epoch: 4, onBad: 'skip' } as const;
  for await (const { batch, slots, images } of batches({ source }, { ...options, size: 'keep' })) {
    expect(slots.of).toEqual(batch === 0 ? [0, 2] : [0, 1, 2]);
    slots.of.forEach((sample, i) => {
      const { dy, dx, flip } = drawCropFlip(augment, 5, { epoch: 4, batch, sample });
      expect(images.data.subarray(i * 60, (i + 1) * 60)).toEqual(slow(dy, dx, flip));
    });
  }
});
