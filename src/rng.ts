/**
 * The seeded generator behind every random choice: Philox 4×32-10 (Salmon et al., "Parallel random numbers: as easy
 * as 1, 2, 3", SC 2011). It is a function of (key, counter) without state, so a number is addressed, not drawn in
 * turn: (seed, epoch, batch, sample, purpose). Any worker, in any order, gets the same bits for the same address.
 */

/** What a number is for. Each purpose is a stream of its own, so a new one never shifts the others. */
export const Purpose = {
  shuffle: 0,
  pairing: 1,
  mixing: 2,
  lambda: 3,
  place: 4,
  tieOfSource: 5,
  tieOfTarget: 6,
  choice: 7,
  augment: 8,
  drawing: 9,
  weights: 10,
  dropout: 11,
} as const;
export type Purpose = (typeof Purpose)[keyof typeof Purpose];

type Words = [number, number, number, number];

const M0 = 0xd2511f53;
const M1 = 0xcd9e8d57;
const W0 = 0x9e3779b9;
const W1 = 0xbb67ae85;

/** High 32 bits of the product of two 32-bit numbers, as a signed one; Math.imul gives the low ones. */
function mulhi(a: number, b: number): number {
  const al = a & 0xffff;
  const ah = a >>> 16;
  const bl = b & 0xffff;
  const bh = b >>> 16;
  const middle = (Math.imul(ah, bl) + (Math.imul(al, bl) >>> 16)) | 0;
  const low = (Math.imul(al, bh) + (middle & 0xffff)) | 0;
  return (Math.imul(ah, bh) + (middle >>> 16) + (low >>> 16)) | 0;
}

/**
 * The words of the block that was computed last: one place for all, as blocks are made by the hundred thousand. Signed, as
 * what does not fit in 31 bits and a sign is a double to the engine, and memory of its own where it is kept.
 */
const block = new Int32Array(4);

/** One block: ten rounds over a 128-bit counter with a 64-bit key, four words of 32 random bits. */
function computeBlock(c0: number, c1: number, c2: number, c3: number, k0: number, k1: number): void {
  for (let round = 0; round < 10; round++) {
    const h0 = mulhi(M0, c0);
    const l0 = Math.imul(M0, c0);
    const h1 = mulhi(M1, c2);
    const l1 = Math.imul(M1, c2);
    c0 = h1 ^ c1 ^ k0;
    c1 = l1;
    c2 = h0 ^ c3 ^ k1;
    c3 = l0;
    k0 = (k0 + W0) | 0;
    k1 = (k1 + W1) | 0;
  }
  block[0] = c0;
  block[1] = c1;
  block[2] = c2;
  block[3] = c3;
}

/** The block of a counter and a key. */
export function philox4x32(counter: Readonly<Words>, key: readonly [number, number]): Words {
  const [c0, c1, c2, c3] = counter;
  computeBlock(c0 | 0, c1 | 0, c2 | 0, c3 | 0, key[0] | 0, key[1] | 0);
  return [block[0] >>> 0, block[1] >>> 0, block[2] >>> 0, block[3] >>> 0];
}

/** Where in the run a number belongs. Each part is a whole number below 2^32. */
export interface Address {
  epoch: number;
  batch: number;
  sample: number;
}

/** The upper half of the key; a seed has up to 53 bits. */
const highOf = (seed: number) => Math.floor(seed / 0x100000000) | 0;

/** A double in [0, 1) with 53 random bits, of two words. */
const doubleOf = (first: number, second: number) =>
  ((first >>> 5) * 0x4000000 + (second >>> 6)) / 0x20000000000000;

/** The numbers of one address and purpose, in order: uniform, and what is made of uniform. */
export class Stream {
  #nextBlock: number;
  /** Words of the block that are left, and all of them, signed. */
  #left = 0;
  #w0 = 0;
  #w1 = 0;
  #w2 = 0;
  #w3 = 0;
  readonly #low: number;
  readonly #high: number;
  #sample: number;
  readonly #batch: number;
  readonly #epoch: number;

