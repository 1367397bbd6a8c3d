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
} as const;
export type Purpose = (typeof Purpose)[keyof typeof Purpose];

type Words = [number, number, number, number];

const M0 = 0xd2511f53;
const M1 = 0xcd9e8d57;
const W0 = 0x9e3779b9;
const W1 = 0xbb67ae85;

/** High 32 bits of a 32 × 32 bit product; Math.imul gives the low ones. */
function mulhi(a: number, b: number): number {
  const al = a & 0xffff;
  const ah = a >>> 16;
  const bl = b & 0xffff;
  const bh = b >>> 16;
  const middle = ah * bl + ((al * bl) >>> 16);
  const low = (middle & 0xffff) + al * bh;
  return (ah * bh + Math.floor(middle / 0x10000) + Math.floor(low / 0x10000)) >>> 0;
}

/** One block: ten rounds over a 128-bit counter with a 64-bit key, four words of 32 random bits. */
export function philox4x32(counter: Readonly<Words>, key: readonly [number, number]): Words {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const h0 = mulhi(M0, c0);
    const l0 = Math.imul(M0, c0) >>> 0;
    const h1 = mulhi(M1, c2);
    const l1 = Math.imul(M1, c2) >>> 0;
    c0 = (h1 ^ c1 ^ k0) >>> 0;
    c1 = l1;
    c2 = (h0 ^ c3 ^ k1) >>> 0;
    c3 = l0;
    k0 = (k0 + W0) >>> 0;
    k1 = (k1 + W1) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/** Where in the run a number belongs. Each part is a whole number below 2^32. */
export interface Address {
  epoch: number;
  batch: number;
  sample: number;
}

/** The numbers of one address and purpose, in order: uniform, and what is made of uniform. */
export class Stream {
  #block = 0;
  #words: number[] = [];
  readonly #key: readonly [number, number];
  readonly #at: Address;
  readonly #purpose: Purpose;

  constructor(seed: number, purpose: Purpose, at: Address) {
    this.#key = [seed >>> 0, Math.floor(seed / 0x100000000) >>> 0];
    this.#purpose = purpose;
    this.#at = at;
  }

  /** 32 random bits. */
  bits(): number {
    if (this.#words.length === 0) {
      const first = ((this.#purpose << 24) | this.#block++) >>> 0;
      this.#words = philox4x32(
        [first, this.#at.sample >>> 0, this.#at.batch >>> 0, this.#at.epoch >>> 0],
        this.#key,
      );
    }
    return this.#words.shift() as number;
  }

  /** A double in [0, 1) with 53 random bits. */
  uniform(): number {
    const high = this.bits() >>> 5;
    const low = this.bits() >>> 6;
    return (high * 0x4000000 + low) / 0x20000000000000;
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

  /** Gamma(shape ≥ 1, 1): Marsaglia & Tsang, "A simple method for generating gamma variables" (2000). */
  #gamma(shape: number): number {
    const d = shape - 1 / 3;
    const c = 1 / Math.sqrt(9 * d);
    for (;;) {
      const x = this.normal();
      const v = (1 + c * x) ** 3;
      const u = this.uniform();
      if (v > 0 && Math.log(u) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
    }
  }

  /**
   * Beta(α, α), α > 0. α = 1 is the uniform number itself, which is the paper's λ; below 1 it is Jöhnk's method in
   * logarithms (u^(1/α) underflows for small α), above 1 the ratio of two gammas.
   */
  beta(alpha: number): number {
    if (alpha === 1) return this.uniform();
    if (alpha > 1) {
      const x = this.#gamma(alpha);
      return x / (x + this.#gamma(alpha));
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
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = new Stream(seed, purpose, { ...at, sample: i }).below(i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}
