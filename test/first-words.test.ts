/** Random words that native code computes for a whole batch: those of the same addresses, used in the same order. */
import { firstWords } from '../src/native/first-words';
import { Purpose, permutation, Stream } from '../src/rng';

const numbersOf = (stream: Stream) => [
  stream.uniform(),
  stream.bits(),
  stream.beta(0.4),
  stream.below(1000),
  stream.normal(),
];

test.each([
  [0, { epoch: 0, batch: 0 }, 16],
  [2 ** 53 - 1, { epoch: 2 ** 32 - 1, batch: 3 }, 37],
  [0x1_0000_0005, { epoch: 4, batch: 2 ** 32 - 1 }, 300],
])('seed %i, %j, %i samples', (seed, at, count) => {
  const purposes = [Purpose.lambda, Purpose.place, Purpose.pairing];
  const first = firstWords(purposes, count, seed, at);
  expect(first).toBeDefined();
  const known = new Stream(seed, Purpose.lambda, { ...at, sample: 0 }, first);
  const plain = new Stream(seed, Purpose.lambda, { ...at, sample: 0 });
  expect(numbersOf(known)).toEqual(numbersOf(plain));
  // A purpose that was not computed, and samples beyond the last, too.
  for (const purpose of [Purpose.lambda, Purpose.place, Purpose.mixing])
    for (let sample = 0; sample < count + 3; sample++)
      expect(numbersOf(known.moveTo(purpose, sample))).toEqual(numbersOf(plain.moveTo(purpose, sample)));
  for (const n of [count, count - 5, count + 5])
    expect(permutation(n, seed, Purpose.pairing, at, first)).toEqual(
      permutation(n, seed, Purpose.pairing, at),
    );
});

test('few samples are drawn one by one', () => {
  expect(firstWords([Purpose.lambda], 15, 1, { epoch: 0, batch: 0 })).toBeUndefined();
});