  constructor(seed: number, purpose: Purpose, at: Address) {
    this.#low = seed | 0;
    this.#high = highOf(seed);
    this.#nextBlock = purpose << 24;
    this.#sample = at.sample | 0;
    this.#batch = at.batch | 0;
    this.#epoch = at.epoch | 0;
  }

  /** Goes on as another stream of the batch: a new one for every number of a sample would be garbage at once. */
  moveTo(purpose: Purpose, sample: number): this {
    this.#nextBlock = purpose << 24;
    this.#sample = sample | 0;
    this.#left = 0;
    return this;
  }

  /** 32 random bits. */
  bits(): number {
    if (this.#left === 0) this.#compute();
    const left = this.#left;
    this.#left = left - 1;
    return (left === 4 ? this.#w0 : left === 3 ? this.#w1 : left === 2 ? this.#w2 : this.#w3) >>> 0;
  }

  /** A double in [0, 1) with 53 random bits. */
  uniform(): number {
    if (this.#left === 0) this.#compute();
    const left = this.#left;
    if (left % 2 === 1) return doubleOf(this.bits(), this.bits());
    this.#left = left - 2;
    return left === 4 ? doubleOf(this.#w0, this.#w1) : doubleOf(this.#w2, this.#w3);
  }

  #compute(): void {
    computeBlock(this.#nextBlock, this.#sample, this.#batch, this.#epoch, this.#low, this.#high);
    this.#nextBlock = (this.#nextBlock + 1) | 0;
    this.#left = 4;
    this.#w0 = block[0];
    this.#w1 = block[1];
    this.#w2 = block[2];
    this.#w3 = block[3];
  }

  /** A whole number from 0 to n − 1. */
  below(n: number): number {
    return Math.floor(this.uniform() * n);
  }

  /** Standard normal, by Marsaglia's polar method. */
  normal(): number {
    for (;;) {
      const x = 2 * this.uniform() - 1;
      const y = 2 * this.uniform() - 1;
      const r = x * x + y * y;
      if (r > 0 && r < 1) return x * Math.sqrt((-2 * Math.log(r)) / r);
    }
  }

  /**
   * Beta(α, α), α > 0. α = 1 is the uniform number itself, which is the paper's λ; below 1 it is Jöhnk's method in
   * logarithms (u^(1/α) underflows for small α), above 1 the ratio of two gammas.
   */
  beta(alpha: number): number {
    if (alpha === 1) return this.uniform();
    if (alpha > 1) {
      const x = gamma(this, alpha);
      return x / (x + gamma(this, alpha));
    }
    for (;;) {
      const logX = Math.log(this.uniform()) / alpha;
      const logY = Math.log(this.uniform()) / alpha;
      const larger = Math.max(logX, logY);
      const logSum = larger + Math.log(Math.exp(logX - larger) + Math.exp(logY - larger));
      if (logSum <= 0 && larger > -Infinity) return Math.exp(logX - logSum);
    }
  }
}

/** Gamma(shape ≥ 1, 1): Marsaglia & Tsang, "A simple method for generating gamma variables" (2000). */
function gamma(stream: Stream, shape: number): number {
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = stream.normal();
    const v = (1 + c * x) ** 3;
    const u = stream.uniform();
    if (v > 0 && Math.log(u) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
}

/**
 * A seeded Fisher–Yates permutation of 0 … n − 1; every order has the same chance, fixed points are allowed. The swap
 * of position i uses the number at sample i.
 */
export function permutation(
  n: number,
  seed: number,
  purpose: Purpose,
  at: Omit<Address, 'sample'>,
): Uint32Array {
  const order = new Uint32Array(n);
  for (let i = 0; i < n; i++) order[i] = i;
  for (let i = n - 1; i > 0; i--) {
    computeBlock(purpose << 24, i, at.batch | 0, at.epoch | 0, seed | 0, highOf(seed));
    const j = Math.floor(doubleOf(block[0], block[1]) * (i + 1));
    const swapped = order[i];
    order[i] = order[j];
    order[j] = swapped;
  }
  return order;
}
