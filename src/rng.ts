/**
 * The seeded generator behind every random choice: Philox 4×32-10 (Salmon et al., "Parallel random numbers: as
 * easy as 1, 2, 3", SC 2011). It is a function of a key and a counter and has no state: each number has an
 * address (seed, epoch, batch, sample, purpose). Any thread, in any order, gets the same bits for the same
 * address.
 */

/**
 * What a number is used for. Each purpose has its own stream of numbers, so a new purpose changes no existing
 * draw. The values are part of every address: never change them.
 */
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
  operations: 12,
  stage: 13,
  grid: 14,
  resizedCrop: 15,
  colours: 16,
  subset: 20,
  attack: 21,
  occlusion: 22,
} as const;
export type Purpose = (typeof Purpose)[keyof typeof Purpose];

type Words = [number, number, number, number];

const M0 = 0xd2511f53;
const M1 = 0xcd9e8d57;
const W0 = 0x9e3779b9;
const W1 = 0xbb67ae85;

/**
 * The high 32 bits of the product of two 32-bit numbers, as a signed number. Math.imul gives the low 32 bits.
 */
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
 * The four words that computeBlock computed last. They are always written here, since an array per block would
 * be garbage, and there are hundreds of thousands of blocks. The words are signed because V8 keeps larger
 * numbers as doubles, which take memory of their own.
 */
const block = new Int32Array(4);

/**
 * Ten rounds over a 128-bit counter (c0 … c3) with a 64-bit key (k0, k1): writes four random words to `block`.
 */
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

/** The four random words, 0 … 2^32 − 1, of a counter and a key. */
export function philox4x32(counter: Readonly<Words>, key: readonly [number, number]): Words {
  const [c0, c1, c2, c3] = counter;
  computeBlock(c0 | 0, c1 | 0, c2 | 0, c3 | 0, key[0] | 0, key[1] | 0);
  return [block[0] >>> 0, block[1] >>> 0, block[2] >>> 0, block[3] >>> 0];
}

/** The part of a number's address that says where in a run it is used. Each is a whole number below 2^32. */
export interface Address {
  epoch: number;
  batch: number;
  sample: number;
}

/** The upper word of the key: a seed has up to 53 bits. */
const highOf = (seed: number) => Math.floor(seed / 0x100000000) | 0;

/** The two words of the key that a seed is. */
export const keyOf = (seed: number): readonly [low: number, high: number] => [seed | 0, highOf(seed)];

/**
 * Words that were computed before, together: those of the first block of samples 0 … count − 1, for some purposes. As an array
 * the first words of all samples, then the second, third and fourth.
 */
export class FirstWords {
  readonly #ofPurpose: (Int32Array | undefined)[] = [];

  set(purpose: Purpose, words: Int32Array): void {
    this.#ofPurpose[purpose] = words;
  }

  of(purpose: Purpose): Int32Array | undefined {
    return this.#ofPurpose[purpose];
  }
}

/** A double in [0, 1) with 53 random bits, made of two words. */
const doubleOf = (first: number, second: number) =>
  ((first >>> 5) * 0x4000000 + (second >>> 6)) / 0x20000000000000;

/** The numbers of one address and purpose, in order. All distributions are made from the uniform one. */
export class Stream {
  #nextBlock: number;
  /** How many words of the current block are unused, and its four words, signed. */
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
  readonly #first?: FirstWords;
  /** The first words of this purpose, until they are used. */
  #known?: Int32Array;

  /** @param first words of this batch and epoch */
  constructor(seed: number, purpose: Purpose, at: Address, first?: FirstWords) {
    [this.#low, this.#high] = keyOf(seed);
    this.#first = first;
    this.#known = first?.of(purpose);
    this.#nextBlock = purpose << 24;
    this.#sample = at.sample | 0;
    this.#batch = at.batch | 0;
    this.#epoch = at.epoch | 0;
  }

  /** Turns this object into another stream of the same batch, so that a sample needs no new objects. */
  moveTo(purpose: Purpose, sample: number): this {
    this.#nextBlock = purpose << 24;
    this.#known = this.#first?.of(purpose);
    this.#sample = sample | 0;
    this.#left = 0;
    return this;
  }

  /** 32 random bits, as a number 0 … 2^32 − 1. */
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
    if (this.#known !== undefined && this.#sample < this.#known.length >> 2) return this.#take(this.#known);
    computeBlock(this.#nextBlock, this.#sample, this.#batch, this.#epoch, this.#low, this.#high);
    this.#nextBlock = (this.#nextBlock + 1) | 0;
    this.#left = 4;
    this.#w0 = block[0];
    this.#w1 = block[1];
    this.#w2 = block[2];
    this.#w3 = block[3];
  }

  #take(known: Int32Array): void {
    const count = known.length >> 2;
    const sample = this.#sample;
    this.#known = undefined;
    this.#nextBlock = (this.#nextBlock + 1) | 0;
    this.#left = 4;
    this.#w0 = known[sample];
    this.#w1 = known[count + sample];
    this.#w2 = known[2 * count + sample];
    this.#w3 = known[3 * count + sample];
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
   * Beta(α, α), α > 0. For α = 1 it is the uniform number itself, which is the paper's λ. Below 1 it is Jöhnk's
   * method, in logarithms because u^(1/α) underflows for small α. Above 1 it is x/(x + y) of two gamma numbers
   * x and y.
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
 * A seeded Fisher–Yates permutation of 0 … n − 1. Every order has the same chance; a number may stay in its
 * place. The swap of position i uses the number with the address `sample: i`.
 */
export function permutation(
  n: number,
  seed: number,
  purpose: Purpose,
  at: Omit<Address, 'sample'>,
  first?: FirstWords,
): Uint32Array {
  const order = new Uint32Array(n);
  for (let i = 0; i < n; i++) order[i] = i;
  const known = first?.of(purpose);
  const count = known === undefined ? 0 : known.length >> 2;
  const [low, high] = keyOf(seed);
  for (let i = n - 1; i > 0; i--) {
    const isKnown = known !== undefined && i < count;
    if (!isKnown) computeBlock(purpose << 24, i, at.batch | 0, at.epoch | 0, low, high);
    const share = isKnown ? doubleOf(known[i], known[count + i]) : doubleOf(block[0], block[1]);
    const j = Math.floor(share * (i + 1));
    const swapped = order[i];
    order[i] = order[j];
    order[j] = swapped;
  }
  return order;
}
