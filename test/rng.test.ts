import { Purpose, permutation, philox4x32, Stream } from '../src/rng';

const at = { epoch: 0, batch: 0, sample: 0 };
const hex = (words: readonly number[]) => words.map((word) => word.toString(16).padStart(8, '0')).join(' ');

// The known-answer vectors published with the generator (Random123, kat_vectors, philox4x32 with 10 rounds).
test.each([
  [[0, 0, 0, 0], [0, 0], '6627e8d5 e169c58d bc57ac4c 9b00dbd8'],
  [
    [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
    [0xffffffff, 0xffffffff],
    '408f276d 41c83b0e a20bc7c6 6d5451fd',
  ],
  [
    [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    [0xa4093822, 0x299f31d0],
    'd16cfe09 94fdcceb 5001e420 24126ea1',
  ],
] as [[number, number, number, number], [number, number], string][])(
  'Philox 4×32-10 of %p',
  (counter, key, answer) => {
    expect(hex(philox4x32(counter, key))).toBe(answer);
  },
);

test('a stream is the blocks of its address: purpose and block, sample, batch, epoch; the seed is the key', () => {
  const stream = new Stream(0x1_0000_0005, Purpose.lambda, { epoch: 4, batch: 3, sample: 2 });
  const words = Array.from({ length: 8 }, () => stream.bits());
  const first = (Purpose.lambda << 24) >>> 0;
  expect(words.slice(0, 4)).toEqual(philox4x32([first, 2, 3, 4], [5, 1]));
  expect(words.slice(4)).toEqual(philox4x32([first + 1, 2, 3, 4], [5, 1]));
});

test('streams that take turns give what each gives alone', () => {
  const make = () => [1, 2].map((sample) => new Stream(2 ** 53 - 1, Purpose.place, { ...at, sample }));
  const alone = make().map((stream) => Array.from({ length: 11 }, () => stream.bits()));
  const together = make();
  const turns = Array.from({ length: 11 }, () => together.map((stream) => stream.bits()));
  expect([0, 1].map((which) => turns.map((turn) => turn[which]))).toEqual(alone);
  expect(alone[0].slice(8, 11)).toEqual(
    philox4x32([((Purpose.place << 24) | 2) >>> 0, 1, 0, 0], [0xffffffff, 0x1fffff]).slice(0, 3),
  );
});

test('a stream that is moved gives what a new one gives, also from the middle of a block', () => {
  const address = { epoch: 3, batch: 5, sample: 7 };
  for (const taken of [0, 1, 2, 3, 4, 5]) {
    const moved = new Stream(11, Purpose.place, address);
    for (let i = 0; i < taken; i++) moved.bits();
    moved.moveTo(Purpose.lambda, 8);
    const fresh = new Stream(11, Purpose.lambda, { ...address, sample: 8 });
    for (let i = 0; i < 9; i++) expect(moved.bits()).toBe(fresh.bits());
    expect(moved.uniform()).toBe(fresh.uniform());
  }
});

test('purposes, seeds, epochs, batches and samples have streams of their own', () => {
  const firsts = [
    new Stream(1, Purpose.place, at),
    new Stream(1, Purpose.lambda, at),
    new Stream(2, Purpose.place, at),
    new Stream(1 + 2 ** 32, Purpose.place, at),
    new Stream(1, Purpose.place, { ...at, epoch: 1 }),
    new Stream(1, Purpose.place, { ...at, batch: 1 }),
    new Stream(1, Purpose.place, { ...at, sample: 1 }),
  ].map((stream) => stream.uniform());
  expect(new Set(firsts).size).toBe(firsts.length);
  expect(new Set(Object.values(Purpose)).size).toBe(Object.values(Purpose).length);
});

/** Largest distance between the empirical distribution and the true one (Kolmogorov & Smirnov). */
function distance(values: number[], cumulative: (x: number) => number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return Math.max(
    ...sorted.map((x, i) =>
      Math.max(
        Math.abs(cumulative(x) - i / sorted.length),
        Math.abs(cumulative(x) - (i + 1) / sorted.length),
      ),
    ),
  );
}

/** Beta(α, α) distribution function by integrating the density of x = sin²(θ), which has no poles. */
function betaCumulative(alpha: number): (x: number) => number {
  const steps = 4000;
  const sums = [0];
  for (let i = 0; i < steps; i++) {
    const theta = ((i + 0.5) / steps) * (Math.PI / 2);
    sums.push(sums[i] + (Math.sin(theta) * Math.cos(theta)) ** (2 * alpha - 1));
  }
  return (x) => {
    const position = (Math.asin(Math.sqrt(x)) / (Math.PI / 2)) * steps;
    const below = Math.min(Math.floor(position), steps - 1);
    return (sums[below] + (position - below) * (sums[below + 1] - sums[below])) / sums[steps];
  };
}

// 1.63 / √n is the 1 % point; the numbers are fixed, so this passes always or never.
test.each([0.2, 0.5, 1, 2, 8])('Beta(%p, α) has its distribution', (alpha) => {
  const n = 20_000;
  const values = Array.from({ length: n }, (_, sample) =>
    new Stream(9, Purpose.lambda, { ...at, sample }).beta(alpha),
  );
  expect(distance(values, betaCumulative(alpha))).toBeLessThan(1.63 / Math.sqrt(n));
});

test('tiny α gives numbers near 0 and 1, never NaN', () => {
  const values = Array.from({ length: 500 }, (_, sample) =>
    new Stream(9, Purpose.lambda, { ...at, sample }).beta(0.001),
  );
  expect(values.every((v) => v >= 0 && v <= 1)).toBe(true);
  expect(values.filter((v) => v > 0.5).length).toBeGreaterThan(200);
  expect(values.filter((v) => v < 0.5).length).toBeGreaterThan(200);
});

test('a permutation swaps place i with floor(u · (i + 1)), u being the number of sample i, from the last on', () => {
  const expected = Array.from({ length: 300 }, (_, i) => i);
  for (let i = 299; i > 0; i--) {
    const j = new Stream(7 * 2 ** 40 + 1, Purpose.shuffle, { epoch: 3, batch: 2, sample: i }).below(i + 1);
    [expected[i], expected[j]] = [expected[j], expected[i]];
  }
  const order = permutation(300, 7 * 2 ** 40 + 1, Purpose.shuffle, { epoch: 3, batch: 2 });
  expect(Array.from(order)).toEqual(expected);
});

test('a permutation holds every number once, and every place is equally likely', () => {
  expect([...permutation(1, 5, Purpose.pairing, at)]).toEqual([0]);
  const n = 6;
  const counts = Array.from({ length: n * n }, () => 0);
  for (let batch = 0; batch < 6000; batch++) {
    const order = permutation(n, 5, Purpose.pairing, { epoch: 0, batch });
    expect([...order].toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5]);
    order.forEach((value, i) => counts[i * n + value]++);
  }
  const chiSquare = counts.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
  expect(chiSquare).toBeLessThan(52.6); // 25 degrees of freedom, 0.1 % point
});
