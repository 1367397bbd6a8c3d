/** Batches that are drawn ahead, while native code works, are the same as those that are drawn when asked for. */
import { createMixer, type ImageBatch, type MixedBatch, type MixerOptions, oneOf } from '../../src';
import { DrawAhead } from '../../src/mix/ahead';
import type { DrawAddress, DrawShape } from '../../src/mix/draw';
import { newRecords } from '../../src/mix/records';
import { classNumbers, noise } from '../batches';

const CLASSES = 4;
const SEED = 9;

interface Asked {
  images: ImageBatch;
  epoch?: number;
  batch: number;
  slots?: { of: number[]; count: number };
}

const large = noise(1, [12, 20, 17, 3]);
const small = noise(2, [5, 20, 17, 3]);
const holes = { of: [0, 2, 3, 7, 11], count: 12 };
const whole = { of: [0, 1, 2, 3, 4], count: 5 };

/** An epoch, its last batch shorter; the next one; a jump; missing images, and none missing; and a row again. */
const ASKED: Asked[] = [
  ...[0, 1, 2, 3].map((batch) => ({ images: large, batch })),
  { images: small, batch: 4 },
  ...[0, 1, 2].map((batch) => ({ images: large, epoch: 1, batch })),
  { images: large, epoch: 1, batch: 9 },
  { images: large, epoch: 1, batch: 9 },
  { images: small, epoch: 1, batch: 10, slots: holes },
  { images: small, epoch: 1, batch: 11, slots: holes },
  { images: small, epoch: 1, batch: 12, slots: whole },
  { images: small, epoch: 1, batch: 13 },
  { images: small, epoch: 1, batch: 14, slots: whole },
];

const METHODS: [string, MixerOptions][] = [
  ['saliencymix', { method: 'saliencymix' }],
  ['ties and probability', { method: 'saliencymix', ties: 'random', probability: 0.6 }],
  ['cutmix', { method: 'cutmix', alpha: 0.4 }],
  ['one draw for the batch', { method: 'mixup', per: 'batch' }],
];

function mix(mixer: ReturnType<typeof createMixer>, { images, ...address }: Asked): Promise<MixedBatch> {
  return mixer.mix(images, classNumbers(images.shape[0], CLASSES), address);
}

function expectSame(found: MixedBatch, expected: MixedBatch): void {
  expect(found.plan).toEqual(expected.plan);
  expect(found.images).toEqual(expected.images);
  expect(found.labels).toEqual(expected.labels);
}

/** What a mixer gives that has drawn nothing before. */
const alone = (make: () => ReturnType<typeof createMixer>) =>
  Promise.all(ASKED.map((asked) => mix(make(), asked)));

describe.each(METHODS)('%s', (_, options) => {
  const make = () => createMixer({ ...options, classes: CLASSES, seed: SEED });

  test('one call after the other', async () => {
    const expected = await alone(make);
    const mixer = make();
    for (const [i, asked] of ASKED.entries()) expectSame(await mix(mixer, asked), expected[i]);
  });

  test('all calls at once', async () => {
    const expected = await alone(make);
    const mixer = make();
    const found = await Promise.all(ASKED.map((asked) => mix(mixer, asked)));
    found.forEach((mixed, i) => expectSame(mixed, expected[i]));
  });

  test('plans between the calls', async () => {
    const expected = await alone(make);
    const mixer = make();
    for (const [i, { images, ...address }] of ASKED.entries()) {
      if (i % 3 === 0) expect(await mixer.plan(images, address)).toEqual(expected[i].plan);
      expectSame(await mix(mixer, { images, ...address }), expected[i]);
    }
  });
});

test('several sets of options', async () => {
  const make = () =>
    oneOf(
      [
        [{ method: 'saliencymix' }, 1],
        [{ method: 'mixup' }, 1],
      ],
      { classes: CLASSES, seed: SEED },
    );
  const expected = await alone(make);
  const mixer = make();
  for (const [i, asked] of ASKED.entries()) expectSame(await mix(mixer, asked), expected[i]);
});

describe('what is drawn', () => {
  const shape: DrawShape = { count: 3, height: 4, width: 5 };
  const address = (batch: number, epoch = 0): DrawAddress => ({ seed: SEED, epoch, batch });

  function recorder() {
    const drawn: number[] = [];
    const draws = new DrawAhead((_, { batch }) => {
      drawn.push(batch);
      return { records: newRecords(3) };
    });
    return { drawn, draws };
  }

  test('ahead only where two batches came in a row, and once', () => {
    const { drawn, draws } = recorder();
    draws.take(shape, address(0));
    draws.drawNext();
    expect(drawn).toEqual([0]);
    draws.take(shape, address(1));
    draws.drawNext();
    draws.drawNext();
    expect(drawn).toEqual([0, 1, 2]);
    const taken = draws.take(shape, address(2));
    expect(drawn).toEqual([0, 1, 2]);
    expect(draws.take(shape, address(2))).not.toBe(taken);
    expect(drawn).toEqual([0, 1, 2, 2]);
  });

  test.each([
    ['another size', { ...shape, height: 8 }, address(2)],
    ['another number of images', { ...shape, count: 2 }, address(2)],
    ['missing images', { ...shape, slots: { of: [0, 1, 3], count: 4 } }, address(2)],
    ['another epoch', shape, address(2, 1)],
    ['another batch', shape, address(3)],
  ])('anew for %s', (_, otherDrawing, otherAddress) => {
    const { drawn, draws } = recorder();
    draws.take(shape, address(0));
    draws.take(shape, address(1));
    draws.drawNext();
    draws.take(otherDrawing, otherAddress);
    expect(drawn).toEqual([0, 1, 2, otherAddress.batch]);
    draws.drawNext();
    expect(drawn).toHaveLength(4); // no longer in a row
  });

  test('a draw that fails ahead fails nobody', () => {
    let failing = false;
    const draws = new DrawAhead(() => {
      if (failing) throw new RangeError('Array buffer allocation failed');
      return { records: newRecords(3) };
    });
    draws.take(shape, address(0));
    draws.take(shape, address(1));
    failing = true;
    expect(() => draws.drawNext()).not.toThrow();
    expect(() => draws.take(shape, address(2))).toThrow('Array buffer allocation failed');
  });
});
