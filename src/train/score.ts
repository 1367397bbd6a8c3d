/** Accuracy, errors and loss of predictions. */

/**
 * The rank of the true class among the logits of one image, 0 for the largest. Of equal logits the first ranks
 * first.
 */
export function rankOf(logits: Float32Array, label: number): number {
  const own = logits[label];
  let rank = 0;
  for (let k = 0; k < logits.length; k++) {
    if (logits[k] > own || (logits[k] === own && k < label)) rank++;
  }
  return rank;
}

/** Position of the largest value; of equal ones the first. */
export function argmax(values: Float32Array): number {
  let best = 0;
  for (let k = 1; k < values.length; k++) if (values[k] > values[best]) best = k;
  return best;
}

/** Share of a batch for which the largest logit is at the largest weight of the soft label. */
export function accuracyOf(logits: Float32Array, labels: Float32Array, classes: number): number {
  const count = labels.length / classes;
  let right = 0;
  for (let i = 0; i < count; i++) {
    const row = (all: Float32Array) => all.subarray(i * classes, (i + 1) * classes);
    if (argmax(row(logits)) === argmax(row(labels))) right++;
  }
  return right / count;
}

/** Largest difference from 1 of the sum of an image's probabilities: what float16 makes of a thousand of them. */
const NEAR_ONE = 1e-3;

/** Whether a row is a distribution over several classes, as a softmax gives it. */
export function isDistribution(row: Float32Array): boolean {
  let sum = 0;
  for (const value of row) {
    if (!(value >= 0)) return false;
    sum += value;
  }
  return row.length > 1 && Math.abs(sum - 1) <= NEAR_ONE;
}

export interface Errors {
  images: number;
  /** Mean cross entropy: of the softmax of logits, or of the probabilities themselves. */
  loss: number;
  /** Whether probabilities were given rather than logits: none below 0, and those of every image sum to 1. */
  probabilities: boolean;
  /** Share of the images whose class does not have the largest logit, or not one of the five largest. */
  top1Error: number;
  top5Error: number;
}

export interface Score extends Errors {
  /** Counts of images: a row per true class, a column per predicted class. */
  confusion: number[][];
}

/** Adds up the errors of many batches. */
export class ErrorCount {
  readonly #classes: number;
  #images = 0;
  #wrong1 = 0;
  #wrong5 = 0;
  /** Of logits; and of the same numbers taken as probabilities, as long as all of them can be. */
  #loss = 0;
  #probabilityLoss = 0;
  #probabilities = true;

  constructor(classes: number) {
    this.#classes = classes;
  }

  /** logits, or probabilities: n × classes; labels: n class numbers. */
  add(logits: Float32Array, labels: ArrayLike<number>): void {
    for (let i = 0; i < labels.length; i++) {
      const row = logits.subarray(i * this.#classes, (i + 1) * this.#classes);
      const rank = rankOf(row, labels[i]);
      this.#images++;
      if (rank >= 1) this.#wrong1++;
      if (rank >= 5) this.#wrong5++;
      const largest = row.reduce((a, b) => Math.max(a, b), -Infinity);
      this.#loss +=
        Math.log(row.reduce((sum, z) => sum + Math.exp(z - largest), 0)) + largest - row[labels[i]];
      this.#probabilities &&= isDistribution(row);
      this.#probabilityLoss -= Math.log(row[labels[i]]);
    }
  }

  get errors(): Errors {
    const images = this.#images;
    const probabilities = this.#probabilities && images > 0;
    return {
      images,
      loss: (probabilities ? this.#probabilityLoss : this.#loss) / images,
      probabilities,
      top1Error: this.#wrong1 / images,
      top5Error: this.#wrong5 / images,
    };
  }
}

/** Adds up the score of many batches: the errors, and which class was taken for which. */
export class Scorer {
  readonly #classes: number;
  readonly #errors: ErrorCount;
  readonly #confusion: number[][];

  constructor(classes: number) {
    this.#classes = classes;
    this.#errors = new ErrorCount(classes);
    this.#confusion = Array.from({ length: classes }, () => Array.from({ length: classes }, () => 0));
  }

  /** logits, or probabilities: n × classes; labels: n class numbers. */
  add(logits: Float32Array, labels: ArrayLike<number>): void {
    this.#errors.add(logits, labels);
    for (let i = 0; i < labels.length; i++)
      this.#confusion[labels[i]][argmax(logits.subarray(i * this.#classes, (i + 1) * this.#classes))]++;
  }

  get score(): Score {
    return { ...this.#errors.errors, confusion: this.#confusion };
  }
}
