/** Calibration: whether a network that is sure to 80 % is right in 80 % of such cases. */
import { whole } from '../../option';
import { argmax, ErrorCount, isDistribution } from '../score';
import type { Measure } from './measure';

const calibrationOptions = {
  bins: whole(1, { max: 10_000, default: 15, about: 'of `calibration`: so many classes of confidence' }),
};

/** Images of which the network is about equally sure. */
export interface ConfidenceBin {
  /** Confidences above `from`, up to `to`. */
  from: number;
  to: number;
  images: number;
  /** Means over these images; NaN of none, which JSON writes as null. */
  confidence: number;
  accuracy: number;
}

export interface Calibration {
  /** The mean over images of |accuracy − confidence| of their bins, and its largest value among bins that have images. */
  expectedError: number;
  maximumError: number;
  /** Negative log likelihood: the mean cross entropy. */
  logLikelihoodLoss: number;
  bins: ConfidenceBin[];
}

/** The largest probability of a row: as it is, or that of the softmax of logits. */
function confidenceOf(row: Float32Array, areLogits: boolean): number {
  const largest = row[argmax(row)];
  return areLogits ? 1 / row.reduce((sum, value) => sum + Math.exp(value - largest), 0) : largest;
}

/** Sums by bin. */
class Bins {
  readonly #count: number;
  readonly #images: Float64Array;
  readonly #confidence: Float64Array;
  readonly #right: Float64Array;

  constructor(count: number) {
    this.#count = count;
    [this.#images, this.#confidence, this.#right] = [0, 1, 2].map(() => new Float64Array(count));
  }

  add(confidence: number, isRight: boolean): void {
    const bin = Math.min(Math.max(Math.ceil(confidence * this.#count) - 1, 0), this.#count - 1);
    this.#images[bin]++;
    this.#confidence[bin] += confidence;
    if (isRight) this.#right[bin]++;
  }

  get result(): Omit<Calibration, 'logLikelihoodLoss'> {
    const bins = Array.from(this.#images, (images, i) => ({
      from: i / this.#count,
      to: (i + 1) / this.#count,
      images,
      confidence: this.#confidence[i] / images,
      accuracy: this.#right[i] / images,
    }));
    const all = this.#images.reduce((sum, images) => sum + images, 0);
    const gaps = bins
      .filter(({ images }) => images > 0)
      .map(({ images, confidence, accuracy }) => ({ images, gap: Math.abs(accuracy - confidence) }));
    return {
      expectedError: gaps.reduce((sum, { images, gap }) => sum + (images / all) * gap, 0),
      maximumError: gaps.reduce((most, { gap }) => Math.max(most, gap), 0),
      bins,
    };
  }
}

export const calibration: Measure<typeof calibrationOptions, Calibration> = {
  summary:
    'how far confidence and accuracy are apart: expected and maximum calibration error, log likelihood',
  reference: 'Guo et al., On calibration of modern neural networks, ICML 2017',
  options: calibrationOptions,
  needsGradients: false,
  passes: () => 0,
  begin({ classes }, { bins: count }) {
    const errors = new ErrorCount(classes);
    // A file does not say whether its network gives logits or probabilities: only all rows together do.
    const [ofLogits, ofProbabilities] = [new Bins(count), new Bins(count)];
    return {
      async add({ logits, numbers }) {
        errors.add(logits, numbers);
        for (const [i, number] of numbers.entries()) {
          const row = logits.subarray(i * classes, (i + 1) * classes);
          const isRight = argmax(row) === number;
          ofLogits.add(confidenceOf(row, true), isRight);
          if (isDistribution(row)) ofProbabilities.add(confidenceOf(row, false), isRight);
        }
      },
      get result() {
        const { loss, probabilities } = errors.errors;
        const { expectedError, maximumError, bins } = (probabilities ? ofProbabilities : ofLogits).result;
        return { expectedError, maximumError, logLikelihoodLoss: loss, bins };
      },
    };
  },
};
