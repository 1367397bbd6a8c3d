import { applyPlan, createMixer, type ImageBatch, type MaskBatch, oneOf } from '../../src';
import { classNumbers, noise } from '../batches';

const SHAPES = [
  [6, 24, 31, 3],
  [5, 1, 1, 3],
  [4, 1, 50, 1],
  [4, 33, 1, 1],
  [3, 7, 5, 3],
  [8, 32, 32, 3],
] as const;

/** The definition: row i of the patch's h rows shows row ⌊i·H/h⌋ of the source, columns alike. */
function expected(
  data: ArrayLike<number>,
  shape: readonly number[],
  plan: Awaited<ReturnType<typeof planOf>>,
) {
  const [, height, width, channels] = shape;
  const valueAt = (image: number, row: number, col: number, c: number) =>
    data[((image * height + row) * width + col) * channels + c];
  return plan.samples.flatMap(({ target, source, to }) =>
    Array.from({ length: height * width * channels }, (_, at) => {
      const c = at % channels;
      const col = Math.floor(at / channels) % width;
      const row = Math.floor(at / channels / width);
      if (!to || row < to.top || row >= to.bottom || col < to.left || col >= to.right)
        return valueAt(target, row, col, c);
      const of = (i: number, whole: number, shown: number) => Math.floor((i * whole) / shown);
      const shownRow = of(row - to.top, height, to.bottom - to.top);
      return valueAt(source, shownRow, of(col - to.left, width, to.right - to.left), c);
    }),
  );
}

const mixerFor = (options = {}) => createMixer({ method: 'resizemix', seed: 5, classes: 3, ...options });
const planOf = (batch: ImageBatch, options = {}, number = 0) =>
  mixerFor(options).plan(batch, { batch: number });

test.each(SHAPES)('%j × %i × %i × %i: nearest pixels, lambda counted from the box', async (...shape) => {
  const batch = noise(4, shape);
  const [count, height, width] = shape;
  const { images, plan, labels } = await mixerFor().mix(batch, classNumbers(count, 3));
  expect([...images.data]).toEqual(expected(batch.data, shape, plan));
  plan.samples.forEach(({ kind, to, from, lambda, target, source }, i) => {
    expect([kind, from]).toEqual(['resize', { top: 0, left: 0, bottom: height, right: width }]);
    const { top, left, bottom, right } = to as NonNullable<typeof to>;
    expect(lambda).toBe(1 - ((bottom - top) * (right - left)) / (height * width));
    const soft = [0, 0, 0];
    const classes = classNumbers(count, 3);
    soft[classes[target]] += lambda;
    soft[classes[source]] += 1 - lambda;
    [...labels.subarray(3 * i, 3 * i + 3)].forEach((weight, k) => expect(weight).toBeCloseTo(soft[k], 6));
  });
  const again = await applyPlan(JSON.parse(JSON.stringify(plan)), batch);
  expect(again.data).toEqual(images.data);
});

test('both sides are the same share of the image, from 0.1 to 0.8 of it, at any place', async () => {
  const batch = noise(4, [64, 100, 100, 1]);
  const boxes = [];
  for (let number = 0; number < 10; number++) {
    const { samples } = await planOf(batch, {}, number);
    boxes.push(...samples.map(({ to }) => to as NonNullable<typeof to>));
  }
  const sides = boxes.map(({ top, bottom }) => bottom - top);
  expect(boxes.every(({ left, right }, i) => right - left === sides[i])).toBe(true);
  expect([Math.min(...sides), Math.max(...sides)]).toEqual([10, 79]);
  const mean = sides.reduce((sum, side) => sum + side, 0) / sides.length;
  expect(Math.abs(mean - 44.5)).toBeLessThan(2.5);
  expect(Math.min(...boxes.map(({ top }) => top))).toBe(0);
  expect(boxes.some(({ bottom }) => bottom === 100)).toBe(true);
  // Of places that a box of its size can have, each is as likely.
  const places = boxes.map(({ left, right }) => left / (100 - (right - left)));
  const middle = places.reduce((sum, place) => sum + place, 0) / places.length;
  expect(Math.abs(middle - 0.5)).toBeLessThan(0.04);
});

test('per batch, with a probability, and among other methods', async () => {
  const batch = noise(6, [9, 20, 30, 3]);
  const { samples } = await planOf(batch, { per: 'batch' });
  expect(new Set(samples.map(({ to }) => JSON.stringify(to))).size).toBe(1);
  const some = await planOf(noise(1, [64, 8, 8, 1]), { probability: 0.5 });
  const mixed = some.samples.filter((sample) => sample.mixed).length;
  expect(mixed > 16 && mixed < 48).toBe(true);
  const either = oneOf(
    [
      [{ method: 'resizemix' }, 1],
      [{ method: 'saliencymix' }, 1],
    ],
    { seed: 3, classes: 2 },
  );
  const drawn = await either.mix(batch, classNumbers(9, 2));
  expect(new Set(drawn.plan.samples.map(({ kind }) => kind))).toEqual(new Set(['resize', 'paste']));
  expect((await applyPlan(drawn.plan, batch)).data).toEqual(drawn.images.data);
});

test('label maps of 8 and 32 bits show the same pixels', async () => {
  const batch = noise(6, [5, 13, 17, 1]);
  const plan = await planOf(batch);
  const wide = Int32Array.from(batch.data, (v) => v * 1_000_000);
  const masks: MaskBatch = { data: wide, shape: [5, 13, 17] };
  expect([...(await applyPlan(plan, masks)).data]).toEqual(expected(wide, [5, 13, 17, 1], plan));
  const bytes: MaskBatch = { data: batch.data, shape: [5, 13, 17] };
  expect([...(await applyPlan(plan, bytes)).data]).toEqual(expected(batch.data, [5, 13, 17, 1], plan));
});

test('detection boxes of the source shrink with it', async () => {
  const batch = noise(6, [4, 40, 60, 1]);
  const plan = await planOf(batch);
  const inside = { top: 10, left: 15, bottom: 30, right: 45, label: 'cat' };
  const mixed = await applyPlan(plan, [[inside], [inside], [inside], [inside]], { minVisibility: 0 });
  plan.samples.forEach(({ to }, i) => {
    const { top, left, bottom, right } = to as NonNullable<typeof to>;
    const shown = mixed[i].at(-1) as typeof inside;
    expect(shown.top).toBeCloseTo(top + (bottom - top) / 4, 9);
    expect(shown.bottom).toBeCloseTo(top + (3 * (bottom - top)) / 4, 9);
    expect(shown.left).toBeCloseTo(left + (right - left) / 4, 9);
    expect(shown.right).toBeCloseTo(left + (3 * (right - left)) / 4, 9);
    expect(shown.label).toBe('cat');
  });
});

test('a plan whose source box is empty is refused', async () => {
  const batch = noise(6, [3, 10, 10, 1]);
  const plan = await planOf(batch);
  Object.assign(plan.samples[1], { from: { top: 2, left: 2, bottom: 2, right: 5 } });
  await expect(applyPlan(plan, batch)).rejects.toThrow(
    /a box that is not empty for plan\.samples\.from \(image 1\)/,
  );
});
