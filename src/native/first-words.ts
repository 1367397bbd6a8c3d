/** The random words that a batch needs first, drawn for all its samples at once: the same words, from the same addresses. */
import { type Address, FirstWords, keyOf, type Purpose } from '../rng';
import { addon } from './load';

/** For so few samples the call takes longer than drawing them one by one. */
const FEW = 16;

/** Memory of the words of each purpose. They are used before the next batch is drawn. */
const memory = new Map<Purpose, Int32Array>();

function memoryFor(purpose: Purpose, length: number): Int32Array {
  let words = memory.get(purpose);
  if (words === undefined || words.length < length) {
    words = new Int32Array(length);
    memory.set(purpose, words);
  }
  return words.subarray(0, length);
}

/** Of samples 0 … count − 1, for each purpose; undefined where there are few. Valid until it is called again. */
export function firstWords(
  purposes: readonly Purpose[],
  count: number,
  seed: number,
  { epoch, batch }: Omit<Address, 'sample'>,
): FirstWords | undefined {
  if (count < FEW) return undefined;
  const [low, high] = keyOf(seed);
  const drawn = new FirstWords();
  for (const purpose of purposes) {
    const words = memoryFor(purpose, 4 * count);
    addon().drawSamples({ counter: purpose << 24, batch, epoch, low, high, count, words });
    drawn.set(purpose, words);
  }
  return drawn;
}
