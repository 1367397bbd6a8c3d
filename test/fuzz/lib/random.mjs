/** Random numbers from a text: the same text gives the same numbers. */
import { createHash } from 'node:crypto';

/** xorshift128 (Marsaglia, Journal of Statistical Software 8/14, 2003), begun with a hash of the text. */
export class Random {
  #state;

  constructor(text) {
    const hash = createHash('sha256').update(text).digest();
    this.#state = [0, 4, 8, 12].map((at) => hash.readUInt32LE(at) | 1);
  }

  /** 32 bits. */
  next() {
    const [x, y, z, w] = this.#state;
    const t = x ^ (x << 11);
    const made = (w ^ (w >>> 19) ^ (t ^ (t >>> 8))) >>> 0;
    this.#state = [y, z, w, made];
    return made;
  }

  /** A whole number from 0 to n − 1. */
  below(n) {
    return Math.floor((this.next() / 2 ** 32) * n);
  }

  /** True once in so many times. */
  oneIn(n) {
    return this.below(n) === 0;
  }

  pick(list) {
    return list[this.below(list.length)];
  }

  bytes(length) {
    return Buffer.from(Array.from({ length }, () => this.below(256)));
  }

  /** Small numbers mostly, and now and then one up to `most`. */
  small(most) {
    return this.below(1 + Math.min(most, 2 ** this.below(Math.ceil(Math.log2(most + 1)) + 1)));
  }
}
